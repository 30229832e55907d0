"""Mechanics of record linkage: no word of persons or addresses."""
