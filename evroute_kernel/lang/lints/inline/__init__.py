"""What comes of it that OpenSIPS 4.0 runs events inside the event routes that raise them. Imported for 4.0 alone."""
