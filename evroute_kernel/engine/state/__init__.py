"""What a session knows and what has happened in it: plain data, and the one object that guards it."""
