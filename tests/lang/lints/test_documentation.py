from pathlib import Path

from evroute_kernel.lang.lints import LINTS
from evroute_kernel.lang.lints.documentation import page

DOCS = Path(__file__).parents[3] / "docs" / "lints.md"


def test_page_is_current():
    """If this fails: python -m evroute_kernel.lang.lints > docs/lints.md"""
    assert DOCS.read_text(encoding="utf-8") == page()


def test_page_names_every_lint():
    headings = {line[3:] for line in page().splitlines() if line.startswith("## ")}
    assert headings == set(LINTS)
