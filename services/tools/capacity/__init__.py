"""Plans the capacity of a vote: shards, partitions, units a second, the read path and the cost."""
