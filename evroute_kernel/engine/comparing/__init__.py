"""One event under several versions of the server, each in a session of its own that goes away again."""
