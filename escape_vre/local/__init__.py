"""Back ends that run on this machine."""
