"""The processes of workers: starting them, talking to them, and knowing how they ended."""
