"""What AWS Lambda runs, one package a function."""
