"""Return codes of statements, and values of conditions, that have a meaning of their own."""

from __future__ import annotations

from typing import Final

#: something is wrong with the statement
E_BUG: Final = -5
#: for-each over what is no collection
E_SCRIPT: Final = -10
#: value of a condition in which a command ended the script
DROP: Final = -127
