"""Text to code object: parser, nodes, checker, lints, code generator. No processes, no Jupyter."""
