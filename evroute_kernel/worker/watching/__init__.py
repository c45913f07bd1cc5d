"""What watches runs in a worker: `watching` joins the hook to the process, the other modules are kinds of watchers.

Nothing of this is imported before somebody watches.
"""
