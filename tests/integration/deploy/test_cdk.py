"""What CDK itself says about the stack, on the first deploy."""

import json

import pytest

from tests.support.strict_cloud import Cloud

pytestmark = pytest.mark.cloud


def test_cdks_own_validation_finds_nothing(untouched: Cloud) -> None:
    """It would only warn; the other syntheses of the tests leave it out."""
    report = json.loads((untouched.project / "cdk.out/validation-report.json").read_text())

    assert report["pluginReports"] == []
