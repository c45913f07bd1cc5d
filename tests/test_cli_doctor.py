"""`evroute doctor` in environments that are broken for real, one thing at a time; and its advice, followed."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
from contextlib import suppress
from pathlib import Path

import pytest

from evroute_kernel.kernel.health.packages import extras, needs
from support.full_disk import small_disk

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
SITE = sysconfig.get_path("purelib")
#: seconds after which it is taken to hang
DEADLINE = 100


class Environment:
    """A Python environment with the kernel, and the folders of its user."""

    def __init__(self, python: Path, home: Path) -> None:
        self.python = python
        self.kernels = home / "data" / "kernels"
        self.variables = {
            **os.environ,
            "PATH": os.pathsep.join([str(python.parent), os.environ["PATH"]]),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "JUPYTER_PREFER_ENV_PATH": "0",
        }
        self.variables.pop("JUPYTER_PATH", None)

    def evroute(self, *arguments: str, within: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
        """Run the command; `within` is a shell command around it, "$@"."""
        command = [str(self.python), "-m", "evroute_kernel", *arguments]
        if within:
            command = ["sh", "-c", within, "sh", *command]
        environment = {**self.variables, **changes}
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=DEADLINE, check=False, cwd="/"
        )

    def doctor(self, *, broken: bool, within: str = "", **changes: str) -> str:
        """What is said of it."""
        done = self.evroute("doctor", within=within, **changes)
        assert (done.returncode, done.stderr) == (int(broken), ""), done.stdout + done.stderr
        return done.stdout

    def follow(self, told: str, command: str) -> None:
        """Do what is said to do."""
        (advice,) = re.findall(rf"do: \S.* ({command})(?: writes| \(|$)", told, re.MULTILINE)
        assert self.evroute(*advice.split()).returncode == 0

    def kernelspec(self, name: str = "evroute", **changes: object) -> Path:
        """Change a kernelspec of the user."""
        file = self.kernels / name / "kernel.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))
        return file


@pytest.fixture
def here(tmp_path: Path) -> Environment:
    """This environment, with kernelspecs of the user's."""
    environment = Environment(Path(sys.executable), tmp_path)
    assert environment.evroute("install", "--user").returncode == 0
    return environment


@pytest.fixture
def fresh(tmp_path: Path) -> Environment:
    """Another environment that has the same packages, and no kernelspec."""
    return Environment(virtual(tmp_path / "fresh"), tmp_path)


def virtual(folder: Path, packages: bool = True) -> Path:
    """A virtual environment, with the packages of this one or with none; its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=DEADLINE)
    if packages:
        (site,) = folder.glob("lib/python*/site-packages")
        (site / "tests.pth").write_text(f"import site; site.addsitedir({SITE!r})\n{ROOT}\n")
        extensions = folder / "share" / "jupyter" / "labextensions"
        extensions.mkdir(parents=True)
        (extensions / "evroute-kernel").symlink_to(ROOT / "labextension")
    return folder / "bin" / "python"


def only(told: str, state: str) -> list[str]:
    return re.findall(rf"^ *{state}  (.*)$", told, re.MULTILINE)


# -- kernelspecs ------------------------------------------------------------------------------------------------------


def test_what_works_is_said(here: Environment) -> None:
    told = here.doctor(broken=False)
    assert only(told, "broken") == []
    for what in (f"Python 3.*{sys.prefix}", "ipykernel [0-9]", "kernelspec evroute: ", "kernelspec evroute-4.0: "):
        assert re.search(what, told), told
    for what in (
        "/dev/shm: ",
        "127.0.0.1 works",
        "a route runs in a worker process",
        "the kernel starts, and runs a cell",
    ):
        assert what in told
    assert told.endswith("all that is needed works\n")


def test_no_kernelspec(fresh: Environment) -> None:
    told = fresh.doctor(broken=True)
    assert only(told, "broken") == ["Jupyter finds no kernelspec evroute"]
    assert "Jupyter finds no kernelspec evroute-4.0" in only(told, "note")
    assert fresh.evroute("install", "--sys-prefix").returncode == 0
    fresh.doctor(broken=False)


def test_a_python_that_is_gone(here: Environment, tmp_path: Path) -> None:
    gone = virtual(tmp_path / "gone")
    here.kernelspec(argv=[str(gone), "-m", "evroute_kernel", "-f", "{connection_file}"])
    shutil.rmtree(tmp_path / "gone")
    told = here.doctor(broken=True)
    assert only(told, "broken") == [f"kernelspec evroute: {here.kernels / 'evroute'} starts {gone}, which is gone"]
    here.follow(told, "install --user")
    here.doctor(broken=False)


def test_a_python_that_has_no_kernel(here: Environment, tmp_path: Path) -> None:
    other = virtual(tmp_path / "other", packages=False)
    here.kernelspec("evroute-4.0", argv=[str(other), "-m", "evroute_kernel", "-f", "{connection_file}"])
    told = here.doctor(broken=True)
    assert only(told, "broken")[0].endswith(f"starts {other}, which has no evroute_kernel")
    here.follow(told, "install --user --server 4.0")
    assert str(other) not in (here.kernels / "evroute-4.0" / "kernel.json").read_text()


def test_one_that_cannot_be_read(here: Environment) -> None:
    (here.kernels / "evroute" / "kernel.json").write_text("{")
    assert "kernel.json cannot be read (JSONDecodeError)" in here.doctor(broken=True)


def test_one_behind_another(here: Environment, tmp_path: Path) -> None:
    shutil.copytree(here.kernels, tmp_path / "first" / "kernels")
    first = {"JUPYTER_PATH": str(tmp_path / "first")}
    assert "does not see it" not in here.doctor(broken=False, **first)
    here.kernelspec(argv=["/gone/python", "-m", "evroute_kernel", "-f", "{connection_file}"])
    (hidden,) = (note for note in only(here.doctor(broken=False, **first), "note") if "kernelspec" in note)
    assert hidden.endswith(
        f"/gone/python, which is gone; Jupyter does not see it behind {tmp_path}/first/kernels/evroute"
    )


def test_the_jupyter_of_another_environment(here: Environment, tmp_path: Path) -> None:
    other = virtual(tmp_path / "other")
    for name, module in {
        "jupyter": "jupyter_core.command",
        "jupyter-kernelspec": "jupyter_client.kernelspecapp",
    }.items():
        start = "main()" if name == "jupyter" else "KernelSpecApp.launch_instance()"
        script = other.with_name(name)
        script.write_text(f"#!{other}\nfrom {module} import *\n{start}\n")
        script.chmod(0o755)
    first = {"PATH": os.pathsep.join([str(other.parent), os.environ["PATH"]])}
    assert f"{other.with_name('jupyter')}, of another environment, knows the kernel" in here.doctor(
        broken=False, **first
    )
    assert here.evroute("uninstall", "--user").returncode == 0
    assert here.evroute("install", "--prefix", str(tmp_path / "third")).returncode == 0
    third = {**first, "JUPYTER_PATH": ""}
    told = here.evroute("doctor", **third).stdout
    assert f"{other.with_name('jupyter')}, of another environment, does not know the kernel" in told
    here.follow(told, "install --user")


# -- packages ---------------------------------------------------------------------------------------------------------


def distribution(folder: Path, name: str, version: str) -> dict[str, str]:
    """A distribution that Python finds before any other of its name."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}


def test_packages_that_are_too_old(here: Environment, tmp_path: Path) -> None:
    distribution(tmp_path / "old", "ipywidgets", "7.6")
    changes = distribution(tmp_path / "old", "ipykernel", "5.5.6")
    told = here.doctor(broken=True, **changes)
    assert "ipykernel is 5.5.6; the kernel needs ipykernel>=" in told
    assert f"do: {sys.executable} -m pip install 'ipykernel>=" in told
    assert "ipywidgets is 7.6; the extra widgets (the form of %raise EVENT ?) needs ipywidgets>=8" in told


def test_a_package_that_is_missing(here: Environment, tmp_path: Path) -> None:
    missing = tmp_path / "missing" / "lmdb"
    missing.mkdir(parents=True)
    (missing / "__init__.py").write_text("raise ImportError('no lmdb here')")
    told = here.doctor(broken=True, PYTHONPATH=os.pathsep.join([str(missing.parent), str(ROOT)]))
    assert re.search(
        r"broken  lmdb \S+ does not work: ImportError: no lmdb here\n +do: .* -m pip install --force", told
    )


def test_what_is_needed_and_not_there() -> None:
    first, *_ = needs(["no-such-thing>=1", "pytest>=1; extra == 'test'"])
    assert (first.state, first.found) == ("broken", "no-such-thing is missing; the kernel needs no-such-thing>=1")


def test_extras_that_are_not_there() -> None:
    found = list(extras(["no-such-thing>=1; extra == 'kafka'", "pytest>=1; extra == 'lab'"]))
    assert [check.state for check in found] == ["ok", "note"]
    assert found[1].found == "extras that are not installed: kafka (events to Kafka)"
    assert found[1].remedy.endswith("-m pip install 'evroute-kernel[kafka]', or in a clone: pip install '.[kafka]'")


def test_a_python_that_the_system_manages(here: Environment) -> None:
    """Debian's own, with our packages on its path."""
    python = Path("/usr/bin/python3")
    version = "{}.{}".format(*sys.version_info)
    if not Path(f"/usr/lib/python{version}/EXTERNALLY-MANAGED").is_file() or not python.is_file():
        pytest.skip(f"this machine has no Python {version} that its system manages")
    told = Environment(python, here.kernels.parent.parent).evroute("doctor", PYTHONPATH=f"{SITE}:{ROOT}").stdout
    assert "which the system manages: pip refuses to install there (PEP 668)" in told
    assert "do: python3 -m venv venv && . venv/bin/activate" in told


# -- the machine ------------------------------------------------------------------------------------------------------


def may_unshare(*kinds: str) -> bool:
    done = subprocess.run(["unshare", *kinds, "true"], capture_output=True, check=False)
    return os.geteuid() == 0 and done.returncode == 0


@pytest.mark.skipif(not may_unshare("-m"), reason="needs the right to mount")
def test_a_full_memory_folder(here: Environment, tmp_path: Path) -> None:
    within = 'exec unshare -m sh -c \'mount -t tmpfs -o size=64k none /dev/shm && exec "$@"\' sh "$@"'
    told = here.doctor(broken=False, within=within)
    assert "/dev/shm: 0 MiB free; sessions share memory in " in told
    assert "do: remove files there, give /dev/shm more room (docker run --shm-size=1g)" in told
    with small_disk(tmp_path / "full", 2**16) as full:
        told = here.doctor(broken=True, within=within, TMPDIR=str(full))
    assert re.search(r"/dev/shm: 0 MiB free, and 0 MiB in ", told)
    assert "no route runs here: NoRoom" in told


@pytest.mark.skipif(not may_unshare("-n"), reason="needs the right to take the network away")
def test_no_network_on_this_machine(here: Environment) -> None:
    told = here.doctor(broken=True, within='exec unshare -n "$@"')
    assert "kernels cannot talk with Jupyter at 127.0.0.1" in told
    assert "do: ip link set lo up" in told


def test_a_port_that_is_taken(here: Environment) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as taken:
        with suppress(OSError):  # it may be taken already
            taken.bind(("127.0.0.1", 8080))
        told = here.doctor(broken=False)
    assert "the management interface's port 8080 is taken" in told
    assert "do: evroute serve --mi datagram:127.0.0.1:8081" in told
