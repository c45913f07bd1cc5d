"""What a server would refuse: names, calls, values, settings, routes, judged with the facts of the one table."""
