"""``python -m escape_vre``."""

import sys

from escape_vre.cli import main

sys.exit(main())
