"""The whole system on one machine: an AWS emulator, the real stack, simulated phones.

`toolchain` and `supervisor` run before or beside the installed libraries and import the
standard library only. May import `services.adapters` and `services.voting`.
"""
