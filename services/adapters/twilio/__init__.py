"""Twilio: signatures and TwiML for the webhook, and the REST API for phone numbers."""
