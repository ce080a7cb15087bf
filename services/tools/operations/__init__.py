"""An operator's work on the data: audit, repair, certify, export, erasure."""
