"""The canary: one text through the whole deployment on a schedule."""
