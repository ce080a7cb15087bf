"""Merges tally rows that cannot change any more."""
