"""What is told about a position of a script, or about a name. `|` marks the position in the samples."""

from __future__ import annotations

import pytest

from evroute_kernel.assist.defined import Defined
from evroute_kernel.assist.describing import known_names, named
from evroute_kernel.assist.inspection import pages_at
from evroute_kernel.assist.pages import Page, bundle, markdown, plain
from evroute_kernel.library import table
from evroute_kernel.runtime.versions import VERSIONS, ServerVersion

LIBRARY = table.of("3.6")


def text(defined: Defined, sample: str) -> str:
    return plain(pages_at(defined, sample.replace("|", ""), sample.index("|")))


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ("xl|og(1);", "xlog("),
        ('xlog("a", |', "xlog("),
        ("event_route[E_PIKE|_BLOCKED]", "Raised when pike"),
        ("event_route[E_PIKE|_BLOCKED]", "Nothing handles it here."),
        ("event_route[E_MI|NE]", "defined in other.cfg, line 4, has run 2 times"),
        ('event_route[E_OWN] { xlog("$(param(po|rt){s.len})', "int, of E_OWN"),
        ("$(av|p(x)[1])", "$avp(NAME) of core"),
        ("route(gre|et)", "route[greet]: defined in other.cfg"),
        ("route(greet, |", "route[greet]: defined in other.cfg"),
        ('notify_on_event("E_PI|KE_BLOCKED", $avp(f), "greet", 5)', "Raised when pike"),
        ('notify_on_event("E_PIKE_BLOCKED", $avp(f), "gre|et", 5)', "route[greet]: defined in other.cfg"),
        ("$(var(x){s.sub|str,1,2})", "{s.substr,"),
        ("max_while|_loops = 5", "Here it is 10000."),
        ('loadmodule "mq|ueue.so"', "mq_add"),
        ("# return-z|ero", "return(0)"),
    ],
)
def test_places(defined: Defined, sample: str, expected: str) -> None:
    assert expected in text(defined, sample)


@pytest.mark.parametrize("sample", ["|", "nosuchthing|", "(((|", "é|", "# xlo|g", "/* whi|le"])
def test_nothing_is_known(defined: Defined, sample: str) -> None:
    assert text(defined, sample) == ""


def test_where_no_event_is_raised_nothing_is_said_of_handlers() -> None:
    assert "handle" not in text(Defined(), "event_route[E_PIKE|_BLOCKED]").lower()


def test_every_known_name_is_described() -> None:
    assert [name for name in known_names(LIBRARY) if not named(name, Defined())] == []


@pytest.mark.parametrize("name", ["", "nosuchthing", "$", "[]", "%raise"])
def test_names_of_nothing(name: str) -> None:
    assert named(name, Defined()) == []


# -- pages -----------------------------------------------------------------------------------------------------------

PAGE = Page(
    "f(a, b)",
    "function of *core*",
    ("Writes `$var(x)` and [no link](x).", "a_b_c <b>"),
    (("facts", (("returns", "`1`"), ("routes", "any"))),),
    "route[x] {\n}",
    (2, 3),
)


def test_a_page_as_markdown() -> None:
    assert PAGE.markdown() == "\n\n".join(
        [
            "```opensips\nf(a, b)\n```",
            r"*function of \*core\**",
            r"Writes `$var(x)` and \[no link\](x).",
            r"a\_b\_c \<b\>",
            "**facts**",
            "- returns `1`\n- routes any",
            "```opensips\nroute[x] {\n}\n```",
        ]
    )


def test_a_fence_is_longer_than_what_it_holds() -> None:
    assert Page("a ``` b").markdown() == "````opensips\na ``` b\n````"


def test_several_pages_are_parted() -> None:
    assert markdown([Page("a"), Page("b")]) == "```opensips\na\n```\n\n---\n\n```opensips\nb\n```"
    assert set(bundle([PAGE])) == {"text/plain", "text/html"}


def test_every_page_can_be_shown_as_markdown() -> None:
    for name in known_names(LIBRARY):
        assert markdown(named(name, Defined())).startswith("```")


# -- versions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "name", "title", "remark"),
    [
        ("3.6", "tcp_close_conn", "tcp_close_conn(connection:string)", "Not in OpenSIPS 3.6: it is new in 4.0."),
        ("3.6", "$proxy_protocol", "$proxy_protocol(NAME) of core", "Not in OpenSIPS 3.6: it is new in 4.0."),
        ("3.6", "E_PROFILING_SCRIPT", "E_PROFILING_SCRIPT(", "Not in OpenSIPS 3.6: it is new in 4.0."),
        ("3.6", "tcp_threads", "tcp_threads = ...", "Not in OpenSIPS 3.6: it is new in 4.0."),
        ("3.6", "opentelemetry", 'loadmodule "opentelemetry.so"', "Not in OpenSIPS 3.6: it is new in 4.0."),
        ("4.0", "log_stderror", "log_stderror = ...", "Not in OpenSIPS 4.0: it is stderror_enabled now."),
        ("4.0", "sca_set_calling_line", "sca_set_calling_line(", "Not in OpenSIPS 4.0."),
    ],
)
def test_a_name_of_another_version_says_which(version: ServerVersion, name: str, title: str, remark: str) -> None:
    (page,) = named(name, Defined(version=version))
    assert page.title.startswith(title)
    assert page.paragraphs[0] == remark
    (other,) = (known for known in VERSIONS if known != version)
    (page,) = named(name, Defined(version=other))
    said = [paragraph for paragraph in page.paragraphs if "Not in OpenSIPS" in paragraph]
    assert said == ([remark] if other == "3.6" else []), "an older version says what will be"


def test_a_name_of_all_versions_says_nothing_of_them() -> None:
    for name in ("xlog", "$avp(x)", "E_PIKE_BLOCKED", "log_level", "tm"):
        assert not any("Not in" in p for page in named(name, Defined()) for p in page.paragraphs)


def test_what_is_known_of_a_name_is_that_of_the_version() -> None:
    assert named("$uuid", Defined(version="3.6"))[0].title == "$uuid of uuid"
    assert named("$uuid", Defined(version="4.0"))[0].title == "$uuid[(NAME)] of uuid"
