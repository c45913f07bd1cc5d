"""Event-based routing: routes that scripts have subscribed with notify_on_event()."""
