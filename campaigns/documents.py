"""`python -m campaigns.documents FOLDER... [--plant N] [--seed S]`: the checker beside a server, on text of others.

Code blocks of a server's documentation (```` ```opensips ````, in files called README.md) and configurations (`*.cfg`)
below the folders are judged by both: by the checker as `evroute check` does, by an installed server with `-C`.
OPENSIPS names the server, OPENSIPS_MODULES the folder of its modules; nothing of the texts is kept. With `--plant`, so
many of the blocks that both accept get one fault each, and what the server then refuses must be reported.

`-C` reads no formats of `xlog`, and fixes up no parameters of functions: what the checker alone refuses is to be
looked at by starting a server with it.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.findings import complaints
from evroute_kernel.lang.needs import missing_parameters, missing_sockets, with_needs
from evroute_kernel.library import table
from evroute_kernel.library.table import SQL_URL
from evroute_kernel.source import Source

LIBRARY = table.of("3.6")

_BLOCK: Final = re.compile(r"^```opensips[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_DOTS: Final = re.compile(r"(?m)^[ \t]*\.{2,}[ \t]*$")
_LOADED: Final = re.compile(r"loadmodule\s+\"(?:[^\"]*/)?([\w-]+?)(?:\.so)?\"")
_CALL: Final = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
_VARIABLE: Final = re.compile(r"\$\(?(?:<\w+>)?([A-Za-z_.][\w.]*)")
_MODPARAM: Final = re.compile(r"modparam\(\s*\"(\w+)\"\s*,\s*\"(\w+)\"\s*,\s*(\"(?:[^\"\\]|\\.)*\"|-?\d+)\s*\)")
#: seconds for a server to read a text
_PATIENCE: Final = 20
_SOCKET: Final = re.compile(r"(?m)^\s*socket\s*=\s*(\S+)")
_DEFAULT_URL: Final = re.compile(r"(?m)^\s*db_default_url\s*=\s*\"([^\"]*)\"")
#: the database of blocks that name none
_ANY_URL: Final = "text:///tmp"
#: what stands for a need of "any KIND"
_ANY: Final = {"any sqldb": "db_text", "any cachedb": "cachedb_local", "any aaa": "aaa_radius"}


@dataclass(frozen=True, slots=True)
class Judged:
    """A text, what the checker found, and whether the server accepts it; None where it lacks a module for that."""

    name: str
    text: str
    found: list[Diagnostic] = field(compare=False)
    accepted: bool | None = None

    @property
    def refused_here(self) -> bool:
        return any(finding.severity == "error" for finding in self.found)


class Server:
    """An installed server that reads configurations."""

    def __init__(self, program: str, modules: Path) -> None:
        self.program = program
        self.modules = modules
        self.known = {path.stem for path in modules.glob("*.so")} | {"proto_udp", "proto_tcp"}

    def accepts(self, text: str) -> bool | None:
        if not set(_LOADED.findall(text)) <= self.known:
            return None
        text = re.sub(r"(?m)^(\s*loadmodule\s+\")[^\"]*/", r"\1", re.sub(r"(?m)^\s*mpath\s*=.*$", "", text))
        with tempfile.NamedTemporaryFile("w", suffix=".cfg") as file:
            file.write(f'mpath="{self.modules}/"\n{text}')
            file.flush()
            command = [self.program, "-C", "-f", file.name]
            done = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=False)
        return done.returncode == 0


def judged(server: Server, name: str, text: str) -> Judged:
    return Judged(name, text, complaints(Source(name, text), Environment(whole=True)), server.accepts(text))


# -- texts ------------------------------------------------------------------------------------------------------------


def blocks(folder: Path) -> Iterator[tuple[str, str]]:
    """Each code block of the documentation, without lines of dots."""
    for path in sorted(folder.rglob("README.md")):
        for number, block in enumerate(_BLOCK.findall(path.read_text("utf-8", "replace"))):
            yield f"{path.parent.name}#{number}", _DOTS.sub("", block)


def configurations(name: str, block: str) -> Iterator[str]:
    """A block as a configuration: as it stands, and as the body of the request route."""
    modules, parameters = _needed(name.partition("#")[0], block)
    head = "".join(f'loadmodule "{module}.so"\n' for module in modules)
    named = missing_sockets([*modules, *_LOADED.findall(block)], _SOCKET.findall(block), LIBRARY)
    sockets = "".join(f"socket={socket}\n" for socket in ("udp:127.0.0.1:5060", *(socket for _, socket in named)))
    head = f'{sockets}loadmodule "proto_udp.so"\n{head}'
    tail = "".join(f"{line}\n" for line in parameters)
    own = "" if re.search(r"(?m)^\s*route\s*\{", block) else "route { exit; }\n"
    yield f"{head}{block}\n{tail}{own}"
    yield f"{head}route {{\n{block}\n}}\n{tail}"


def _needed(module: str, block: str) -> tuple[list[str], list[str]]:
    """What a block needs beside what it loads: its own module, those of its names, and those that they need; and the
    parameters that they need to start."""
    loaded = set(_LOADED.findall(block))
    named = {module, *(found[0] for found in _MODPARAM.findall(block))}
    named |= {LIBRARY.functions[name].module for name in _CALL.findall(block) if name in LIBRARY.functions}
    named |= {LIBRARY.variables[name].module for name in _VARIABLE.findall(block) if name in LIBRARY.variables}
    named |= {"tm"} if re.search(r"<(?:request|reply)>", block) else set()
    values = {(m, p): [int(v) if v[0] != '"' else v.strip('"')] for m, p, v in _MODPARAM.findall(block)}
    if urls := _DEFAULT_URL.findall(block):
        values["core", "db_default_url"] = urls
    wanted = sorted((named | loaded) & set(LIBRARY.modules) - {"core"})
    parameters: list[str] = []
    while True:
        wanted += with_needs(wanted, values, LIBRARY)
        missing = list(missing_parameters(wanted, values, LIBRARY))
        if not missing:
            break
        parameters += [one.line.replace(SQL_URL, _ANY_URL) for one in missing]
        values |= {(one.module, one.name): [_any_url(one.requirement.sample)] for one in missing}
    kinds = {
        need for name in wanted for need in (*LIBRARY.modules[name].needs, *_of_values(name, values)) if need in _ANY
    }
    missing_kinds = (
        _ANY[kind] for kind in kinds if not any(f"any {LIBRARY.modules[name].kind}" == kind for name in wanted)
    )
    return [name for name in [*wanted, *missing_kinds] if name not in loaded | {"proto_udp"}], parameters


def _any_url(sample: int | str) -> int | str:
    return _ANY_URL if sample == SQL_URL else sample


def _of_values(module: str, values: dict[tuple[str, str], list[int | str]]) -> Iterator[str]:
    for need in LIBRARY.modules[module].needs_when:
        given = values.get((module, need.param))
        if given and need.met_by(given[-1]):
            yield need.need


# -- faults -----------------------------------------------------------------------------------------------------------


def planted(random: Random, text: str) -> tuple[str, str] | None:
    """The text with one fault, and which; None where there is no place for one."""
    start = text.index('"proto_udp.so"')
    kinds: dict[str, list[re.Match[str]]] = {
        "function": [m for m in _CALL.finditer(text, start) if m[1] in LIBRARY.functions],
        "variable": [m for m in _VARIABLE.finditer(text, start) if m[1] in LIBRARY.variables and len(m[1]) > 1],
        "module": list(_MODPARAM.finditer(text, start)),
        "parameter": list(_MODPARAM.finditer(text, start)),
        "type": list(_MODPARAM.finditer(text, start)),
        "mark": list(re.finditer(r"[(){};\"]", text[start + 14 :])),
    }
    possible = sorted(kind for kind, places in kinds.items() if places)
    if not possible:
        return None
    kind = random.choice(possible)
    place = random.choice(kinds[kind])
    if kind == "mark":
        at = start + 14 + place.start()
        return kind, text[:at] + text[at + 1 :]
    group = {"parameter": 2, "type": 3}.get(kind, 1)
    old = place[group]
    new = ("17" if old[0] == '"' else '"17"') if kind == "type" else _misspelt(random, old)
    return kind, text[: place.start(group)] + new + text[place.end(group) :]


def _misspelt(random: Random, word: str) -> str:
    at = random.randrange(1, len(word)) if len(word) > 1 else 1
    return word[:at] + random.choice("aeioqxz") + word[at:]


# -- the campaign -----------------------------------------------------------------------------------------------------


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m campaigns.documents", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--plant", type=int, default=0, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    program, modules = os.environ.get("OPENSIPS"), os.environ.get("OPENSIPS_MODULES")
    if not program or not modules:
        print("OPENSIPS and OPENSIPS_MODULES name an installed server and its modules", file=sys.stderr)
        return 2
    server = Server(program, Path(modules))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        texts = [block for folder in options.folders for block in blocks(folder)]
        read = list(pool.map(lambda block: _best(server, *block), texts))
        files = [path for folder in options.folders for path in sorted(folder.rglob("*.cfg"))]
        read += pool.map(lambda path: judged(server, str(path), path.read_text("utf-8", "replace")), files)
        faults = _report(read)
        if options.plant:
            faults += _plant(pool, server, [j for j in read if j.accepted and not j.refused_here], options)
    return 1 if faults else 0


def _best(server: Server, name: str, block: str) -> Judged:
    """The form of a block that the server accepts, else the one with the fewest errors."""
    forms = [judged(server, name, text) for text in configurations(name, block)]
    return min(forms, key=lambda form: (not form.accepted, sum(d.severity == "error" for d in form.found)))


def _report(read: list[Judged]) -> int:
    counts = Counter((form.accepted, form.refused_here) for form in read)
    for form in read:
        if form.accepted is not None and form.accepted == form.refused_here:
            first = next((str(d) for d in form.found if d.severity == "error"), "the server alone refuses it")
            print(f"{form.name}: {first}")
    warned = Counter(d.code for form in read if form.accepted for d in form.found if d.severity == "warning")
    words = {True: "accepted", False: "refused", None: "not judged"}
    for (accepted, refused), count in sorted(counts.items(), key=str):
        print(f"{count:6} {words[accepted]} by the server, {'refused' if refused else 'accepted'} here")
    print(f"warnings about accepted texts: {dict(warned) or 'none'}")
    return counts[True, True]


def _plant(pool: ThreadPoolExecutor, server: Server, sound: list[Judged], options: argparse.Namespace) -> int:
    random = Random(options.seed)
    drawn = (planted(random, random.choice(sound).text) for _ in range(options.plant))
    faulty = [fault for fault in drawn if fault is not None]
    read = list(pool.map(lambda fault: (fault[0], judged(server, fault[0], fault[1])), faulty))
    refused, missed = Counter(k for k, j in read if j.accepted is False), Counter[str]()
    missed.update(k for k, j in read if j.accepted is False and not j.refused_here)
    total, lost = sum(refused.values()), sum(missed.values())
    print(f"{total} planted faults that the server refuses, {total - lost} of them reported; missed: {dict(missed)}")
    return int(lost * 20 > total)


if __name__ == "__main__":
    sys.exit(main())
