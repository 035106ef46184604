"""`python -m fitserve` is the `fitserve` command, where that is not installed."""

import sys

from fitserve.cli import main

if __name__ == "__main__":
    sys.exit(main())
