"""Checks a deployment along the path of a text, from the number to the screen.

A check is a function that takes what it looks at and returns a finding; `services/cli/checks.py`
fetches the inputs and orders the checks. Only the self-test changes a deployment, and it removes
everything that it made.
"""
