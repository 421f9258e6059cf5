"""The lake's processes: they run in the lake's own virtual environment, never the user's."""
