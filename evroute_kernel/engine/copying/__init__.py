"""Sessions that have what another one has: for what is to leave that one alone."""
