"""Rules: what keeps data where, for how long, and why one is stuck."""
