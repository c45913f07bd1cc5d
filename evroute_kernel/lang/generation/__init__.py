"""From a checked tree to Python code: statements, expressions, their places, and the limits of nesting."""
