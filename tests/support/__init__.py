"""What tests of several folders need: front ends, stand-ins for servers, recorded and generated programs.

Imported as `support.NAME`: `tests` is the one folder that pytest puts on the path. `campaigns` uses some of it too.
"""
