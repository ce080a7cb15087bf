"""The dashboard's response headers, as CloudFront wants them told.

They are spelled in `dashboard/security-headers.json`, which the local cloud serves by too.
CloudFront takes the headers it calls security headers by field, all others by name.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudfront as cloudfront

HEADERS: Final = Path(__file__).parent.parent / "dashboard" / "security-headers.json"


_CONTENT: Final = "Content-Security-Policy"
_TRANSPORT: Final = "Strict-Transport-Security"
_REFERRER: Final = "Referrer-Policy"
_NO_SNIFFING: Final = "X-Content-Type-Options"  # has one value only


def read_headers() -> dict[str, str]:
    """Header -> value, with the addresses the page may connect to."""
    there = f"{Aws.REGION}.{Aws.URL_SUFFIX}"
    addresses = {
        "{dynamodb}": f"https://dynamodb.{there}",
        "{cognito}": f"https://cognito-identity.{there}",
    }
    headers: dict[str, str] = json.loads(HEADERS.read_text(encoding="utf-8"))
    for placeholder, address in addresses.items():
        headers = {name: value.replace(placeholder, address) for name, value in headers.items()}
    return headers


def security_headers(headers: Mapping[str, str]) -> cloudfront.ResponseSecurityHeadersBehavior:
    """Those that CloudFront knows by field."""
    transport, referrer = headers[_TRANSPORT], headers[_REFERRER]
    (seconds,) = re.findall(r"max-age=(\d+)", transport)
    return cloudfront.ResponseSecurityHeadersBehavior(
        content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
            content_security_policy=headers[_CONTENT], override=True
        ),
        strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
            access_control_max_age=Duration.seconds(int(seconds)),
            include_subdomains="includeSubDomains" in transport,
            override=True,
        ),
        referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
            referrer_policy=cloudfront.HeadersReferrerPolicy[referrer.upper().replace("-", "_")],
            override=True,
        ),
        content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
    )


def other_headers(headers: Mapping[str, str]) -> cloudfront.ResponseCustomHeadersBehavior:
    """Those that it takes by name."""
    return cloudfront.ResponseCustomHeadersBehavior(
        custom_headers=[
            cloudfront.ResponseCustomHeader(header=name, value=value, override=True)
            for name, value in headers.items()
            if name not in {_CONTENT, _TRANSPORT, _REFERRER, _NO_SNIFFING}
        ]
    )
