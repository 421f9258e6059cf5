"""Putting files and folders into the data lake."""
