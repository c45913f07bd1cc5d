"""The product without Jupyter: one object to load scripts, raise events and see what they log."""
