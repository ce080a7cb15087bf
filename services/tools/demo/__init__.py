"""Starts the whole local cloud, for `voteapp demo`, `voteapp smoke` and `voteapp lab`."""
