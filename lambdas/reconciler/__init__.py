"""The reconciler: compares Twilio's message log with the ballots on a schedule."""
