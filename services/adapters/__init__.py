"""Implements the ports of `services.voting` on DynamoDB, Twilio and Secrets Manager.

No other deployed package imports a client library. Known errors of a client library are
translated into those of `services.voting.errors`; all others propagate.
"""
