"""Folds the stream of ballots into the tallies."""
