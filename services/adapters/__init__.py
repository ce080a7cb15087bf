"""The ports of `services.voting` on DynamoDB, Twilio and Secrets Manager.

The only deployed package that knows a client library. Errors of a client library are translated
into those of `services.voting.errors`; what is unknown propagates.
"""
