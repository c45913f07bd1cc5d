"""What became of events: records, runs, batches and replays, as plain data for anybody to read."""
