"""Registering files that are at an RSE already, without sending a byte."""
