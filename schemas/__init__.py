"""Contracts: what every table is. Imports nothing of ours."""
