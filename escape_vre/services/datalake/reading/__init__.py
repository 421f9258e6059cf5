"""Reading files where they are: from a folder, a cache, or a storage, without a download."""
