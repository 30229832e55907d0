"""Stage 2: source rows to comparable records; nothing is decided here."""
