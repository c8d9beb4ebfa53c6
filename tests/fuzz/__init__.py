"""Every parser of ours under coverage-guided fuzzing: `python -m tests.fuzz`."""
