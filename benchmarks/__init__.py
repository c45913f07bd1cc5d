"""Everything that is timed: `python -m benchmarks [NAME ...] [--smoke] [--json FILE]`."""
