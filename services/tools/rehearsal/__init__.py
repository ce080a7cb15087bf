"""A rehearsal: texts at a given rate to a poll of its own, a report, and nothing left of it."""
