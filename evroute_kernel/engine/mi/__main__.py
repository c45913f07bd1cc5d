"""`python -m evroute_kernel.engine.mi > docs/mi.md`: the commands and the doors, from the declarations."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from evroute_kernel.engine.mi import commands as _commands  # noqa: F401 - fills the table
from evroute_kernel.engine.mi.declaration import COMMANDS, Command
from evroute_kernel.engine.mi.dispatch import DEADLY
from evroute_kernel.engine.mi.doors.door import PATIENCE, RATE_LIMIT, REQUEST_LIMIT
from evroute_kernel.engine.mi.doors.http import IDLE, MOST_CONNECTIONS
from evroute_kernel.engine.mi.management import PENDING_LIMIT

HEAD = f"""# The management interface

Written by `python -m evroute_kernel.engine.mi` from the declarations that dispatcher, `which`, `help` and completion
read. The tools of a server work with a notebook as they are:

| door | in a notebook | a client |
| --- | --- | --- |
| datagram | `%mi serve datagram:127.0.0.1:8080` | `opensips-mi -t datagram -i 127.0.0.1 -p 8080 events_list` |
| unix socket | `%mi serve unix:/run/user/1000/mi.sock` | `opensips-mi -t datagram -ds /run/user/1000/mi.sock which` |
| FIFO file | `%mi serve fifo:/run/user/1000/mi.fifo` | `opensips-mi -t fifo -f /run/user/1000/mi.fifo ps` |
| HTTP | `%mi serve http:127.0.0.1:8888/mi` | `opensips-cli -o communication_type=http -x mi raise_event E_X 7` |

`evroute serve FILE.cfg --mi ADDRESS` opens the same doors without a notebook. Port 0 lets the system choose a port, and
the command says which. Nothing listens before it is asked to. `%mi serve` run again with the same address opens that
door anew, and shows what clients cause under the cell that ran last; `%mi stop`, `%reset` and the end of the kernel
close it. A kernel that was killed leaves the files of its doors behind: a `unix:` socket makes way for a new door, a
FIFO file has to be removed.

Doors are for this machine. Another address is served over HTTP alone, with `--listen HOST --token TOKEN`; clients send
`Authorization: Bearer TOKEN`. Requests over HTTP need `Content-Type: application/json`; as a server does, a door
answers others with 400 and nothing more (`curl -H 'Content-Type: application/json' -d ...`). Sockets and FIFO files
have the mode 0600, never take the place of another file, and go when their door is closed.

## Who may command it

The first line of `%mi serve` and `evroute serve` says so:

| door | who | files |
| --- | --- | --- |
| `unix:`, `fifo:` | this user and root | anywhere |
| `http:` with `--token` | whoever has the token, which HTTP sends in clear | anywhere |
| `datagram:`, `http:` without a token | every user of this machine | none |

Files are those of `flatstore:` sockets; `unix:` sockets, `evi_flat_rotate` and properties of `kafka:`, which can name
files and libraries, count as files. `--files DIR` (`evroute serve` takes several, `Server.open` has `files=`) names the
folder that clients may have them in, and no other then, at every door; properties of `kafka:` are refused still. What
a door refuses is answered with 403. In such a folder new files have the mode 0600, or the `file_permissions` that a
script sets; only plain files of this user that have one name are written to; no link leads out of it. Take a folder
that is for this alone. What scripts and `%subscribe` subscribe is not bounded by this.

A datagram at a unix socket tells its sender: those of other users are dropped, whatever the file's mode is by then, and
counted in `%mi`. A FIFO file does not: where its mode lets others write, what comes is dropped and the file is made
anew, so that whoever opened it meanwhile has it no more. Replies go to FIFO files of this user and of root alone. `arg`
does not tell a token, but other users can read a command line: `EVROUTE_MI_TOKEN` keeps it out of there.

## Limits

| limit | |
| --- | --- |
| size of a request | {REQUEST_LIMIT >> 20} MiB |
| requests that a door carries out in a second, in order; further ones wait | {RATE_LIMIT} |
| raised events that may wait for their routes; further ones are refused with 500 | {PENDING_LIMIT} |
| connections over HTTP; for one more, the one makes way that has waited longest for its request | {MOST_CONNECTIONS} |
| time for the head of a request over HTTP, since the beginning or the reply before | {IDLE:g} s |
| time for the body of a request over HTTP, and to take a reply, there or from a FIFO file | {PATIENCE:g} s |

Where descriptors run out, connections that wait for a request make way as well; without such a one none is accepted for
a moment, and `%mi serve`, or `evroute serve`, says so once.

The answer to `raise_event` says that the event waits for its routes. Events that come faster than one after the other
go to a worker in blocks, in their order: as many as it runs in a hundredth of a second. An error, the time limit and
the death of a worker cost one event; the limit of log records holds for a block, as many times as it has events.

## Requests

Requests are JSON-RPC 2.0. `params` are an array or an object. A text may be given as a number, an integer as a text. A
request without `id` is carried out and not answered.

The parameters of an event are an array of values, or an object in a text. An object as it is gets `400 No Params`, as
from a server. Over HTTP, and from a few lines of Python:

```sh
curl -H 'Content-Type: application/json' http://127.0.0.1:8888/mi -d '{{"jsonrpc": "2.0", "id": 1,
  "method": "raise_event", "params": {{"event": "E_PIKE_BLOCKED", "params": "{{\\"ip\\": \\"192.0.2.66\\"}}"}}}}'
```

```python
import json, socket

params = {{"event": "E_PIKE_BLOCKED", "params": json.dumps({{"ip": "192.0.2.66"}})}}
request = {{"jsonrpc": "2.0", "id": 1, "method": "raise_event", "params": params}}
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
    door.settimeout(2)
    door.sendto(json.dumps(request).encode(), ("127.0.0.1", 8080))
    print(door.recv(65535).decode())
```

A FIFO file takes `:NAME:{{...}}`, `NAME` being the FIFO file in `/tmp` (or `--reply-dir`) that gets the reply; with
`::` nobody gets one. What does not begin so is passed over.

## Names

A session of version 3.6 has the commands by the names of 3.6, one of version 4.0 by those of 4.0: `module:command`,
`command` alone where only one module has it, and aliases, which mostly are the names of 3.6. As on a server a short
name is looked for within the modules first, those of the core and the loaded ones, served here or not: `list` is the
name of four commands (-32001, `Method ambiguous`), and `raise` works until a module is loaded that has such a command
too. `which MODULE:` lists the commands of a module.

Fourteen names of 3.6 mean nothing to a 4.0, those of commands of `rtpengine`, `rtpproxy`, `nathelper`, `pike`,
`domain`, `presence`, `db_berkeley` and `db_flatstore`; `%mi` says what 4.0 has instead. `%mi` completes the names of
the session's version.

{DEADLY[:1].upper()}{DEADLY[1:]}, be it by datagram or by FIFO file (a 3.6 dies by FIFO file alone). Under version 4.0
such a request is answered with -32600 and this sentence as `data`, and the first one is told where the door was opened.

## Errors

| code | message | when |
| --- | --- | --- |
| -32700 | `Parse error` | it is no JSON |
| -32600 | `Invalid Request` | no `"jsonrpc":"2.0"`, no method, or members of a wrong type |
| -32601 | `Method not found` | there is no such command |
| -32001 | `Method ambiguous` | a short name of 4.0, such as `list`, that several modules have; `data` names them |
| -32602 | `Invalid params` | `data` says what is wrong with them |
| -32000 | `Server error` | a fault of this program; `data` says which |
| 4xx, 5xx | | what a command refuses, as a server does |

## Where it differs from a server

- What cannot be parsed is answered with -32700 by every door. A server sends the words `400 Parse_error` over datagrams
  and nothing to a FIFO file.
- A request whose `id` is neither text, number nor null is answered -32600 with `id` null. A server sends the words
  `500 Internal error` over datagrams and `failed to print response` to a FIFO file. JSON that is no object crashes it
  when it comes by FIFO file.
- Numbers such as `01`, `1.` and `0x10` are no JSON here; a server reads them as C does. What is nested several hundred
  levels deep is refused as well; a server takes 1000.
- Under version 3.6 names of 4.0 are understood, but for what is new there. Under version 4.0 a command that is known
  and not served here gets `Method not found` with `data` that says so.
- `raise_event` takes nested values, `true`, `null` and `{{}}` in the object of `params`; a server may crash or send
  garbage.
- Sockets that have subscribed get the parameters of an array as an array. A server's names for them are uninitialised
  memory, so that sockets mostly get `{{"":"a","":"b"}}`.
- A command that came by FIFO file is carried out even if nobody reads its reply, and may come in pieces, or after
  something that is no request.
- `version` names this program, `help` speaks of the commands in its own words, `ps` lists workers.
- `event_subscribe` knows all protocols of [subscriptions](subscriptions.md), whatever modules are loaded.
- `events_list` lists the events of a module by name; modules stand in the order of loading.
- `shv_get` does not list variables that were read by a computed name only; on a server, reading makes them.
- Statistics are those that scripts count. One that is asked for twice in one request is told once.
- Not served of the core, in either version: what tells of memory, blacklists, the consumers of the log and reports of
  status, and `reload_routes`; in 3.6 `list_tcp_conns`.
- Where a value has the right type and is refused all the same (`limit` 0), a server repeats what was last wrong with a
  parameter, or says `Server error`, `Failed to handle parameter` if that was nothing; here it is a bad type.
- `regex_reload` is refused where there is a file of groups: a worker reads it once. `cache_fetch_chunk` leaves out keys
  that have expired, which a server lists until it looks for them.
- `kill` is refused with 403, and so are files that a door's clients may not have.
- `arg` does not tell the token of a door.

## Commands
"""


def document() -> Iterator[str]:
    """The page, line by line."""
    yield HEAD
    yield "| in 3.6 | in 4.0 | parameters |"
    yield "| --- | --- | --- |"
    for command in COMMANDS.values():
        yield f"| {_in_3_6(command)} | {_in_4_0(command)} | {_parameters(command)} |"
    for command in COMMANDS.values():
        yield f"\n### {_title(command)}\n"
        yield command.doc


def _title(command: Command) -> str:
    return command.name if "3.6" in command.versions else command.full_name


def _in_3_6(command: Command) -> str:
    return f"[`{command.name}`](#{command.name})" if "3.6" in command.versions else "new"


def _in_4_0(command: Command) -> str:
    """The full name, and the alias that 3.6 does not tell; what is new is a link, whose anchor has no colon."""
    if "3.6" in command.versions:
        return f"`{command.full_name}`"
    names = [f"[`{command.full_name}`](#{command.full_name.replace(':', '')})", *(f"`{n}`" for n in command.aliases)]
    return ", ".join(names)


def _parameters(command: Command) -> str:
    lists = (" ".join(f"`{name}`" for name in recipe) or "none" for recipe in command.recipes)
    return " or ".join(lists)


if __name__ == "__main__":
    sys.stdout.write("\n".join(document()) + "\n")
