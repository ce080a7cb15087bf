"""Texts that arrived late: from the fallback queue, or from Twilio's message log."""
