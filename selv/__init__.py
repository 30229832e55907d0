"""The `selv` command: words on a terminal in, calls of the pipeline and the flow out."""
