"""Dialogs that somebody has filled in: what functions and variables of module dialog work on."""
