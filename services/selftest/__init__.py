"""Sends a deployment one text in a poll of its own, and removes every trace of it.

`voteapp doctor` runs it from a person's machine, the canary on a schedule.
"""
