"""The Lambda functions, one package for each."""
