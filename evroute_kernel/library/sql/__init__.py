"""SQL for module sqlops, on SQLite."""
