"""Makes docs/alarms.md of the synthesised alarms: `python -m tests.infra.alarm_page`."""

import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from aws_cdk.assertions import Template

from tests.infra.conftest import Resources, build
from tests.infra.standstill import DAY, EVERYTHING, STANDSTILL, alarms_of, rings

PAGE: Final = Path(__file__).parents[2] / "docs/alarms.md"
OPTIONS: Final = {
    "alarm_email": "count@example.com",
    "reconcile": "5 minutes",
    "canary": "5 minutes",
    "audience": "large",
}
CONTAINER_OPTIONS: Final = {"webhook": "container"}
COMMAND: Final = "python -m tests.infra.alarm_page"

_INTRODUCTION: Final = """\
# Alarms

With `-c alarm_email=...` each alarm is an e-mail. It says what the alarm means and what to type
first, with the names of the stack's own tables and logs where this page has `<...>`. AWS first asks
the address to confirm: until somebody clicks on the link in *AWS Notification - Subscription
Confirmation*, no alarm is delivered. So ring one:

```sh
voteapp doctor --stage prod --ring
```

checks that the subscription is confirmed, sets the alarm *CountStalled* to ALARM and back, and says
which e-mail to expect. The budget mails the address itself and needs no confirmation.

The minutes are counted from the first whole minute in which something is wrong; CloudWatch needs up
to two more until it has the data. They come from the alarms of the stack and from CloudWatch's
documented evaluation, which a test carries out (`tests/infra/test_alarms_ring.py`); so does this
page ({command}).

A lambda webhook is shown. With `-c webhook=container` there is no *WebhookThrottled*, and there are
three more ([below](#with--c-webhookcontainer)). With `-c fallback=off` there is no alarm of the
fallback, and without `-c reconcile=...`, `-c canary=...` and `-c audience=large` none of these.
In the five minutes after the first deploy, *MappingSilent* may ring: the mapping is newer than the
minutes that the alarm looks at. So may *MergeFails* until the first night.

## Every alarm

| alarm | at 20:15 on the night it means | type first | rings within |
|---|---|---|---:|
"""
_STANDSTILL: Final = """
## Every way in which the count can stand still

The count is what the screen shows. What is refused is sent again by Twilio, then to the fallback;
what waits in the stream is counted once the cause is gone, for 24 hours.

| what happens | alarms, and within how many minutes they ring |
|---|---|
"""


_CONTAINERS: Final = """
## With `-c webhook=container`

| alarm | it means | type first | rings within |
|---|---|---|---:|
"""


def page(resources: Resources, containers: Resources) -> str:
    """The whole page: a stack with every alarm of a lambda webhook, and one with containers."""
    found = {what: rings(resources, *case) for what, case in EVERYTHING.items()}
    rows = [*_alarm_rows(resources, found)]
    return "".join(
        (
            _INTRODUCTION.replace("{command}", f"`{COMMAND}`"),
            *rows,
            _STANDSTILL,
            *(f"| {what} | {_in_turn(found[what])} |\n" for what in STANDSTILL),
            _CONTAINERS,
            *_container_rows(containers),
        )
    )


def _alarm_rows(resources: Resources, found: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    for name, alarm in alarms_of(resources):
        means, _, command = _text(resources, alarm["AlarmDescription"]).partition("\nFirst: ")
        minutes = min(rung[name] for rung in found.values() if name in rung)
        yield f"| *{name}* | {means} | `{command}` | {_duration(minutes)} |\n"


def _duration(minutes: int) -> str:
    return f"{minutes} min" if minutes < DAY else f"{minutes // DAY} days"


def _container_rows(containers: Resources) -> Iterator[str]:
    """Rows of the alarms on the load balancer and its targets, whose metrics are counts."""
    for name, alarm in alarms_of(containers):
        if alarm.get("Namespace") == "AWS/ApplicationELB":
            text = _text(containers, alarm["AlarmDescription"])
            means, _, command = text.partition("\nFirst: ")
            yield f"| *{name}* | {means} | `{command}` | {alarm['DatapointsToAlarm']} min |\n"


def _in_turn(minutes: Mapping[str, int]) -> str:
    ordered = sorted(minutes.items(), key=lambda one: (one[1], one[0]))
    return ", ".join(f"*{name}* {minute}" for name, minute in ordered)


def _text(resources: Resources, description: object) -> str:
    """A description, with what only a deployment can name in angle brackets."""
    match description:
        case {"Fn::Join": [_, list(parts)]}:
            return "".join(_text(resources, part) for part in parts)
        case {"Ref": str(logical)}:
            name = str(resources.readable(description))
            return f"<{name if name != logical else _log_group(logical)}>"
    return str(description)


def _log_group(logical_id: str) -> str:
    if logical_id.startswith("IngestWebhookLog"):
        return "log of the tasks"
    part, _ = re.split("AccessLog", logical_id, maxsplit=1)
    return {"Ingest": "access log of the API", "Fallback": "access log of the fallback"}[part]


def write() -> None:
    """Write the page."""
    with tempfile.TemporaryDirectory() as folder:
        stacks = [
            Resources(dict(Template.from_stack(build("prod", Path(folder), **options)).to_json()))
            for options in (OPTIONS, CONTAINER_OPTIONS)
        ]
    PAGE.write_text(page(*stacks), encoding="utf-8")


if __name__ == "__main__":
    write()
