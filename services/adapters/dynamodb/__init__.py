"""The adapters on DynamoDB: ballots, tallies and the directory of polls."""
