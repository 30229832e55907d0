"""How one table becomes the next; the order of the stages is written below."""
