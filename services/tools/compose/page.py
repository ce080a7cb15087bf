"""Serves the dashboard from the emulator's bucket, with CloudFront's security headers."""

import os
from collections.abc import Mapping

import uvicorn

from services.tools.local.aws import LocalAws
from services.tools.local.static_server import create_site_app


def main(environ: Mapping[str, str]) -> None:
    """Serve until stopped."""
    application = create_site_app(
        LocalAws(endpoint=environ["AWS_ENDPOINT_URL"]), environ["SITE_BUCKET"]
    )
    host, port = environ.get("HOST", "127.0.0.1"), int(environ.get("PORT", "8081"))
    uvicorn.run(application, host=host, port=port, log_level="warning", lifespan="off")


if __name__ == "__main__":
    main(os.environ)
