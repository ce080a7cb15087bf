"""Security headers as CloudFront properties.

`dashboard/security-headers.json` holds the headers; the local cloud sends the same file.
CloudFront has a typed field for each header that it calls a security header; all others are
given as name and value.
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
_CONTENT_TYPE: Final = "X-Content-Type-Options"  # its only value is nosniff


def read_headers() -> dict[str, str]:
    """Read the headers (name -> value) and fill in the AWS endpoints that the page connects to."""
    regional_suffix = f"{Aws.REGION}.{Aws.URL_SUFFIX}"
    addresses = {
        "{dynamodb}": f"https://dynamodb.{regional_suffix}",
        "{cognito}": f"https://cognito-identity.{regional_suffix}",
    }
    headers: dict[str, str] = json.loads(HEADERS.read_text(encoding="utf-8"))
    for placeholder, address in addresses.items():
        headers = {name: value.replace(placeholder, address) for name, value in headers.items()}
    return headers


def security_headers(headers: Mapping[str, str]) -> cloudfront.ResponseSecurityHeadersBehavior:
    """Build the headers that CloudFront has typed fields for."""
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
    """Build the headers that CloudFront takes as name and value."""
    return cloudfront.ResponseCustomHeadersBehavior(
        custom_headers=[
            cloudfront.ResponseCustomHeader(header=name, value=value, override=True)
            for name, value in headers.items()
            if name not in {_CONTENT, _TRANSPORT, _REFERRER, _CONTENT_TYPE}
        ]
    )
