"""What IPython's users type, in a real kernel: it works, or it says what does the job here."""

from __future__ import annotations

import re

import pytest

from evroute_kernel.kernel.documentation import page
from evroute_kernel.kernel.magics import everything as _everything  # noqa: F401 - fills the table
from evroute_kernel.kernel.magics.declaration import MAGICS
from evroute_kernel.kernel.magics.habits import HABITS
from support.frontend import Frontend

#: line and cell magics of IPython 9
IPYTHON = """
alias alias_magic autoawait autocall automagic autosave bookmark cat cd clear code_wrap colors conda config connect_info
cp debug dhist dirs doctest_mode ed edit env gui hist history killbgscripts ldir less lf lk ll load load_ext loadpy
logoff logon logstart logstate logstop ls lsmagic lx macro magic mamba man matplotlib micromamba mkdir more mv notebook
page pastebin pdb pdef pdoc pfile pinfo pinfo2 pip popd pprint precision prun psearch psource pushd pwd pycat pylab
qtconsole quickref recall rehashx reload_ext rep rerun reset reset_selective rm rmdir run save sc set_env store sx
system tb time timeit unalias unload_ext uv who who_ls whos xdel xmode
HTML SVG bash capture file html javascript js latex markdown perl pypy python python2 python3 ruby script sh svg
writefile
""".split()


@pytest.mark.parametrize("name", IPYTHON)
def test_every_magic_of_ipython_is_there_or_answered(name: str) -> None:
    assert (name in MAGICS) != (name in HABITS)


def test_what_is_named_instead_is_there() -> None:
    named = {name for text in HABITS.values() for name in re.findall(r"%([a-z]+)", text)}
    assert named <= MAGICS.keys()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%who", "%routes lists what is defined"),
        ("%whos", "%vars, %shv and %cache"),
        ("%run deploy.cfg", "%load FILE runs a script"),
        ("%timeit route(x);", "%raise EVENT --count 1000 --stats"),
        ("%pip install x", "`!pip install x` runs it"),
        ("%save out 1-3", "%history --file FILE"),
        ("%matplotlib inline", "%graph draws routes"),
        ("%magic", "%lsmagic lists the magics"),
        ("%quickref", "%help NAME"),
        ("%ls -l", "`!ls -l` runs it"),
        ("%%bash\nls", "%%sh runs the lines below"),
        ("%%html\n<b>x</b>", "a Markdown cell"),
        ("%%timeit\nroute(x);", "%raise EVENT"),
    ],
)
def test_what_is_called_otherwise_says_how(kernel: Frontend, line: str, expected: str) -> None:
    found = kernel.run(line)
    assert found.error["ename"] == "MagicError"
    assert re.match(r"%+\w+ is a magic of IPython", found.error["evalue"])
    assert expected in found.traceback


def test_help_knows_them_too(kernel: Frontend) -> None:
    for asking in ("%help who", "%help %who"):
        assert "%routes lists what is defined" in kernel.run(asking).shown[0]
    (pages,) = kernel.run("%who?").reply["payload"]
    assert "%routes lists what is defined" in pages["data"]["text/plain"]
    assert "| `%who` `%whos`" in page()


@pytest.mark.parametrize("name", ["pws", "rut", "sht", "shs"])
def test_of_short_names_none_is_guessed(kernel: Frontend, name: str) -> None:
    found = kernel.run(f"%{name}")
    assert "did you mean" not in found.traceback
    assert "%lsmagic lists all magics" in found.traceback


def test_longer_names_are_guessed(kernel: Frontend) -> None:
    assert "did you mean '%raise'?" in kernel.run("%rasie E_X").traceback


# -- commands ---------------------------------------------------------------------------------------------------------


def test_an_exclamation_mark_runs_a_command(kernel: Frontend) -> None:
    done = kernel.run('xlog("one\\n");\n!echo two; echo three\n  ! echo "four (4)"\nxlog("five\\n");')
    assert done.stdout == "one\ntwo\nthree\nfour (4)\nfive\n"
    assert kernel.run("!!echo again").stdout == "again\n"
    assert kernel.run("!(cd /; pwd)\n!$(which echo) $HOME").stdout.startswith("/\n/")
    assert kernel.run("!exit 3").error["ename"] == "CommandFailed"
    assert kernel.run("!./no-such-program").error["ename"] == "CommandFailed"


def test_negations_are_script(kernel: Frontend) -> None:
    for text in ("!$var(x)", "!is_myself($si)", "!$(var(x){s.len})"):
        assert kernel.run(text).error["ename"] == "RouteSyntaxError"
    kernel.run("route[bad] { return(-1); }\nroute[yes] { return(1); }")
    done = kernel.run('if (\n!route(bad)\n) xlog("no\\n");')
    assert done.stdout == "no\n"
    assert kernel.run("event_route[E_X] {\n!echo\n}").error["ename"] == "RouteSyntaxError"


# -- help -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(MAGICS))
def test_every_magic_takes_help(kernel: Frontend, name: str) -> None:
    done = kernel.run(f"%{name} --help")
    assert kernel.run(f"%{name} -h # and no file of that name").shown == done.shown
    assert done.status == "ok", done.traceback
    assert MAGICS[name].usage in done.shown[0]
    assert not done.stdout


def test_help_stands_where_it_is_asked_for(kernel: Frontend) -> None:
    done = kernel.run("!echo before\n%routes E_* --help\n%sh echo --help\n%nothing")
    assert done.error["ename"] == "MagicError"
    done = kernel.run("!echo before\n%routes E_* --help\n%sh echo --help")
    assert (done.stdout, len(done.shown)) == ("before\n--help\n", 1)
    assert "%raise" in kernel.run("%%raise --help\n{}").shown[0]


def test_a_question_mark_alone_is_help_on_cells(kernel: Frontend) -> None:
    introduction = kernel.run("%help").shown
    assert kernel.run("?").shown == introduction
    assert kernel.run("  ??").shown == introduction


def test_reset_is_forced_too(kernel: Frontend) -> None:
    for line in ("%reset -f", "%reset --force"):
        kernel.run("$shv(x) = 1;")
        assert kernel.run(line).status == "ok"
        assert kernel.run("%shv").shown == ["no $shv has been set"]
    assert "unexpected '-g'" in kernel.run("%reset -g").traceback


def test_the_answers_are_sentences() -> None:
    assert not [name for name, text in HABITS.items() if re.search(r"\bhere\b", text)], "`here` stands before them"


def test_a_magic_without_a_name(kernel: Frontend) -> None:
    assert kernel.run("%%\nx").error["evalue"] == "a magic has a name behind %%"
