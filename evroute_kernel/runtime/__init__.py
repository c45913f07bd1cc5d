"""What compiled routes call: values, one run's state, what workers share. Standard library, lmdb and regex only."""
