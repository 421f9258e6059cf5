"""The background process that does the work: one per user, host and state directory."""
