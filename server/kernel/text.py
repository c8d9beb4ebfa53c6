"""What of a person's text can be kept. Kept exactly as written: pages show it inert."""


def storable(text: str) -> bool:
    """PostgreSQL holds no NUL, and nobody holds half a character."""
    return "\x00" not in text and not any("\ud800" <= c <= "\udfff" for c in text)
