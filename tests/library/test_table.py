"""The one table: facts stand in the catalogue alone, behaviour beside it, and whoever asks gets both."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import evroute_kernel
import evroute_kernel.library.everything
from evroute_kernel.errors import ScriptError
from evroute_kernel.highlighting.words import gathered
from evroute_kernel.lang.compiler import compile_script
from evroute_kernel.lang.environment import Environment
from evroute_kernel.library import catalogue
from evroute_kernel.library.__main__ import document
from evroute_kernel.library.behaviour import (
    FUNCTION_BEHAVIOURS,
    MODPARAM_CHECKS,
    TRANSFORMATION_BEHAVIOURS,
    VARIABLE_BEHAVIOURS,
    check_modparams,
    function,
    transformation,
    variable,
)
from evroute_kernel.library.catalogue.names import CatalogueFunction, CatalogueTransformation, CatalogueVariable, Param
from evroute_kernel.library.linker import link
from evroute_kernel.library.table import ANY_ROUTE, also_known, of
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.statements import run_top_route
from evroute_kernel.runtime.versions import VERSIONS, ServerVersion
from evroute_kernel.source import Source

ROOT = Path(evroute_kernel.__file__).parent
LIBRARY = of("3.6")

# -- behaviour and facts ----------------------------------------------------------------------------------------------


def test_every_behaviour_is_that_of_a_name_the_catalogue_knows() -> None:
    of_all = [of(version) for version in VERSIONS]
    assert set(FUNCTION_BEHAVIOURS) <= {name for library in of_all for name in library.functions}
    assert set(TRANSFORMATION_BEHAVIOURS) == set(LIBRARY.transformations)
    assert {module for module in MODPARAM_CHECKS if LIBRARY.modules[module].params} == set(MODPARAM_CHECKS)
    # an alias has no behaviour of its own
    names = {variable.name for library in of_all for variable in library.variables.values()}
    assert set(VARIABLE_BEHAVIOURS) <= names
    assert len(FUNCTION_BEHAVIOURS) > 160
    assert len(VARIABLE_BEHAVIOURS) > 100


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("table", ["functions", "variables", "transformations"])
def test_every_name_is_documented(version: ServerVersion, table: str) -> None:
    assert [name for name, known in getattr(of(version), table).items() if not known.doc] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_variable_has_a_setter_if_it_can_be_written(version: ServerVersion) -> None:
    unlike = [v.name for v in of(version).variables.values() if v.writable != (v.behaviour.set is not None)]
    assert unlike == []


def test_parameters_have_types_that_the_linker_reads() -> None:
    types = {param.type for known in LIBRARY.functions.values() for param in known.params}
    assert types == {"int", "string", "literal", "regex", "var"}


def test_a_name_gets_its_behaviour_once() -> None:
    with pytest.raises(ValueError, match="cache_store has its behaviour already"):
        function("cache_store")(lambda context: 1)
    with pytest.raises(ValueError, match="already"):
        variable("var")(lambda context, name, index: None)
    with pytest.raises(ValueError, match="already"):
        transformation("s.len")(lambda context, value: None)
    with pytest.raises(ValueError, match="already"):
        check_modparams("mqueue", lambda parameter, value: None)


def test_a_function_without_behaviour_is_a_stub() -> None:
    assert LIBRARY.functions["rtpproxy_offer"].stub
    assert LIBRARY.functions["rtpproxy_offer"].behaviour is None
    assert LIBRARY.functions["exec"].stub
    assert not LIBRARY.functions["cache_store"].stub
    assert LIBRARY.variables["T_reply_code"].stub
    assert "xlog" in LIBRARY.statements
    assert "xlog" not in LIBRARY.functions


def test_settings_and_modules_come_from_the_catalogue() -> None:
    assert LIBRARY.globals["poll_method"].words >= {"epoll"}
    assert LIBRARY.globals["tcp_accept_aliases"].range == (0, 2)
    assert LIBRARY.modules["event_flatstore"].params["rotate_size"] == "any"
    assert LIBRARY.modules["dispatcher"].params["ds_ping_interval"] == "int"
    assert LIBRARY.modules["json"].loaded
    assert not LIBRARY.modules["tm"].loaded
    assert [LIBRARY.transport_module(p) for p in ("udp", "tcp", "route", "kafka")] == [
        "event_datagram",
        "event_stream",
        "core",
        "event_kafka",
    ]


# -- who reads what ---------------------------------------------------------------------------------------------------

#: what tells the facts about names, modules and settings
READERS = {"of", "Catalogue", "evroute_kernel.library.catalogue.names", "evroute_kernel.library.catalogue.modules"}
#: the table itself; what is in no table any more; and the kinds of setting as a type
ALLOWED = {"library/table.py", "library/entries.py", "library/successors.py", "lang/language.py"}


def test_nobody_but_the_table_asks_the_catalogue_for_names() -> None:
    """Events have no behaviour: everyone may ask for those."""
    found = set()
    for path in ROOT.rglob("*.py"):
        place = str(path.relative_to(ROOT))
        if place.startswith("library/catalogue/") or place in ALLOWED:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("evroute_kernel.library.catalogue"):
                asked = {node.module, *(alias.name for alias in node.names)}
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "catalogue":
                asked = {node.attr}
            else:
                continue
            found |= {(place, what) for what in asked & READERS}
    assert found == set()


#: borders, where a caller need not say a version; what is for one version; and the page about all of them
CHOOSING = {
    "assist/defined.py",
    "lang/environment.py",
    "library/__main__.py",
    "library/successors.py",  # names of another program
    "worker/messages.py",
}


def test_nobody_takes_a_version_by_default() -> None:
    """Between the borders the version is handed on, with the library."""
    found = set()
    for room in ("assist", "highlighting", "lang", "library", "worker"):
        for path in (ROOT / room).rglob("*.py"):
            place = str(path.relative_to(ROOT))
            names = {n.id for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Name)}
            found |= {place} if "DEFAULT_VERSION" in names else set()
    assert found <= CHOOSING | {"worker/forkserver.py"}  # which reads beforehand what most sessions need
    assert found >= CHOOSING


WORKER = """
import sys
opened = []
sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == "open" else None)
import evroute_kernel.worker.child, evroute_kernel.library.everything
files = lambda: sorted({name.rpartition("/")[2] for name in opened if name.endswith(".json")})
assert files() == [], f"at start: {files()}"
from evroute_kernel.library.linker import link_call
from evroute_kernel.library.table import of
link_call(of("3.6"), "cache_store", (("value", "local"), ("format", "$var(k)", "key"), ("value", "v"), ("omitted",)))
link_call(of("3.6"), "ds_select_dst", (("variable", "$avp(set)", "set", "int"), ("value", 4)))
from evroute_kernel.library.references import reference
reference("$(var(x){s.len})", of("3.6"))
assert files() == ["transformations.json", "variables.json"], files()
"""


def test_a_worker_reads_no_more_than_it_needs() -> None:
    """Nothing when it starts; what variables look like when it links the first; functions never."""
    done = subprocess.run([sys.executable, "-c", WORKER], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_what_was_asked_for_too_early_is_joined_anew() -> None:
    program = (
        "from evroute_kernel.library.table import of\n"
        "library = of('3.6')\n"
        "assert library.functions['cache_store'].stub and library.variables['avp'].stub\n"
        "import evroute_kernel.library.everything\n"
        "assert not library.functions['cache_store'].stub and not library.variables['avp'].stub\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


# -- names of our own -------------------------------------------------------------------------------------------------

GREET = CatalogueFunction(
    "greet_for_test",
    "core",
    (Param("who", "string"), Param("result", "var", variable_must_be="writable")),
    ANY_ROUTE - {"timer"},
    returns="1; -1 nobody",
)


@pytest.fixture
def own() -> Iterator[None]:
    """A function, a variable and a transformation that no server has."""

    @function("greet_for_test")
    def greet(context: Context, who: str, result: object) -> int:
        """Greet somebody."""
        result.set(context, "=", f"Hello {who}")  # type: ignore[attr-defined]
        return 1

    @variable("own_answer")
    def answer(context: Context, name: None, index: None) -> int:
        """The answer."""
        return 42

    @transformation("s.twice_for_test")
    def twice(context: Context, value: object) -> str:
        """The text twice."""
        return f"{value}{value}"

    facts = (
        GREET,
        CatalogueVariable("own_answer", type="int", aliases=("own.answer",)),
        CatalogueTransformation("s", "twice_for_test", description="The text twice."),
    )
    try:
        with also_known(*facts):
            yield
    finally:
        del FUNCTION_BEHAVIOURS["greet_for_test"]
        del VARIABLE_BEHAVIOURS["own_answer"]
        del TRANSFORMATION_BEHAVIOURS["s.twice_for_test"]


def run(text: str, context: Context) -> None:
    unit = compile_script(Source("test", f"event_route[E_T] {{ {text} }}"), Environment())
    route = unit.routes[0]
    run_top_route(context.process, link(route.kind, route.name, 0, route.code, route.pool, LIBRARY), context=context)


@pytest.mark.usefixtures("own")
def test_a_name_of_our_own_runs(context: Context) -> None:
    run('greet_for_test("$(param(k){s.twice_for_test}) $own_answer $(own.answer)", $avp(x));', context)
    assert context.avps["x"] == ["Hello 1212 42 42"]


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("greet_for_test();", r"lacks its argument 1 \(who\)"),
        ('greet_for_test("x", $rm);', r"\$rm is read-only"),
        ('greet_for_tes("x", $avp(x));', "unknown function"),
        ("$own_answer = 5;", "read-only"),
    ],
)
def test_a_name_of_our_own_is_checked(text: str, message: str) -> None:
    with pytest.raises(ScriptError, match=message):
        compile_script(Source("test", f"event_route[E_T] {{ {text} }}"), Environment())


@pytest.mark.usefixtures("own")
def test_a_name_of_our_own_is_documented_and_highlighted() -> None:
    page = "\n".join(document())
    assert "| core | `greet_for_test(who:string, result:var)` | yes | simulated |" in page
    assert "| `s.twice_for_test` | The text twice. |" in page
    assert "`$own_answer`, `$own.answer`" in page
    words = gathered()
    assert "greet_for_test" in words["functions"]
    assert r"own\.answer" in words["variables"]
    assert r"s\.twice_for_test" in words["transformations"]


def test_a_name_of_our_own_is_forgotten() -> None:
    with also_known(GREET):
        assert LIBRARY.functions["greet_for_test"].stub
    assert "greet_for_test" not in LIBRARY.functions
    assert LIBRARY.functions.get("greet_for_test") is None
    assert len(LIBRARY.functions) == len(catalogue.of("3.6").functions)


def test_a_version_has_one_library() -> None:
    assert of("3.6") is of("3.6")
    assert of("3.6").functions["cache_store"].module == "core"


def test_a_version_without_facts_is_refused() -> None:
    with pytest.raises(LookupError, match=r"no facts about OpenSIPS 1\.0"):
        of("1.0")  # type: ignore[arg-type]
