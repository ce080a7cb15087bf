"""The webhook: Twilio posts each text here and sends the reply in the response."""
