"""The webhook: Twilio delivers a text here, and reads the reply from the answer."""
