"""Builds the docs site from the Markdown files of the repository."""
