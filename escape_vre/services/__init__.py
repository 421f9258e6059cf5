"""One folder for each remote system, all of one shape."""
