"""An edited text has the findings of the whole text, whatever was kept of what stood there before."""

from __future__ import annotations

import re
from random import Random
from typing import Any

import pytest

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang.editing import document
from evroute_kernel.lang.editing.document import Document
from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.findings import findings
from evroute_kernel.lang.lints import LINTS
from evroute_kernel.runtime.versions import ServerVersion
from evroute_kernel.source import Source

ENVIRONMENT = Environment()
#: a file that says itself what modules it has
FILE = Environment(whole=True)

#: what edits put in: whole statements, and what opens or closes something
FRAGMENTS = (
    *"""{ } ( ) [ ] " ' ; , # @ = $ \\ / * . é 0""".split(),
    *(
        "/*",
        "*/",
        "//",
        '""',
        "()",
        "{}",
        "\n",
        "\\\n",
        " ",
        "# note\n",
        '"one \\\n two"',
        "$(var(x\n))",
        "\0",
        "\ufeff",
    ),
    *("break;", "exit;", "xlog(1);", "route(elsewhere);", "route(known);", "$var(a) = 1;", "$var(a) += 1", "else"),
    *(
        "if (1) {",
        "while (1) { exit; }",
        "for",
        'xlog("$param(ip)")',
        'xlog("$var(x");',
        "event_route[E_NEW] {",
        "}\n}",
    ),
    *('loadmodule "dialog.so"\n', 'modparam("acc", "extra_fields", "evi: a->b")\n', "log_level = 4\n", "log_level"),
    *("route[known] { return(0); }\n", "route[empty] { ; }\n", "event_route[E_PIKE_BLOCKED] { exit; }\n", "route"),
    *('fetch_event_params("ip=$var(ip)");', "# %event declare E_MINE a b\n", 'raise_event("E_MINE");', "; ;", "null"),
    *('import_file "none"\n', "\ninclude_file", "dst_blacklist = gw: { ( tcp, 192.0.2.0/24 ) }\n", "udp_workers = 2\n"),
    # what is known of one route and means something for others
    *('raise_event("E_OWN_1");', 'raise_event("E_OWN_2"); route(known);', "route[known] { exit; }\n", "route(known)"),
    *('event_route[E_OWN_1] { raise_event("E_OWN_2"); }\n', 'event_route[E_OWN_2] { raise_event("E_OWN_1"); }\n'),
    *("async(usleep(10), known);", "launch(usleep(10), later);", "event_route[E_OWN_1, async] { exit; }\n"),
    *("$var(x) /= 0;", "$stat(calls) = NULL;", "$sdp = NULL;", "$json;", "abort();", "if ([~5]) exit;"),
    *('$ru = "sip:a@192.0.2.1";', 'append_hf("X: 1");', "setflag(1);", 'xlog("$si $rU\\n");', "reset(", "branch("),
    *('$var(n) = "text";', "$var(n) = 5;", "if ($var(n) == 5) exit;", '$var(n) = $var(n) + "a";', "$avp(n) += 1;"),
    *("while ($var(n) < 5) { $var(m) += 1; }", 'while (1) { xlog("x\\n"); }', "# %event declare E_OWN_1 ip port:int\n"),
    # what a whole file has and lacks
    *('loadmodule "tm.so"\n', 'loadmodule "drouting.so"\n', "socket = udp:127.0.0.1:5060\n", "route { exit; }\n"),
    *('cache_store("redis", "k", "v");', 'loadmodule "event_route.so"\n', "xlog_buf_size = 10\n", "é@é", "\u00a0"),
)


def told(found: list[Diagnostic]) -> list[tuple[Any, ...]]:
    return [(d.severity, d.code, d.message, d.hint, d.span and (d.span.start, d.span.end), d.place) for d in found]


def whole(text: str, environment: Environment = ENVIRONMENT) -> list[tuple[Any, ...]]:
    return told(findings(Source("edited.cfg", text), environment))


def script(random: Random) -> str:
    """Some of the examples of all lints, one after another."""
    examples = [e for rule in LINTS.values() for e in (*rule.fires, *rule.quiet) if len(e) < 2000]
    chosen = random.sample(examples, random.randint(1, 12))
    return "".join(
        re.sub(r"\[E_PIKE_BLOCKED\]", lambda _, n=n: f"[E_OWN_{n}]", e, count=n % 3) for n, e in enumerate(chosen)
    )


def edited(text: str, random: Random) -> str:
    """The text after something that people do in editors."""
    start = random.randint(0, len(text))
    end = min(len(text), start + random.choice((0, 0, 0, 1, 1, 3, 40, 400)))
    lines = text.splitlines(keepends=True)
    match random.randrange(8):
        case 0:
            return text[:start] + text[end:]
        case 1 | 2 | 3:
            return text[:start] + random.choice(FRAGMENTS) + text[end:]
        case 4:
            return text[:start] + text[start:end] * 2 + text[end:]
        case 5 if lines:  # lines move
            number = random.randrange(len(lines))
            moved = [lines.pop(number) for _ in range(random.randint(1, 8)) if number < len(lines)]
            at = random.randint(0, len(lines))
            return "".join([*lines[:at], *moved, *lines[at:]])
        case 6 if lines:
            number = random.randrange(len(lines))
            return "".join([*lines[:number], random.choice(FRAGMENTS), "\n", *lines[number:]])
    return text + random.choice(FRAGMENTS)


@pytest.mark.parametrize("seed", range(60))
def test_findings_are_those_of_the_whole_text_after_every_edit(seed: int) -> None:
    random = Random(seed)
    environment = (ENVIRONMENT, FILE)[seed % 2]
    opened = Document("edited.cfg", environment)
    text = ('loadmodule "proto_udp.so"\n' if environment.whole else "") + script(random)
    assert told(opened.update(text)) == whole(text, environment)
    for _ in range(12):
        before = text
        text = edited(text, random)
        assert told(opened.update(text)) == whole(text, environment), text
        if random.random() < 0.85:  # taken back, or all would soon be broken
            text = before
            assert told(opened.update(text)) == whole(text, environment), text


ROUTES = "\n".join(
    f'event_route[E_OWN_{n}] {{\n    $var(x{n}) = $param(ip);\n    xlog("$var(x{n})\\n");\n    route(known);\n}}\n'
    for n in range(20)
)
KNOWN = "route[known] {\n    return(1);\n}\n"


@pytest.fixture
def read_texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The parts of the text that are read."""
    seen: list[str] = []
    original = document.read

    def read(source: Source, start: int, end: int, tail: bool, version: ServerVersion) -> Any:
        seen.append(source.text[start:end])
        return original(source, start, end, tail, version)

    monkeypatch.setattr(document, "read", read)
    return seen


@pytest.mark.parametrize("number", [0, 10, 19])
def test_only_the_edited_route_is_read_again(number: int, read_texts: list[str]) -> None:
    text = ROUTES + KNOWN
    opened = Document("edited.cfg", ENVIRONMENT)
    opened.update(text)
    read_texts.clear()
    text = text.replace(f"$var(x{number}) = $param(ip)", f"$var(x{number}) = $param(nothing)")
    assert told(opened.update(text)) == whole(text)
    assert [part.count("event_route") for part in read_texts] == [1]


def test_what_another_route_says_of_an_edited_one_changes(read_texts: list[str]) -> None:
    opened = Document("edited.cfg", ENVIRONMENT)
    assert not [d for d in opened.update(ROUTES + KNOWN) if d.severity == "error"]
    renamed = ROUTES + KNOWN.replace("known", "other")
    assert len([d for d in opened.update(renamed) if d.code == "unknown-route"]) == 20
    assert not [d for d in opened.update(ROUTES + KNOWN) if d.severity == "error"]


def test_earlier_findings_keep_their_places() -> None:
    opened = Document("edited.cfg", ENVIRONMENT)
    text = ROUTES + KNOWN + "route[wrong] {\n    route(nobody);\n}\n"
    first = opened.update(text)
    shown = told(first)
    opened.update("# a line more\n" + text)
    assert told(first) == shown


def test_moved_texts_tell_their_new_line() -> None:
    text = KNOWN + 'event_route[E_OWN_1] {\n    xlog("one \\\n two\\n");\n    route(known);\n}\n'
    opened = Document("edited.cfg", ENVIRONMENT)
    opened.update(text)
    assert told(opened.update("#\n" + text)) == whole("#\n" + text)


def test_a_text_that_includes_files_is_read_as_a_whole(tmp_path: Any) -> None:
    (tmp_path / "part.cfg").write_text("route[known] { nothing(); }\n")
    source = Source("edited.cfg", 'include_file "part.cfg"\n' + ROUTES, str(tmp_path / "edited.cfg"))
    opened = Document(source.name, ENVIRONMENT, path=source.path)
    assert told(opened.update(source.text)) == told(findings(source, ENVIRONMENT))


def test_what_a_file_lacks_is_told_where_it_is_first_used_after_the_edit() -> None:
    opened = Document("edited.cfg", FILE)
    text = 'loadmodule "proto_udp.so"\n' + "".join(f'route[{name}] {{\n    ds_mark_dst("p");\n}}\n' for name in "ab")
    assert [code for _, code, *_ in told(opened.update(text))] == ["unknown-function"]
    for edited_text in (
        text.replace("ds_mark_dst", "sl_reset", 1),
        text.replace("    ds_mark_dst", "    exit; #", 1),
        text,
    ):
        assert told(opened.update(edited_text)) == whole(edited_text, FILE)
