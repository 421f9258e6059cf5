"""A shelf of files, as a service of escape-vre."""
