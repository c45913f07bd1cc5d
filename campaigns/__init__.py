"""Attacks that take minutes: everything generated, killed, flooded and crowded, and what must hold all the same.

The generators of scripts and the front end are those of the tests, `support`: its folder is put on the path here.
"""

import sys
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parent.parent / "tests"
sys.path.insert(0, str(TESTS))
