"""What IPython's users type that is called otherwise here, or not there for a reason: one table, by name.

Messages, help and documents read it. What works under the name it has in IPython is a magic like any other, and not
here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

#: names, and what does the job here
_GROUPS: Final = (
    ("who whos who_ls psearch", "%routes lists what is defined, %vars, %shv and %cache what scripts have stored"),
    ("run rerun loadpy", "%load FILE runs a script, %raise EVENT its routes, and `!COMMAND` a program"),
    (
        "timeit prun",
        "%raise EVENT --count 1000 --stats tells how long an event takes, and `%time` how long a line does",
    ),
    (
        "save macro recall rep logstart logon logoff logstop logstate",
        "%history --file FILE keeps cells, %export FILE a configuration",
    ),
    ("hist dhist", "%history shows the cells that were run"),
    (
        "bash cmd script system sx sc perl ruby python python2 python3 pypy",
        "%%sh runs the lines below in a shell, and `!COMMAND` one line",
    ),
    ("html HTML svg SVG latex markdown javascript js", "a Markdown cell shows text, formulas and HTML"),
    (
        "matplotlib pylab gui",
        "nothing is drawn with Python: %graph draws routes, and events go to a Python program with "
        "%subscribe or %record",
    ),
    ("magic quickref", "%lsmagic lists the magics, and %help NAME tells more about one"),
    (
        "pinfo pinfo2 pdoc pdef psource pfile pycat page",
        "%help NAME, or `NAME?`; %route NAME shows the source of a route",
    ),
    (
        "pip conda mamba micromamba uv",
        "`!{name}` runs it, the one of the kernel's environment; restart the kernel when it has installed something",
    ),
    (
        "ls ll la lf lk lx ldir cat cp mv rm mkdir rmdir less more man",
        "`!{name}` runs it: a line that begins with ! goes to the shell",
    ),
    ("pushd popd dirs bookmark", "%cd FOLDER changes the folder, and %cd - goes back"),
    ("set_env", "%env NAME=VALUE sets a variable"),
    (
        "debug pdb tb xmode",
        "errors show their place and the routes that led there, %raise EVENT --trace each statement with its values,"
        " and JupyterLab's debugger stops at a line; %log diagnostics=DBG shows what the runtime does",
    ),
    ("capture", "%expect checks what was logged, and %log last=N shows it again"),
    ("store", "%record FILE keeps events, and %export FILE what is defined"),
    ("reset_selective xdel", "%forget NAME forgets a route, and %reset everything"),
    (
        "load_ext reload_ext unload_ext autoreload aimport",
        "there are no extensions; %load FILE takes a changed script over",
    ),
    ("edit ed", "%route NAME shows the source of a route, to be copied into a cell"),
    ("file", "%%writefile FILE writes the lines below to a file"),
    (
        "connect_info qtconsole",
        "%connect is about a server; `jupyter console --existing` opens a console of this kernel",
    ),
    ("notebook", "`evroute export` and nbconvert make a configuration of a notebook"),
    ("pprint precision colors", "%log format=full shows time, process and level of each line"),
    (
        "alias alias_magic unalias rehashx automagic autocall autoawait autosave doctest_mode code_wrap killbgscripts "
        "pastebin",
        "there is nothing like it: %lsmagic lists the magics",
    ),
    ("quit exit", "the menu of the front end shuts the kernel down or restarts it"),
    ("sql", "sql_query() and its like work in cells; %help sql_query tells more"),
)


def _habits() -> Iterator[tuple[str, str]]:
    for names, instead in _GROUPS:
        for name in names.split():
            yield name, instead.replace("{name}", name)


#: name of a magic of IPython -> what does the job here, in one line
HABITS: Final[Mapping[str, str]] = MappingProxyType(dict(_habits()))


def groups() -> Iterator[tuple[list[str], str]]:
    """Names that mean the same here, and what does the job."""
    return ((names.split(), instead.replace("{name}", "NAME")) for names, instead in _GROUPS)
