"""Who may be in which consultation, and what they tell each other."""
