"""What a front end asks about a cell: what can stand at the cursor, and what is known of the thing there.

`assist` answers for script, from what the notebook has defined (`defined`); here is the rest, which is magics: `lines`
reads a magic line by the usage of its magic, and asks the magic for what its declaration offers beyond (`asked`).
"""
