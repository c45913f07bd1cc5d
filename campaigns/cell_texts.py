"""What people put into cells: magics, scripts, bare statements, and what comes of mixing and mistyping them."""

from __future__ import annotations

import re
from random import Random
from typing import Final

from campaigns.texts import CHANGES, script
from evroute_kernel.kernel.magics import everything as _everything  # noqa: F401 - declares the magics
from evroute_kernel.kernel.magics.declaration import MAGICS
from support.generated import EVENTS, TEXTS, Grammar

#: a shell and networks of others are no part of a game of chance: what would reach them is written in another way
_REACHES_OUT: Final = re.compile(
    r"(?m)%\s*sh\b|network\s*=|memory\s*=\s*off|timeout\s*=|workers?\s*=|%\s*(workers|timeout)\b"
)
#: names of files, all inside the cell's own folder
FILES: Final = ("out.cfg", "out.jsonl", "missing.cfg", ".", "no/such/x.cfg", "kernels", "out.jsonl.gz", "\0", "ö")
WORDS: Final = (
    *(
        "E_A",
        "E_B",
        "E_PIKE_BLOCKED",
        "E_*",
        "*",
        "r",
        "t",
        "1",
        "-1",
        "0",
        "99999999999",
        "--",
        "-x",
        "?",
        "a=b",
        "ip=1",
    ),
    *(
        "--count",
        "--count 50",
        "--count 2000",
        "--async",
        "--detach",
        "--sample",
        "--report",
        "--stats",
        "--timeout 0.2",
    ),
    *(
        "--append",
        "--force",
        "--clear",
        "--not",
        "--apply",
        "--wait",
        "--live",
        "--log none",
        "--speed max",
        "--every 1",
    ),
    *(
        "declare E_OWN a b:int",
        "start",
        "stop",
        "list",
        "which",
        "get_statistics all",
        "raise_event E_A",
        "ps",
        "serve",
    ),
    *("serve datagram:127.0.0.1:0", "serve unix:mi.sock", "udp:127.0.0.1:9", "virtual:a b", "unix:none", "log=5", "{}"),
    *('{"ip": "192.0.2.1", "n": 7}', "{", '"', "'", "[1, 2]", "level=DBG", "format=full", "strict=on", "replace=show"),
    *("rest_get returns 200", 'sets $var(x)="a"', "$var(x) == 1", "max_while_loops=3", "mi=datagram:127.0.0.1:9"),
)
#: lines that do something
FITTING: Final = (
    *(
        "%raise E_A",
        "%raise E_A ip=192.0.2.1 n=7",
        "%raise E_A --count 30",
        "%raise E_A --count 1500 --report",
        "%routes",
    ),
    *("%raise E_A --async", "%raise E_A --detach", "%raise E_PIKE_BLOCKED --sample --stats", "%raise E_A ?", "%check"),
    *(
        "%shv",
        "%cache",
        "%vars",
        "%vars 1",
        "%stubs",
        "%ps",
        "%graph",
        "%lsmagic",
        "%help raise",
        "%timer list",
        "%log",
    ),
    *(
        "%config",
        "%event E_PIKE_BLOCKED",
        "%events E_*",
        "%forget r",
        "%route r",
        "%record out.jsonl --force",
        "%record",
    ),
    *("%replay out.jsonl", "%replay out.jsonl --speed max --log none --workers 2", "%export out.cfg --force", "%inbox"),
    *("%load out.cfg", "%expect a", "%assert $var(a) == 1", "%stub rest_get returns 200", "%unstub", "%clear --wait"),
    *("%subscribe E_A udp:127.0.0.1:9", "%subscribe E_A unix:none", "%subscribers", "%mi which", "%mi ps", "%tick t"),
    *(
        "%mi serve datagram:127.0.0.1:0",
        "%mi raise_event E_A",
        "%event declare E_OWN a b:int",
        "%timer start t --every 1",
    ),
    *(
        "%config log=50",
        "%config strict=off",
        "%log level=DBG",
        "%log format=full",
        "%migrate",
        "%reset",
        "%timer stop",
    ),
    *(
        '%%raise E_A\n{"ip": "192.0.2.1", "n": [1, null]}',
        '%%replay\n{"event": "E_A", "params": {"ip": "a"}}\n{',
        "1 + ",
    ),
)
#: magics that are tried with anything; the others reach out
NAMES: Final = tuple(sorted(set(MAGICS) - {"sh", "connect", "workers", "timeout"}))
#: a shell that is asked for nothing that matters
SHELL: Final = ("%sh echo a", "%sh true", "%sh false", "%sh seq 3", "%sh printf '\\377\\n'", "%connect")


def magic(random: Random) -> str:
    """A line of a magic, mostly with what it might understand."""
    if random.random() < 0.7:
        return random.choice(FITTING)
    if random.random() < 0.2:
        return f"%raise {random.choice(EVENTS[:3])} {words(random)}"
    if random.random() < 0.05:
        return random.choice(SHELL)
    body = "%%" if random.random() < 0.08 else "%"
    return f"{body}{random.choice(NAMES)} {words(random)}"


def words(random: Random) -> str:
    found = (
        random.choice(random.choice((WORDS, WORDS, FILES, TEXTS))) for _ in range(random.choice((0, 0, 1, 1, 2, 4)))
    )
    return " ".join(word for word in found if len(word) < 1000 or random.random() < 0.1)


def cell(random: Random) -> tuple[str, str]:
    """Kind and text of a cell."""
    kind = random.choice(("magics", "magics and scripts", "magics and scripts", "script", "statements", "changed"))
    grammar = Grammar(random.randbytes(random.randint(20, 600)))
    parts = [magic(random) for _ in range(random.choice((1, 1, 2, 3)))] if "magics" in kind or kind == "changed" else []
    if kind == "statements":
        parts += [grammar.statement(2) for _ in range(random.randint(1, 3))]
        parts += [random.choice((grammar.expression, grammar.variable, lambda: '"$var(a)"'))()]
    elif kind != "magics":
        parts.insert(random.randrange(len(parts) + 1), script(random)[1] if kind == "script" else grammar.script())
    text = "\n".join(parts)
    if kind == "changed":
        text = random.choice(tuple(CHANGES.values()))(random, text)
    return kind, harmless(text)


def harmless(text: str) -> str:
    """The text without what would reach beyond the kernel and its folder, or lift its limits; as JSON can send it."""
    text = text.encode("utf-8", "replace").decode()
    if text.strip() in SHELL:
        return text
    lines = (line if line in SHELL else _REACHES_OUT.sub("%", line) for line in text.split("\n"))
    return "\n".join(lines)
