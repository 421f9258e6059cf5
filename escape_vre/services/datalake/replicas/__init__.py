"""Replicas that are broken: said to the data lake, which replaces them."""
