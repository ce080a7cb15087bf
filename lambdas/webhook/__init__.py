"""The webhook behind API Gateway."""
