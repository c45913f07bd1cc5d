"""All that a script can name: facts (see `catalogue`) plus behaviour (see `behaviour`), joined in `table`."""
