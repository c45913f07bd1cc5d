"""The search for races: which orders of steps are run (`exploring`), how (`conducting`), and what came of each."""
