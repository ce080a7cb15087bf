"""Runs the whole system on one machine: an AWS emulator, the real stack, simulated phones.

`toolchain` runs before any library is installed, and `supervisor` runs without site-packages:
both import the standard library only.
"""
