"""How OpenSIPS 4.0 runs events: inside of each other, and with events that tell of runs."""
