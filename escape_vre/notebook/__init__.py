"""What a kernel sees: magics, progress, completion."""
