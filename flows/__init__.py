"""When: read, call one pipeline function, write. Only this package knows Prefect.

Its settings are defaults for this program's use, set before Prefect is imported; whoever
runs it may set others in the environment.
"""

import os

# No telemetry: personal data and what is done with it stay on the machines of the
# authority (Law ZRU-547, Article 27-1).
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("DO_NOT_TRACK", "1")
# A run without a server starts one of its own; on a busy machine that takes a while.
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "180")
