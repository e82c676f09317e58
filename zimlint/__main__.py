"""``python -m zimlint``."""

import sys

from zimlint.cli import main

if __name__ == "__main__":
    sys.exit(main())
