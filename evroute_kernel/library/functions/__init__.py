"""Declarations of the script library; see `evroute_kernel.library.declarations`."""
