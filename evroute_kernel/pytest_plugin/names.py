"""What this plugin calls its fixtures, markers and ini options."""

from __future__ import annotations

from typing import Any, Final

import pytest

#: a marker and an ini option: the version of the server
SERVER: Final = "evroute_server"
#: the fixture; also a marker and an ini option: how it is opened
SESSION: Final = "evroute_session"
#: the fixture that is one of the events of the marker
EVENT: Final = "evroute_event"
EVENTS: Final = "evroute_events"
#: where a test keeps its session
SESSION_KEY: Final = pytest.StashKey[Any]()
#: and what tells how far scripts were run, or None
COVERING_KEY: Final = pytest.StashKey[Any]()
#: and where pytest keeps whether coverage.py has been told of the scripts that there are
TOUCHED_KEY: Final = pytest.StashKey[bool]()
