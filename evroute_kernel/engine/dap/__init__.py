"""The Debug Adapter Protocol: what front ends ask (`adapter`), and how values look as a tree (`tree`)."""
