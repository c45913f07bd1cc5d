"""`python -m evroute_kernel.highlighting`: write the generated files of a clone anew, after a change of the tables."""

from __future__ import annotations

import sys
from pathlib import Path

from evroute_kernel.highlighting.files import generated_files, is_clone


def main(clone: Path) -> None:
    """Write every file, or end with a message where there is no clone to write to."""
    if not is_clone(clone):
        sys.exit(f"{clone} is no clone of the project: there is nothing to write")
    for path, text in generated_files(clone).items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(__file__).parent.parent.parent)
