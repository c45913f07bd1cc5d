"""`python -m evroute_kernel.lang.lints` prints the documentation of all lints."""

import sys

from evroute_kernel.lang.lints.documentation import page

if __name__ == "__main__":
    sys.stdout.write(page())
