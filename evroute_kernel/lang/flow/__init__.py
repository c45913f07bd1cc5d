"""The ways through a block, as its text has them: `statements` from statement to statement, `lines` from line to line.

What was run of them is told by a watcher (`worker.watching.covering`).
"""
