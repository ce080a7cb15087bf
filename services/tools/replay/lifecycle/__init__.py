"""Simulates polls from first deploy to expiry: texts, operators, deploys and a late stream."""
