"""The operator's console: a page on this machine only, on the operator's own AWS credentials.

`services.cli.console_desk` implements the port `Desk` with the functions of the commands.
"""
