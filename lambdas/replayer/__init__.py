"""The replayer: counts the texts of the fallback queue."""
