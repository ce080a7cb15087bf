"""What runs: the voting rules, their adapters, and the programs made of the two."""
