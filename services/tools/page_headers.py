"""The security headers of the dashboard's page, which the doctor expects and a demo sends."""

import json
from pathlib import Path
from typing import Final

_HEADERS: Final = Path(__file__).parents[2] / "dashboard" / "security-headers.json"


def page_headers(*, dynamodb: str, cognito: str) -> dict[str, str]:
    """Return the headers by name, with the AWS endpoints that the page connects to."""
    headers: dict[str, str] = json.loads(_HEADERS.read_text(encoding="utf-8"))
    return {
        name: value.replace("{dynamodb}", dynamodb).replace("{cognito}", cognito)
        for name, value in headers.items()
    }
