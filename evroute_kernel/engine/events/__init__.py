"""Events on their way in: how people write them, and what callers may give."""
