"""The doctor requires the settings and outputs that the stack has."""

from services.tools.doctor.event_source import REQUIRED, check_mapping
from services.tools.doctor.finding import CheckStatus
from services.tools.doctor.ring import ALARM
from services.tools.doctor.stack import OUTPUTS
from tests.infra.conftest import Resources, Synthesise


def test_the_doctor_asks_for_the_settings_of_the_stack(resources: Resources) -> None:
    """The two lists of settings stay equal."""
    mapping = resources.mapping("aggregator")
    deployed = {**mapping, "State": "Enabled", "EventSourceArn": "stream"}

    assert {name: mapping[name] for name in REQUIRED} == REQUIRED
    assert check_mapping([deployed], "stream").verdict is CheckStatus.OK


def test_every_output_the_doctor_asks_for_is_one_of_the_stack(synthesise: Synthesise) -> None:
    """With both kinds of webhook."""
    for kind in ("lambda", "container"):
        outputs = synthesise("dev", webhook=kind)["Outputs"]

        assert set(OUTPUTS) <= set(outputs)


def test_the_alarm_that_the_doctor_rings_is_one_of_the_stack(synthesise: Synthesise) -> None:
    """CloudFormation names it by stack and logical id: the doctor looks for their beginning."""
    alarms = Resources(synthesise("dev", alarm_email="count@example.com")).of(
        "AWS::CloudWatch::Alarm"
    )
    (found,) = (
        alarm["Properties"]
        for logical, alarm in alarms.items()
        if logical.startswith(f"Observability{ALARM}")
    )

    assert "AlarmName" not in found
    assert len(found["AlarmActions"]) == 1
