"""Text of OpenSIPS 2.x: what it wrote otherwise, and what takes its place."""
