"""What each fault costs people in a call, in seconds: `python -m tests.faults`."""
