"""Back ends that run on this machine, for users without an account or a cluster."""
