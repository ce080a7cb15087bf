"""An evening of texts, replayed through the real webhook, store and aggregator.

Also a stream that misbehaves on purpose: what proves the count exact under every fault that
DynamoDB Streams and Lambda are allowed.
"""
