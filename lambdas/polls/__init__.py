"""The function behind the custom resources: applies polls, creates the guests' identity."""
