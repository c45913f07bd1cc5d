"""A notebook as the configuration of a server: its cells are rehearsed without running a route, then written down.

read_notebook(path) -> cells        `notebooks`
export(cells, title)                `standalone`, for `evroute export` and `jupyter nbconvert --to script`
export_cells(cells, title)          `rehearsing`, for `%export`
Rehearsal                           `rehearsal`: what the cells define, and what is still in force at the end
configuration(rehearsal, title)     `configuration`: the text of opensips.cfg
"""
