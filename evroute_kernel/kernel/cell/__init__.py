"""One cell, from its text to its output, and the notebook that it stands in."""
