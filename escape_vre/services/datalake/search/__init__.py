"""Search by metadata: one grammar for panel, magic, command and Python."""
