"""How control leaves a script: by its own will, or because a server would have died of it."""

from __future__ import annotations


class EndScript(Exception):
    """`exit`, `drop`, or a statement whose code is 0: the whole script ends, from any depth."""

    def __init__(self, code: int = 0) -> None:
        super().__init__(code)
        self.code = code


class ScriptCrash(Exception):
    """The script did what would have killed the server's process; the text says what and what to do instead."""
