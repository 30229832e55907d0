"""`python -m selv` is the `selv` command."""

from selv.cli import main

main()
