"""Variables of data that is attached to a notebook."""
