"""What the script library's transformations do; see `evroute_kernel.library.behaviour`."""
