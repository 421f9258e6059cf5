"""What every other part stands on: names, errors, settings. No Jupyter, no service knowledge."""
