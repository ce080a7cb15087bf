"""What an evening costs: usage by the design's own arithmetic, times a dated price list."""
