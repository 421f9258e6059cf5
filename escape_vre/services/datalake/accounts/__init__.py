"""The user's account: what it owns, how much it may store where, and whether it may do all."""
