"""What a job does: the contract of a kind, and the kinds that every service can use."""
