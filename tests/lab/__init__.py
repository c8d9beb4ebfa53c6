"""The laboratory: real calls over thin links made on this machine, and what they were worth."""
