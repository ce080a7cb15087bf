"""The rules of voting, pure.

Nothing in this package imports anything but the standard library; a test walks its
imports and says so. Everything that touches a network sits in `services.adapters`.
"""
