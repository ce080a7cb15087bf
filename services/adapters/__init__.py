"""The ports of `services.voting` on DynamoDB, Twilio and Secrets Manager.

The only package that knows a client library. What it raises is the domain's, or unknown.
"""
