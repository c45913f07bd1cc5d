"""What people are offered and told while they write: completion and documentation of a text at a position.

It knows a text, a position in it, and what is defined beyond the text (`Defined`, which the caller fills); no notebook,
no session, no protocol. The kernel asks it for cells, editors for files.
"""
