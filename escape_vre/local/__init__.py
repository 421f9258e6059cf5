"""Back ends that run on this machine, for people who have no account and no cluster."""
