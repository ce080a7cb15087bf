"""The reader: boards as JSON for CloudFront."""
