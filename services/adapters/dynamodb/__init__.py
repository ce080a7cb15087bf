"""Both tables: ballots, tallies and the directory of polls, and how they are read and written."""
