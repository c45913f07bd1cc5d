"""The magics of a cell, by theme."""
