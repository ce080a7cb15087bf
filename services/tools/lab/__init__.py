"""The lab: a poll under any load, on a store that throttles as DynamoDB does."""
