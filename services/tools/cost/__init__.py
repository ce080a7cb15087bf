"""Estimates what a voting event costs: usage, times a dated price list."""
