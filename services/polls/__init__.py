"""Poll files, from text to a checked `Poll`: parsing, validation, limits, reference.

Pure: imports the standard library and `services.voting` only.
"""
