"""Folders of runs: found while they run, swept up when they are no more."""

import socket
from pathlib import Path

import pytest

from services.tools.local.errors import LocalCloudError, PortInUseError
from services.tools.local.ports import HOST
from services.tools.local.runs import (
    LAST_FAILURE,
    CloudFile,
    delete_dead_folders,
    find_running,
    publish,
    run_folder,
)
from services.tools.local.static_server import check_port_is_free


def a_cloud() -> CloudFile:
    """What a run tells about itself."""
    return CloudFile(
        pids={"demo": 1},
        endpoint="http://127.0.0.1:1",
        region="us-east-1",
        dashboard_url="http://127.0.0.1:2",
        webhook_url="http://127.0.0.1:3/sms",
        stack="VoteApp-local",
        outputs={"VotesTable": "votes"},
        started_at_ms=0,
    )


def test_a_running_cloud_is_found_and_a_stopped_one_is_not(tmp_path: Path) -> None:
    """By other programs, through its file."""
    with run_folder(tmp_path) as folder:
        publish(folder, a_cloud())
        found = find_running(tmp_path)

    assert [cloud.outputs["VotesTable"] for cloud in found] == ["votes"]
    assert find_running(tmp_path) == []
    assert not folder.exists()


def test_a_folder_of_a_killed_run_is_swept_up(tmp_path: Path) -> None:
    """Nobody holds its lock any more."""
    (dead := tmp_path / "run-1").mkdir()
    (dead / "lock").touch()
    with run_folder(tmp_path) as living:
        delete_dead_folders(tmp_path)
        kept = living.exists()

    assert kept
    assert not dead.exists()


def test_the_logs_of_a_failure_are_kept(tmp_path: Path) -> None:
    """They are what a person needs to see."""

    def fails() -> None:
        with run_folder(tmp_path) as folder:
            (folder / "cdk-deploy.log").write_text("CREATE_FAILED")
            raise LocalCloudError("the deploy failed", "Try again.")

    with pytest.raises(LocalCloudError):
        fails()

    assert (tmp_path / LAST_FAILURE / "cdk-deploy.log").read_text() == "CREATE_FAILED"
    assert not list(tmp_path.glob("run-*"))


def test_a_port_in_use_is_named_with_the_remedy() -> None:
    """Before anything is set up."""
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(PortInUseError, match=f"port {port}: in use") as caught:
            check_port_is_free(port)
    assert "--port" in caught.value.remedy
