"""One notebook's world: its routes, its workers, its events. Knows no Jupyter."""
