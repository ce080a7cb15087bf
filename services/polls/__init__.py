"""Poll files: parsing, validation, limits, reference, and the changes that applying them makes.

This package does no I/O and imports the standard library and `services.voting` only.
"""
