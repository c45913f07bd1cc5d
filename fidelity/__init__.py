"""Does a script do here what it does on a real server? Programs are run on both, what differs is made small.

`docs/fidelity.md` tells how to repeat it. A server is taken as it is installed: the environment variables OPENSIPS
(the program) and OPENSIPS_MODULES (the folder of its modules) name one, nothing here builds it.
"""
