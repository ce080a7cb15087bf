"""Simulated phones: texts signed as Twilio signs them, posted at any rate, and their replies."""
