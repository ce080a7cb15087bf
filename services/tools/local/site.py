"""Uploads the built dashboard and its `config.json` to the stack's bucket.

In an AWS account, CDK's BucketDeployment does this; the emulator does not support it.
"""

import json
import mimetypes
from pathlib import Path
from typing import Final

from services.tools.local.aws import LocalAws
from services.tools.local.deployment import Outputs
from services.tools.local.folders import ROOT

BUILT: Final = ROOT / "dashboard" / "dist"
CONFIG: Final = "config.json"
POLLS: Final = ROOT / "polls"


def upload(
    aws: LocalAws, outputs: Outputs, *, poll: str, lab_poll: str | None = None, built: Path = BUILT
) -> None:
    """Upload every built file, and write the `config.json` of this stack.

    `lab_poll` is the poll of the lab page; without it the dashboard has no lab page.
    """
    bucket = aws.client("s3")
    files = {path.relative_to(built).as_posix(): path for path in built.rglob("*")}
    for name, path in files.items():
        if path.is_file() and name != CONFIG:
            kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
            bucket.put_object(
                Bucket=outputs.site_bucket, Key=name, Body=path.read_bytes(), ContentType=kind
            )
    bucket.put_object(
        Bucket=outputs.site_bucket,
        Key=CONFIG,
        Body=json.dumps(configuration(aws, outputs, poll=poll, lab_poll=lab_poll)).encode(),
        ContentType="application/json",
    )


def configuration(
    aws: LocalAws, outputs: Outputs, *, poll: str, lab_poll: str | None = None
) -> dict[str, object]:
    """Return the content of `config.json`; `dashboard/src/config.js` validates it."""
    guest = {"identityId": outputs.guest_identity_id} if outputs.guest_identity_id else {}
    return {
        "region": aws.region,
        "aggregatesTable": outputs.aggregates_table,
        "identityPoolId": outputs.identity_pool_id,
        "poll": poll,
        "polls": [file.stem for file in sorted(POLLS.glob("*.toml"))],
        "endpoints": {"dynamodb": aws.endpoint, "cognitoIdentity": aws.endpoint},
        **({"lab": {"poll": lab_poll}} if lab_poll else {}),
        **({"audience": "large"} if outputs.reader_function else {}),
        **guest,
    }
