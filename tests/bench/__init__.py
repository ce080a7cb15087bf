"""Speeds, measured: `make bench`. Never asserted in a timed test; compared in one run."""
