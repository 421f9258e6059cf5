"""The Rucio data lake: DIDs, their contents and replicas, and getting them."""
