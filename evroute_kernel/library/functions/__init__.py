"""What the script library's functions do; see `evroute_kernel.library.behaviour`."""
