"""What holds for all tests: kernels that they start leave nothing in the user's history."""

import os

os.environ["EVROUTE_HISTORY"] = ":memory:"
