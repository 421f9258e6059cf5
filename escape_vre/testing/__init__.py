"""Fakes at the HTTP edge, and the contract that every new service must keep."""
