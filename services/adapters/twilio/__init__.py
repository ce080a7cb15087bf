"""Twilio: requests and answers of the webhook, and the REST API that configures phone numbers."""
