"""Runs routes in worker processes: who runs what and when, and what becomes of it."""
