"""Fakes at the HTTP edge, and the contract test that every new service must pass."""
