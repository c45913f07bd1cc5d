"""Short documentation of what is neither function nor variable: statements and top-level keywords."""

from __future__ import annotations

from typing import Final

#: word -> (how it is written, what it does)
KEYWORDS: Final[dict[str, tuple[str, str]]] = {
    "if": (
        "if (CONDITION) STATEMENT [else STATEMENT]",
        "Runs one statement or `{ block }` or the other. A function in the condition is true when its return code is"
        " above 0; a code of 0 ends the whole script.",
    ),
    "else": ("if (CONDITION) STATEMENT else STATEMENT", "What runs when the condition of the `if` is not true."),
    "while": (
        "while (CONDITION) STATEMENT",
        "Repeats while the condition is true, at most `max_while_loops` times (10000 by default): then it is left with"
        " an error in the log.",
    ),
    "for": (
        "for ($var(i) in $(avp(list)[*])) STATEMENT",
        "Runs for each value of a list: all of an AVP, or of a JSON array, keys or values. The iterator may be $var,"
        " $avp or $json; the list needs its `[*]`.",
    ),
    "in": ("for ($var(i) in $(avp(list)[*])) STATEMENT", "Parts iterator and list of a `for`."),
    "switch": (
        "switch ($VARIABLE) { case LITERAL: STATEMENTS ... break; default: STATEMENTS }",
        "Compares a variable with literals, texts without regard to letter case. Goes on into the next case unless a"
        " `break` ends it.",
    ),
    "case": ("case LITERAL: STATEMENTS", "One case of a `switch`: an integer or a text in quotes."),
    "default": ("default: STATEMENTS", "What a `switch` runs when no case fits; it stands last, after a case."),
    "break": ("break;", "Leaves the innermost `while`, `for` or case."),
    "return": (
        "return [(CODE[, VALUES])];",
        "Leaves this route with a return code, 1 without one; the values are read as `$return(1)` and so on."
        " A code of 0 ends the whole script.",
    ),
    "exit": ("exit;", "Ends the processing of this event."),
    "drop": ("drop;", "Ends the processing of this event, as `exit` does in an event route."),
    "route": (
        "route(NAME[, ARGUMENTS])  or  route[NAME] { ... }",
        "Runs another route; up to eight arguments arrive there as $param(1) to $param(8). Its return code is the"
        " value of the call. With brackets at the top level it defines such a route.",
    ),
    "xlog": (
        "xlog([LEVEL,] FORMAT);",
        "Logs a text in which variables are expanded, at the level of `xlog_print_level` or of the first argument:"
        ' "L_ALERT", "L_CRIT", "L_ERR", "L_WARN", "L_NOTICE", "L_INFO" or "L_DBG".',
    ),
    "xdbg": ("xdbg(FORMAT);", "Logs a text in which variables are expanded, at level DBG."),
    "log": ("log([LEVEL,] TEXT);", "Logs a text as it stands: nothing is expanded in it."),
    "assert": (
        "assert(CONDITION[, TEXT]);",
        "Checks a condition when `enable_asserts` is on; one that is not true ends the script.",
    ),
    "async": (
        "async(FUNCTION(...), ROUTE[, TIMEOUT]);",
        "Needs the tm module; without it, the script ends.",
    ),
    "launch": ("launch(FUNCTION(...)[, ROUTE]);", "Starts an asynchronous call and goes on; needs the tm module."),
    "and": ("CONDITION and CONDITION", "True when both are; the second is only looked at when the first is true."),
    "or": ("CONDITION or CONDITION", "True when one is; the second is only looked at when the first is not."),
    "not": ("not CONDITION", "True when the condition is not; `!` is the same."),
    "null": (
        "null",
        "No value: what a variable has that was never set. `$avp(x) = NULL` takes its newest value away.",
    ),
    "event_route": (
        "event_route[EVENT] { ... }",
        "Runs when the event is raised; $param(NAME) reads its parameters.",
    ),
    "timer_route": (
        "timer_route[NAME, SECONDS] { ... }",
        "Runs every so many seconds; here when %tick asks for it.",
    ),
    "startup_route": ("startup_route { ... }", "Runs once when the script is loaded."),
    "error_route": (
        "error_route { ... }",
        "Runs after a statement that met an error in the SIP message.",
    ),
    "local_route": (
        "local_route { ... }",
        "For requests of the server itself; it is checked and never runs here.",
    ),
    "branch_route": ("branch_route[NAME] { ... }", "For branches of SIP requests; it is checked and never runs here."),
    "failure_route": ("failure_route[NAME] { ... }", "For failed SIP requests; it is checked and never runs here."),
    "onreply_route": ("onreply_route[NAME] { ... }", "For SIP replies; it is checked and never runs here."),
    "loadmodule": ('loadmodule "NAME.so"', "Loads a module, whose functions and variables are known from then on."),
    "modparam": (
        'modparam("MODULE", "PARAMETER", VALUE)',
        "Sets a parameter of a module; some are set several times.",
    ),
    "include_file": ('include_file "PATH"', "Reads another file in its place; the server refuses to start without it."),
    "import_file": ('import_file "PATH"', "Reads another file in its place, if it is there."),
}


def usage(word: str) -> str:
    """How a keyword is written; empty for an unknown one."""
    return KEYWORDS[word][0] if word in KEYWORDS else ""
