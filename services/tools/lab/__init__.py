"""The lab: a poll under a chosen load, on a store that throttles as DynamoDB does."""
