"""The stack: how the parts of `services` and `lambdas` are laid out on AWS."""
