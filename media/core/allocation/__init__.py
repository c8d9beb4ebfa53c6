"""Who gets what of the links: the ladder, the voice, the pictures, the plan for each browser."""
