"""Simulated phones, which post texts with Twilio's signature and read the replies."""
