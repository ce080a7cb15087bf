"""Applies the polls and makes the viewers' identity, at deploy."""
