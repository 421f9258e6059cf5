"""Jobs that outlive whoever asked for them, and the only writer of downloaded bytes."""
