"""Where raised events go: the Event Interface, its subscribers and the transports that reach them."""
