"""Checks the whole way of a text, from the number to the screen, and says what is wrong.

A check is a function over what it looks at, and returns a finding; `walk` gets hold of the
things and puts the checks in the order in which a text passes them. Nothing here changes a
deployment, but for the self-test, which removes all it made.
"""
