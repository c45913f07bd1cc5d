"""What stands in for `process.at` while somebody wants to know each statement: `hook` for all who watch, `trace` for
script_trace()."""
