"""The management interface: a server's commands, as JSON-RPC 2.0 over datagrams, FIFO files and HTTP.

A command is one declared function in `commands`; `dispatch` finds and runs it; a door in `doors` carries requests and
replies; `server` opens and closes doors. Names, parameters, replies and error codes are those of OpenSIPS 3.6, the
names of 4.0 are understood too. `python -m evroute_kernel.engine.mi` writes docs/mi.md.
"""
