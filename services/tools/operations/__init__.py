"""What operators do with the data: audit, repair, certify, export, erase."""
