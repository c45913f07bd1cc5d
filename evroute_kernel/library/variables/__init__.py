"""What the script library's variables do; see `evroute_kernel.library.behaviour`."""
