"""Recording events, and replaying recorded ones at speed.

`recorder` writes what is raised; `reading` and `formats` read files of it; `feeding` cuts them into portions, which
`engine.workers.portion_schedule` hands to workers; `engine.results.replays` is what comes out.
"""
