"""Debugs the runs of a session: `debugger` says where they stop, hears that they did, and lets them go on."""
