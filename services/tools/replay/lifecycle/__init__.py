"""Whole lives of polls: texts, operators, deploys, expiry and a late stream, drawn by a seed."""
