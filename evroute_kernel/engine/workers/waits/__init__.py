"""Runs of workers that wait for an event or a time, as the supervisor sees them."""
