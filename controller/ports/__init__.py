"""One protocol per outside role; each says what it raises."""
