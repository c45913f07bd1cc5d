"""Jupyter's protocol: requests in, replies and messages out."""
