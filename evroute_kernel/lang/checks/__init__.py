"""What a server would refuse: names, calls, values, settings, modules, routes, judged with the facts of the one table;
and what of a script runs here."""
