"""Tables of facts, read from a source tree of OpenSIPS, and compared with the catalogue. Only names, types, flags."""
