"""How long the clients of a deployment wait: a page that shows its age gives up sooner."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.config import Config

from services.cli import deployment


@pytest.mark.parametrize(("impatient", "read_timeout"), [(True, 5), (False, 60)])
def test_a_page_gives_up_a_read_after_seconds_and_a_command_after_a_minute(
    impatient: bool,  # noqa: FBT001
    read_timeout: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A command may read for long; the figures of a page would only grow old."""
    asked: list[Any] = []
    outputs = [{"OutputKey": "WebhookUrl", "OutputValue": "https://votes.example.com/sms"}]

    def client(_: str, config: Config | None = None) -> Any:
        if config is not None:
            asked.append(config)
        return SimpleNamespace(describe_stacks=lambda **_: {"Stacks": [{"Outputs": outputs}]})

    session = SimpleNamespace(region_name="us-east-1", client=client)
    monkeypatch.setattr(deployment, "open_session", lambda: session)
    found = deployment.find(local=False, stage="dev", impatient=impatient)
    found.client("dynamodb")

    assert [config.read_timeout for config in asked] == [read_timeout]
