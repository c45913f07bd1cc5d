"""Attacks that take minutes: everything generated, killed, flooded and crowded, and what must hold all the same.

The generators of scripts and the front end are those of the tests, which are no package: their folders are put on the
path here.
"""

import sys
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parent.parent / "tests"
sys.path[:0] = [str(TESTS / folder) for folder in ("conformance", "property", "kernel")]
