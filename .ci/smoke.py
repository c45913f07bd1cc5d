"""Is the wheel whole? Called with its path, in an environment that has nothing but the wheel and what it depends on."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import start_new_kernel

NEEDED = [
    "evroute_kernel/py.typed",
    "evroute_kernel/lang/grammar.json",
    "evroute_kernel/lang/grammar.lark",
    "evroute_kernel/library/catalogue/3.6/events.json",
    "evroute_kernel/library/catalogue/3.6/functions.json",
    "evroute_kernel/library/catalogue/3.6/globals.json",
    "evroute_kernel/library/catalogue/3.6/modparams.json",
    "evroute_kernel/library/catalogue/3.6/modules.json",
    "evroute_kernel/library/catalogue/3.6/transformations.json",
    "evroute_kernel/library/catalogue/3.6/variables.json",
    "share/jupyter/labextensions/evroute-kernel/install.json",
    "share/jupyter/labextensions/evroute-kernel/package.json",
    "share/jupyter/labextensions/evroute-kernel/static/remoteEntry.js",
    "share/jupyter/kernels/evroute/kernel.json",
    "share/jupyter/kernels/evroute/logo-32x32.png",
    "share/jupyter/kernels/evroute/logo-64x64.png",
    "share/jupyter/kernels/evroute/logo-svg.svg",
    "share/jupyter/kernels/evroute-4.0/kernel.json",
    "share/jupyter/kernels/evroute-4.0/logo-svg.svg",
]
CELL = 'event_route[E_PIKE_BLOCKED] {\n\txlog("blocked $param(ip)\\n");\n}\n'


def check_files(wheel: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    missing = [name for name in NEEDED if not any(n == name or n.endswith(f".data/data/{name}") for n in names)]
    assert not missing, f"the wheel lacks {missing}"
    stray = [n for n in names if n.startswith(("tests/", "benchmarks/", "notebooks/"))]
    assert not stray, f"the wheel holds {stray}"


def check_command() -> None:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "blocked.cfg")
        script.write_text(CELL, encoding="utf-8")
        command = ["evroute", "run", str(script), "--raise", "E_PIKE_BLOCKED ip=192.0.2.1"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "blocked 192.0.2.1\n", ""), done


def check_kernel() -> None:
    assert "evroute" in KernelSpecManager().find_kernel_specs(), "the kernelspec is not found"
    manager, client = start_new_kernel(kernel_name="evroute", startup_timeout=60)
    output: list[str] = []

    def keep(message: dict) -> None:
        if message["msg_type"] == "stream":
            output.append(message["content"]["text"])

    try:
        reply = client.execute_interactive(CELL + "%raise E_PIKE_BLOCKED ip=192.0.2.1", timeout=60, output_hook=keep)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert reply["content"]["status"] == "ok", reply["content"]
    assert "blocked 192.0.2.1\n" in "".join(output), output


def check_reinstalling() -> None:
    """Both kernels, whose files the wheel has put into the folder that goes here."""
    names = ["evroute", "evroute-4.0"]
    for command in (["jupyter-kernelspec", "remove", *names, "-y"], ["evroute", "install", "--sys-prefix"]):
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        there = command[0] == "evroute"
        assert [name in KernelSpecManager().find_kernel_specs() for name in names] == [there, there], command


def check_doctor() -> None:
    done = subprocess.run(["evroute", "doctor"], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout


check_files(sys.argv[1])
check_command()
check_reinstalling()
check_doctor()
check_kernel()
print("the wheel is whole: files, command, kernel")
