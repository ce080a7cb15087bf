"""The built dashboard into the stack's bucket, with a `config.json` that says where it is.

In an account the deploy does this with CDK's own custom resource, which needs what the
emulator does not have.
"""

import json
import mimetypes
from pathlib import Path
from typing import Final

from services.tools.local.aws import LocalAws
from services.tools.local.deployment import Outputs
from services.tools.local.toolchain import ROOT

BUILT: Final = ROOT / "dashboard" / "dist"
CONFIG: Final = "config.json"


def upload(
    aws: LocalAws, outputs: Outputs, *, poll: str, lab_poll: str | None = None, built: Path = BUILT
) -> None:
    """Put every built file, and the configuration in place of the one in the sources.

    `lab_poll` is the poll of the lab's page; without one there is no such page.
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
    """What the page needs to know, as `dashboard/src/config.js` checks it."""
    guest = {"identityId": outputs.guest_identity_id} if outputs.guest_identity_id else {}
    return {
        "region": aws.region,
        "aggregatesTable": outputs.aggregates_table,
        "identityPoolId": outputs.identity_pool_id,
        "poll": poll,
        "endpoints": {"dynamodb": aws.endpoint, "cognitoIdentity": aws.endpoint},
        **({"lab": {"poll": lab_poll}} if lab_poll else {}),
        **guest,
    }
