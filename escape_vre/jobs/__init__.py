"""Jobs that outlive their clients, and the only writer of downloaded bytes."""
