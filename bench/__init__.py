"""Benchmarks of escape-vre against its peers: ``python -m bench [ONLY]``."""
