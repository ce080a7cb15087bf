"""The local cloud brought up whole: `voteapp demo`, `voteapp smoke`, and the lab measured."""
