"""Nodes that send each other messages: several sessions as one cluster, without a network between them."""
