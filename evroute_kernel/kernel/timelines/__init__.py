"""Timelines as people see them: `axis` and `scene` place bars, `drawing` makes SVG, `words` text, `files` writes."""
