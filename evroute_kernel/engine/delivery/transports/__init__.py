"""How events leave the session: one module for each protocol of the server's event_* modules.

`open_destinations.py` opens what a subscription names; the rest is behind `Destination`. Nothing is opened, connected
or started before a socket is subscribed.
"""
