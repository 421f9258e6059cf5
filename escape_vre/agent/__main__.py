"""``python -m escape_vre.agent``: what a client starts where no agent runs."""

import sys

from escape_vre.agent.process import main

sys.exit(main())
