"""report.html: stub."""
from typing import Any
import json

def render_report(summary: dict[str, Any]) -> str:
    return json.dumps(summary)
