"""When: read, call one pipeline function, write. Only this package knows Prefect."""
