"""Fixtures of all tests: the local cloud is brought up once, by the first that needs it."""

pytest_plugins = ("tests.support.cloud",)
