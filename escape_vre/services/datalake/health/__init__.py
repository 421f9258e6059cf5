"""What of a data lake works: its server, the sign-in, its storages."""
