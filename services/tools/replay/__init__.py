"""Replays a scenario, a file of texts, through the real webhook, store and aggregator.

A simulated stream injects every fault that DynamoDB Streams and Lambda allow, to show that the
count stays exact.
"""
