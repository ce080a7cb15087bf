"""The rules of voting, without I/O.

This package imports the standard library only; a test checks its imports. Everything that uses
a network is in `services.adapters`.
"""
