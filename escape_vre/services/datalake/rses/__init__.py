"""Storages (RSEs): their room and attributes, and the expressions that choose among them."""
