"""The state of the whole data lake: how full it is, and what is on its way."""
