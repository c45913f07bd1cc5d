"""Recording events, and replaying recorded ones at speed.

`recorder` writes what is raised; `reading` and `formats` read files of it; `feeding` cuts them into portions, which
`scheduling` hands to workers; `work` keeps the books, `result` is what comes out.
"""
