"""A running OpenSIPS as a peer: its management interface, its notifications, a subscription that is kept alive."""
