"""What a configuration holds of the cells, word for word."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel.kernel.export.configuration import SOCKET
from evroute_kernel.kernel.export.notebooks import NotebookCell
from evroute_kernel.kernel.export.standalone import export
from evroute_kernel.lang.compiler import compile_script
from evroute_kernel.lang.environment import Environment
from evroute_kernel.source import Source

A = 'event_route[E_A] { xlog("a\\n"); }'
HEAD = f'# a test\n# for OpenSIPS 3.6\n\nxlog_level=4\nsocket={SOCKET}\nloadmodule "proto_udp.so"\n'


def body(text: str) -> str:
    """A configuration without what stands before the cells."""
    assert text.startswith(HEAD)
    return text.removeprefix(HEAD)


def modules(text: str) -> list[str]:
    """The modules that a configuration loads, in order."""
    lines = (line for line in text.splitlines() if line.startswith("loadmodule"))
    return [line.split('"')[1].removesuffix(".so") for line in lines]


def test_routes_stay_as_they_are(exported: Any) -> None:
    cell = '# before\nevent_route[E_A]   # why\n{\n\txlog("Zoë # no\n");   /* in { */ }   # after\n\nroute[b] { exit; }'
    made = exported(cell)
    assert body(made.text) == f"\n{cell}\n"
    assert made.routes == 2


def test_prose_is_wrapped_but_code_is_not(exported: Any) -> None:
    made = exported("md:# Title\n\n" + "word " * 30 + "\n- " + "item " * 30 + "\n\n```\n" + "code " * 30 + "\n```\n")
    lines = body(made.text).splitlines()
    assert lines[1:3] == ["# # Title", "#"]
    assert lines[3:5] == [f"# {'word ' * 23}word", f"# {'word ' * 5}word"]
    assert lines[5:7] == [f"# - {'item ' * 22}item", f"#   {'item ' * 6}item"]
    assert lines[8:11] == ["# ```", f"# {'code ' * 30}".rstrip(), "# ```"]


def test_magics_are_comments(exported: Any) -> None:
    made = exported(f'%routes\n{A}\n  %raise E_A x="#"  \nE_A?', '%%raise E_A\n{\n  "x": 1\n}\n')
    assert (
        body(made.text) == f'\n# %routes\n{A}\n# %raise E_A x="#"\n# E_A?\n\n# %%raise E_A\n# {{\n#   "x": 1\n# }}\n#\n'
    )


def test_a_cell_that_a_magic_takes_as_a_whole(exported: Any) -> None:
    made = exported(f"{A}\n%migrate")
    assert (body(made.text), made.routes) == (f"\n# {A}\n# %migrate\n", 0)


def test_what_is_timed_stays_as_it_is(exported: Any) -> None:
    made = exported('%%time\nevent_route[E_X] { xlog("a\\n"); }\n%raise E_X', "%time $var(x) = 1;\n!ls").text
    assert '# %%time\nevent_route[E_X] { xlog("a\\n"); }\n# %raise E_X\n' in made
    assert "# %time\n# $var(x) = 1;\n# !ls\n" in made


def test_files_are_found_where_the_current_folder_is(exported: Any, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "x.cfg").write_text("route[greet] { exit; }\n")
    (tmp_path / "y.cfg").write_text("route[part] { exit; }\n")
    made = exported(
        "%cd sub\n%load x.cfg", "%cd -\n%load y.cfg", "event_route[E_X] { route(greet); route(part); }"
    ).text
    assert 'include_file "sub/x.cfg"' in made
    assert 'include_file "y.cfg"' in made


def test_statements_are_comments_on_lines_of_their_own(exported: Any) -> None:
    made = exported(f'$var(x) = 1; {A} xlog("b\n");  # it\n/* c */ ;\n$var(x) + 1')
    assert body(made.text) == f'\n# $var(x) = 1;\n {A}\n# xlog("b\n# ");  # it\n# /* c */ ;\n# $var(x) + 1\n'


def test_the_last_definition_wins(exported: Any) -> None:
    made = exported(f"# first\n{A}", 'event_route["E_A"] { xlog("b\\n"); }')
    assert body(made.text) == (
        '\n# first\n# event_route[E_A]: left out, defined anew below\n\nevent_route["E_A"] { xlog("b\\n"); }\n'
    )


def test_what_is_forgotten_is_left_out(exported: Any) -> None:
    made = exported(A, "max_while_loops=9\n%forget E_A", 'event_route[E_B] { xlog("b\\n"); }')
    assert "# event_route[E_A]: left out, taken back below\n" in made.text
    assert "\nmax_while_loops=9\n" in made.text
    made = exported(A, "max_while_loops=9", "%reset", 'event_route[E_B] { xlog("b\\n"); }')
    assert "# max_while_loops=9: left out, taken back below\n" in made.text
    assert made.routes == 1


def test_refused_cells_are_comments_with_the_reasons(exported: Any) -> None:
    made = exported('event_route[E_A] {\n  xlgo("a\\n");\n}\n%riase E_A')
    assert body(made.text) == (
        "\n# In[1] is left out: it is refused.\n"
        "#     In[1]:2:3: error: unknown function xlgo() (did you mean 'xlog'?)\n"
        "#     In[1]:4:1: error: unknown magic %riase (did you mean '%raise'?)\n"
        '# event_route[E_A] {\n#   xlgo("a\\n");\n# }\n# %riase E_A\n'
    )
    why = "because OpenSIPS 3.6 refuses it (a comment there says why)"
    assert (made.refused, made.summary) == (("In[1]",), f"0 routes; In[1] left out, {why}")


def test_a_forgotten_route_that_is_called_is_reported(exported: Any) -> None:
    made = exported("route[b] { exit; }", "event_route[E_A] { route(b); }", "%forget b", loads=False)
    assert [finding.code for finding in made.findings] == ["unknown-route"]


# -- modules ----------------------------------------------------------------------------------------------------------


def test_modules_are_loaded_that_the_routes_need(exported: Any) -> None:
    made = exported(
        'event_route[E_A] { $shv(x) = 1; cache_store("local", "a", "$stat(b)"); $json(c) := "1"; }\n'
        'route[b] { subscribe_event("E_A", "unix:/tmp/x"); math_eval("1", $var(x)); }\n'
        "route[c] { async(sleep(1), b); }\n"
        'modparam("mqueue", "mqueue", "name=q")'
    )
    needed = "proto_udp cachedb_local cfgutils statistics json event_datagram mathops mqueue"
    assert modules(made.text) == needed.split()


def test_statements_need_no_modules(exported: Any) -> None:
    assert modules(exported('math_eval("1", $var(x));\n%raise E_A', A).text) == ["proto_udp"]


def test_what_the_text_loads_is_not_loaded_twice(exported: Any) -> None:
    made = exported(
        'loadmodule "/usr/lib/opensips/proto_tcp.so"\nloadmodule "cfgutils.so"\nroute[a] { $shv(x) = 1; }',
        'loadmodule "cfgutils.so"\nloadmodule "json.so"\nroute[b] { $json(x) := "1"; }',
    )
    assert modules(made.text) == ["proto_udp", "/usr/lib/opensips/proto_tcp", "cfgutils", "json"]
    assert '# loadmodule "cfgutils.so": see above\n' in made.text


def test_a_module_that_is_loaded_too_late_is_loaded_before(exported: Any) -> None:
    made = exported("route[a] { $shv(x) = 1; }", 'loadmodule "cfgutils.so"\nmodparam("cfgutils", "shvset", "x=i:1")')
    assert modules(made.text) == ["proto_udp", "cfgutils"]


def test_what_modules_need_is_loaded_too(exported: Any) -> None:
    made = exported('loadmodule "acc.so"\nevent_route[E_ACC_CDR] { exit; }')
    assert (modules(made.text), made.findings) == (["proto_udp", "tm", "acc"], ())
    made = exported('loadmodule "acc.so"\nmodparam("acc", "detect_direction", 1)\nroute[a] { do_accounting("evi"); }')
    assert (modules(made.text), made.findings) == (["proto_udp", "tm", "rr", "acc"], ())
    made = exported('loadmodule "acc.so"\nmodparam("acc", "db_url", "mysql://a:b@c/d")\nroute[a] { exit; }')
    assert modules(made.text) == ["proto_udp", "tm", "db_mysql", "acc"]
    made = exported('loadmodule "acc.so"\nroute[a] { exit; }', 'loadmodule "tm.so"')
    assert (modules(made.text), made.findings) == (["proto_udp", "acc", "tm"], ())


def test_what_cannot_be_chosen_is_told(exported: Any) -> None:
    cell = 'loadmodule "usrloc.so"\nmodparam("usrloc", "db_mode", 1)\nmodparam("usrloc", "db_url", "none:")\n'
    made = exported(cell + "route[a] { exit; }", loads=False)
    assert [finding.code for finding in made.findings] == ["unmet-need"]


def test_parameters_that_modules_need_are_to_be_filled_in(exported: Any) -> None:
    made = exported('loadmodule "stun.so"  # why\nmodparam("stun", "alternate_ip", "192.0.2.9")\nroute[a] { exit; }')
    assert made.findings == ()
    assert (
        'loadmodule "stun.so"\n# to be filled in, no server starts without it:\n'
        'modparam("stun", "primary_ip", "192.0.2.1")  # why\nmodparam("stun", "alternate_ip", "192.0.2.9")\n'
    ) in made.text


def test_sockets_that_modules_need_are_to_be_filled_in(exported: Any) -> None:
    made = exported('loadmodule "proto_hep.so"\nroute[a] { exit; }')
    assert (
        f"socket={SOCKET}\n# to be filled in, no server starts without it:\nsocket=hep_udp:127.0.0.1:9060\n"
        in made.text
    )
    made = exported('socket=hep_tcp:127.0.0.1:9060\nloadmodule "proto_hep.so"\nroute[a] { exit; }')
    assert "to be filled in" not in made.text


def test_parameters_of_modules_that_others_need(exported: Any) -> None:
    made = exported('loadmodule "fraud_detection.so"\nevent_route[E_FRD_WARNING] { exit; }')
    assert made.findings == ()
    assert {"db_mysql", "drouting", "dialog", "tm"} <= set(modules(made.text))
    assert made.text.count("to be filled in") == 2
    made = exported('db_default_url="text:///tmp"\nloadmodule "db_text.so"\nloadmodule "domain.so"\nroute[a] { exit; }')
    assert (made.findings, made.text.count("to be filled in")) == ((), 0)


def test_protocols_of_sockets_are_loaded(exported: Any) -> None:
    made = exported("socket=tcp:127.0.0.1:5060\nroute[a] { exit; }", "socket=tls:127.0.0.1:5061")
    assert modules(made.text) == ["proto_tcp", "proto_tls", "tls_mgm", "tls_openssl"]
    assert made.findings == ()


def test_the_path_of_modules_comes_before_them(exported: Any) -> None:
    made = exported("route[a] { $shv(x) = 1; }", 'mpath="/opt/modules/"')
    assert made.text.index('\nmpath="/opt/modules/"\n') < made.text.index("loadmodule")
    assert made.text.count("\nmpath=") == 1


# -- settings ---------------------------------------------------------------------------------------------------------


def test_settings_of_the_text_take_the_place_of_ours(exported: Any) -> None:
    made = exported("socket=udp:127.0.0.1:5099\nxlog_level=2")
    assert SOCKET not in made.text
    assert "xlog_level=4" not in made.text


def test_magics_that_set_globals(exported: Any) -> None:
    made = exported("%config max_while_loops=7 strict=on\n%log level=INFO diagnostics=ERR", A)
    lines = made.text.splitlines()
    assert "xlog_level=4" not in lines
    assert [line for line in lines if "=" in line and line[0] != "#"][1:] == [
        "max_while_loops=7",
        "xlog_level=3",
        "log_level=-1",
    ]


def test_settings_of_a_session_alone_stay_out(exported: Any) -> None:
    made = exported("%config network=on workers=3 memory=off timeout=5 log=100 replace=quiet version=3.6", A)
    assert made.findings == ()
    assert [line for line in made.text.splitlines() if "=" in line and line[0] != "#"] == [
        "xlog_level=4",
        f"socket={SOCKET}",
    ]


def test_a_strict_session_refuses_redefinitions(exported: Any) -> None:
    made = exported("%config strict=on", A, A.replace("a\\n", "b\\n"))
    assert made.refused == ("In[3]",)
    assert f"\n{A}\n" in made.text


def test_declared_events_stay_declared(exported: Any) -> None:
    route = 'event_route[E_PIKE_BLOKED] { xlog("$param(who)\\n"); }'
    made = exported("%event declare E_PIKE_BLOKED who", route)
    assert compile_script(Source("test", made.text), Environment()).diagnostics == ()


# -- files ------------------------------------------------------------------------------------------------------------


def test_files_are_named_and_not_copied(exported: Any, tmp_path: Path) -> None:
    (tmp_path / "b.cfg").write_text('# Zoë\nroute[b] { exit; }\ninclude_file "c.inc"\n')
    (tmp_path / "c.inc").write_text("route[c] { $shv(x) = 1; }")
    made = exported("%load b.cfg\n\n%raise E_A", "route[d] { route(c); }", A)
    text = '# %load b.cfg\ninclude_file "b.cfg"\n\n# %raise E_A\n\nroute[d] { route(c); }'
    assert body(made.text) == f'loadmodule "cfgutils.so"\n\n{text}\n\n{A}\n'
    assert (made.routes, modules(made.text)) == (4, ["proto_udp", "cfgutils"])
    made = exported('include_file "c.inc"\n%raise E_A', A)
    assert body(made.text).endswith(f'\n\ninclude_file "c.inc"\n# %raise E_A\n\n{A}\n')
    assert exported('route[x] {\n  include_file "d.inc"\n  exit;\n}', A).refused == ("In[1]",)
    (tmp_path / "d.inc").write_text("$var(x) = 1;")
    text = 'route[x] {\n  include_file "d.inc"\n  exit;\n}'
    assert body(exported(text, A).text) == f"\n{text}\n\n{A}\n"


def test_a_file_that_is_loaded_again(exported: Any, tmp_path: Path) -> None:
    (tmp_path / "b.cfg").write_text(f'modparam("mqueue", "mqueue", "name=q")\n{A}\n')
    made = exported("%load b.cfg", "%load b.cfg")
    first, second = "# %load b.cfg\n# (left out, defined anew below)\n", '# %load b.cfg\ninclude_file "b.cfg"\n'
    assert body(made.text).endswith(f"\n\n{first}\n{second}")
    assert modules(made.text) == ["proto_udp", "mqueue"]
    (tmp_path / "b.cfg").write_text(f"{A}\n")
    made = exported('include_file "b.cfg"', A)
    assert body(made.text) == f'\n# include_file "b.cfg": left out, defined anew below\n\n{A}\n'
    made = exported("%load b.cfg", "%forget E_A", "route[b] { exit; }")
    assert "# (left out, taken back below)\n" in made.text


def test_a_file_of_which_a_part_is_replaced(exported: Any, tmp_path: Path) -> None:
    """A server would have both; what the file holds cannot be taken out of it."""
    (tmp_path / "b.cfg").write_text(f"{A}\nroute[b] {{ exit; }}\n")
    (found,) = exported("%load b.cfg", A, loads=False).findings
    assert found.message == "event_route[E_A] is defined twice: first in b.cfg, line 1"


def test_a_file_with_many_errors_is_one_line_more(exported: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.cfg").write_text("".join(f"event_route[E_{n}] {{ }}\n" for n in range(60)))
    lines = exported("%load bad.cfg", A).text.splitlines()
    assert "#     bad.cfg:5:20: error: here the file has an error" in lines
    assert "#     ... and 40 more findings" in lines
    assert sum("bad.cfg:" in line for line in lines) == 20


def test_statements_in_files(exported: Any, tmp_path: Path) -> None:
    (tmp_path / "b.inc").write_text('$shv(limit) = 3;\nxlog("loaded");\n')
    (tmp_path / "s.cfg").write_text("startup_route { $shv(limit) = 4; }\n")
    text = exported('include_file "b.inc"', "%load b.inc", "%load s.cfg", "route[r] { $var(x) = $shv(limit); }").text
    assert '# include_file "b.inc": left out, it holds bare statements\n' in text
    assert "# (left out, it holds bare statements)\n" in text
    assert '\ninclude_file "s.cfg"\n' in text
    assert text.count("limit") == 1


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("'../a \"b'", "include_file '../a \"b'"),
        ("a", 'include_file "./a"'),
        ("~/x.cfg", f'include_file "{Path.home()}/x.cfg"'),
    ],
)
def test_paths_of_loaded_files(exported: Any, tmp_path: Path, path: str, line: str) -> None:
    """But for `a` they lie elsewhere, so that they are not opened."""
    (tmp_path / "a").write_text(A)
    assert f"\n{line}\n" in exported(f"%load {path}").text


def test_files_that_are_missing_or_refused(exported: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.cfg").write_text("event_route[E_B] { }")
    made = exported(f"%load none.cfg\n%load bad.cfg\n{A}", 'include_file "none.inc"')
    assert made.refused == ("none.cfg", "bad.cfg", "In[2]")
    assert made.routes == 1
    assert "none.inc" in made.text
    assert "#     bad.cfg:1:20: error: here the file has an error\n" in made.text


def test_names_cannot_break_out_of_comments(tmp_path: Path) -> None:
    made = export([NotebookCell("code", "nonsense(", "In[1]\nexit;")], "title\nroute[x] { exit; }", tmp_path)
    assert made.text.splitlines()[0] == "# title route[x] { exit; }"
    assert "\nexit;" not in made.text


# -- files of others --------------------------------------------------------------------------------------------------

SECRET = "SECRET_KEY = hunter2;\n"


def test_no_text_of_a_file_gets_out(exported: Any, tmp_path: Path) -> None:
    """Neither what is no script, nor what is: of refused cells and files only the places of their errors."""
    (tmp_path / "key").write_text(SECRET)
    (tmp_path / "ok").write_text('# hunter2\nroute[z] { xlog("hunter2\\n"); }\n')
    texts = ('include_file "key"', "%load key", "%load ok", "%load key\nnonsense(", 'include_file "ok"\nnonsense(')
    made = exported(*texts, A)
    assert "hunter2" not in made.text
    assert "SECRET" not in made.text
    assert len(made.refused) == 4


@pytest.mark.parametrize("line", ['include_file "{}"', "%load {}", 'route[x] {{\ninclude_file "{}"\nexit;\n}}', "link"])
def test_files_outside_of_the_folder_are_not_opened(exported: Any, tmp_path: Path, line: str) -> None:
    folder = tmp_path.parent / f"{tmp_path.name}-outside"
    folder.mkdir()
    outside = folder / "fifo"
    os.mkfifo(outside)  # an error, if it were opened
    if line == "link":
        (tmp_path / "link.cfg").symlink_to(outside)
        line, outside = "%load {}", Path("link.cfg")
    made = exported(line.format(outside), "route[r] { route(of_the_file); create_dialog(); }\n%raise E_A", A)
    assert (made.refused, made.unread) == ((), (str(outside),))
    assert f'include_file "{outside}"\n' in made.text
    assert made.summary.endswith(f"; not read, because outside of the folder: {outside}")
    assert "\nroute[r] { route(of_the_file); create_dialog(); }\n" in made.text
    assert "dialog" in modules(made.text)


def test_unread_files_before_a_reset(exported: Any) -> None:
    made = exported("%load ../b.cfg", 'include_file "../c.cfg"\n%reset\n%load ../d.cfg', A)
    assert "# (left out, taken back below)\n" in made.text
    assert '# include_file "../c.cfg": left out, taken back below\n' in made.text
    assert '\ninclude_file "../d.cfg"\n' in made.text
    assert made.unread == ("../d.cfg",)


def test_files_outside_of_the_folder_are_read_when_asked_for(tmp_path: Path) -> None:
    (tmp_path / "b.cfg").write_text("route[b] { $shv(x) = 1; }")
    (tmp_path / "folder").mkdir()
    cells = [NotebookCell("code", "%load ../b.cfg", "In[1]")]
    made = export(cells, "a test", tmp_path / "folder", reads_outside=True)
    assert (made.routes, made.unread, made.findings) == (1, (), ())
    assert modules(made.text) == ["proto_udp", "cfgutils"]


@pytest.mark.parametrize("name", ["fifo", "folder", "huge"])
def test_what_is_no_regular_file(exported: Any, tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "huge").touch()
    os.truncate(tmp_path / "huge", 2**40)
    made = exported(f'include_file "{name}"', f"%load {name}", A)
    assert made.refused == ("In[1]", name)
    assert made.text.count(" is left out: it is refused.\n") == 2
    assert made.text.count("not a regular file" if name != "huge" else "more than 16 MiB") == 2


# -- text -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "md:half a character \ud800 and a\rNUL \0 and \x1b[31m",
        'xlog("\ud800\\n"); # \0',
        "%raise E_A x=\x1b",
        "event_route[E_A] {",
        '/* " */ # /*\nxlog("/*\\n"); /* { */',
    ],
)
def test_any_text_gives_a_configuration(exported: Any, text: str) -> None:
    made = exported(text, A)
    made.text.encode()
    assert made.text.endswith(f"\n{A}\n")
    assert not set(made.text) & set("\0\x1b\r")


def test_windows_line_breaks(exported: Any) -> None:
    made = exported("md:a\r\nb", 'event_route[E_A] {\r\n  xlog("a\\n");\r\n}\r\n%raise E_A\r\n')
    assert body(made.text) == '\n# a\n# b\n\nevent_route[E_A] {\r\n  xlog("a\\n");\r\n}\r\n# %raise E_A\n'
