"""Datasets and containers: made, filled, closed and erased; the metadata of DIDs."""
