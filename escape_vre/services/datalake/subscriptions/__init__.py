"""Subscriptions: rules that Rucio makes by itself for new data that matches a filter."""
