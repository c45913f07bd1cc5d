"""All that a script can name. One declaration each: signature, documentation, behaviour (see `declarations`)."""
