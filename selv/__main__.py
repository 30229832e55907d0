"""`python -m selv` is the `selv` command."""

from selv.entry import main

main()
