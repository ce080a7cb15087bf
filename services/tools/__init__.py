"""Programs for people who operate, test or study the system. No bundle holds them."""
