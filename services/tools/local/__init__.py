"""Runs the whole system on one machine: an AWS emulator, the real stack, simulated phones.

`supervisor` runs without site-packages and imports the standard library only.
"""
