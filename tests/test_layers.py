"""Imports go downwards only, read from the text of every module; and what a worker imports in fact."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import evroute_kernel

ROOT = Path(evroute_kernel.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))

#: what each layer may import of the others; within a layer everything goes
BELOW = {
    "records": set[str](),
    "source": set[str](),
    "spelling": set(),
    "discovery": set(),
    "errors": {"records", "source", "spelling"},
    "rendering": {"errors"},
    "runtime": {"records", "source", "errors"},
    "library": {"records", "source", "discovery", "spelling", "errors", "runtime"},
    "lang": {"records", "source", "discovery", "spelling", "errors", "runtime", "library"},
    "assist": {"records", "source", "rendering", "spelling", "errors", "runtime", "library", "lang"},
    "highlighting": {"records", "source", "errors", "runtime", "library", "lang"},
    "worker": {"records", "source", "errors", "runtime", "library"},
    "engine": {"records", "source", "discovery", "errors", "runtime", "library", "lang", "worker"},
    "kernel": {
        *("records", "source", "rendering", "discovery", "errors", "runtime", "library", "lang", "assist"),
        *("highlighting", "worker", "engine"),
    },
    "cli": {"records", "source", "rendering", "errors", "runtime", "library", "lang", "worker", "engine", "kernel"},
    "sphinx_extension": set[str](),
    "coverage": {"source", "errors", "runtime", "lang", "highlighting", "engine", "kernel"},
    "pytest_plugin": {"records", "source", "rendering", "errors", "runtime", "library", "engine", "kernel", "coverage"},
    "__main__": {"kernel", "cli"},
    "__init__": set[str](),
}

#: who may import what is not Python's own; a folder stands for all below it
RESERVED = {
    "lark": {"lang/grammar.py"},
    "ipykernel": {"kernel"},
    "jupyter_client": {"kernel"},
    "ipywidgets": {"kernel/display/forms.py"},
    "jupyter_core": {"kernel"},
    "packaging": {"kernel/health/packages.py"},
    "psutil": {"kernel/protocol/usage.py"},
    "comm": {"kernel"},
    "tornado": {"kernel", *(f"engine/mi/doors/http{part}.py" for part in ("", "_connections", "_exchange"))},
    "nbconvert": {"kernel/export/exporter.py"},
    "papermill": {"kernel/parameters.py"},
    "traitlets": {"kernel"},
    "zmq": {"kernel"},
    "pika": {"engine/delivery/transports/rabbitmq.py"},
    "confluent_kafka": {"engine/delivery/transports/kafka.py"},
    "pygments": {"highlighting/lexer.py"},
    "IPython": {"kernel"},
    "lmdb": {"runtime"},
    "regex": {"runtime", "library", "lang"},
    "coverage": {"coverage"},
    "pytest": {"pytest_plugin"},
}


def layer(module: Path) -> str:
    first = module.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def imported(module: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of everything a module imports when it runs or later, but not for type checkers alone."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    for node in without_type_checking(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}:{node.lineno}: relative import"
            assert node.module is not None
            if node.module == "evroute_kernel":
                yield from ((node.lineno, f"evroute_kernel.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, node.module
        elif isinstance(node, ast.Call) and is_import_by_name(node):
            yield node.lineno, node.args[0].value  # type: ignore[attr-defined]


def without_type_checking(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes below a tree, leaving out the bodies of `if TYPE_CHECKING:`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield node
        yield from without_type_checking(node)


def is_import_by_name(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return (
        name in {"import_module", "__import__"}
        and bool(call.args)
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    )


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_downwards(module: Path) -> None:
    own = layer(module)
    assert own in BELOW, f"{own} is no layer: give it a place in the house"
    allowed = BELOW[own] | {own}
    for line, name in imported(module):
        package, _, rest = name.partition(".")
        if package == "evroute_kernel":
            # `evroute_kernel` itself gives the version
            target = rest.partition(".")[0]
            assert target in allowed | {"__version__", ""}, f"{module}:{line}: {own} imports {name}"


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_other_distributions(module: Path) -> None:
    place = module.relative_to(ROOT)
    for line, name in imported(module):
        package = name.partition(".")[0]
        if package != "evroute_kernel" and package not in sys.stdlib_module_names:
            homes = RESERVED.get(package, set())
            assert str(place) in homes or place.parts[0] in homes, f"{module}:{line}: imports {name}"


def test_every_module_is_read() -> None:
    assert {"source", "runtime", "library", "lang", "assist", "worker", "engine", "kernel"} <= {
        layer(m) for m in MODULES
    }


def test_a_worker_is_light() -> None:
    """The child process and all it can run, without parser, Jupyter and event loops."""
    heavy = ["IPython", "comm", "ipykernel", "jupyter_client", "lark", "tornado", "traitlets", "zmq"]
    program = (
        "import sys, evroute_kernel.worker.child, evroute_kernel.library.everything\n"
        f"found = sorted(set({heavy}) & set(sys.modules))\n"
        "lang = sorted(m for m in sys.modules if m.startswith(('evroute_kernel.lang', 'evroute_kernel.engine')))\n"
        "sys.exit(f'a worker imports {found + lang}' if found or lang else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_a_session_is_light() -> None:
    """What few sessions use is imported on use."""
    program = (
        "import sys; from evroute_kernel import Session\n"
        "found = [m for m in sys.modules if m.startswith('evroute_kernel.') and ('dialog' in m or 'inline' in m)]\n"
        "sys.exit(f'a session imports {found}' if found else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import lark.lexer", ["lark.lexer"]),
        ("from evroute_kernel import lang", ["evroute_kernel.lang"]),
        ("def f():\n    from lark import Lark", ["lark"]),
        ("if TYPE_CHECKING:\n    import lark\nimport zmq", ["zmq"]),
        ("import_module('lark')", ["lark"]),
    ],
)
def test_reading_of_imports(tmp_path: Path, text: str, names: list[str]) -> None:
    module = tmp_path / "module.py"
    module.write_text(text)
    assert [name for _, name in imported(module)] == names
