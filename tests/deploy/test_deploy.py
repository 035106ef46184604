"""The deploy script, through the real boto3, against an environment on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import deploy as script
from deploy.deploy import Exit, commit_of, main
from fitserve.storage.migrations import STEPS
from tests.conftest import ROOT
from tests.deploy.fake_aws import FakeAws, fake_aws

pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="bundles come from a commit")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeAws]:
    with fake_aws() as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL", running.url)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
        # What botocore waits before it tries again; the tests do not.
        monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
        monkeypatch.setattr(
            script, "build_bundle", lambda *_: write(tmp_path / "bundle.zip", b"the bundle")
        )
        yield running


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.fixture
def commit() -> str:
    return commit_of("HEAD")


NOW = script.Schema(len(STEPS), STEPS[-1].usable_from)
TARGET = ["--application=shop", "--environment=shop-dev"]
SOON = ["--wait=0.2", "--settle=0.02", "--poll=0.005"]


def deploy(*more: str) -> int:
    return main(["deploy", *TARGET, "--bucket=bundles", *SOON, *more])


def rollback(*more: str) -> int:
    return main(["rollback", *TARGET, *SOON, *more])


def test_the_happy_path(aws: FakeAws, commit: str) -> None:
    assert deploy() == Exit.DONE
    assert aws.objects[f"bundles/{commit}.zip"]
    assert aws.versions[commit] == f"replaces before; {NOW}"
    assert (aws.label, aws.status, aws.health) == (commit, "Ready", "Green")
    changes = [call for call in aws.calls if not call.startswith("Describe")]
    assert changes == ["PutObject", "CreateApplicationVersion", "UpdateEnvironment"]


def test_the_first_deploy_replaces_the_sample_application(aws: FakeAws, commit: str) -> None:
    aws.label = "Sample Application"
    assert deploy() == Exit.DONE
    assert aws.versions[commit] == f"the first; {NOW}"


def test_a_failed_health_check_rolls_back(
    aws: FakeAws, commit: str, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.ill = {commit}
    assert deploy() == Exit.ROLLED_BACK
    assert (aws.label, aws.health) == ("before", "Green")
    said = capsys.readouterr().out
    assert f"is ('Ready', 'Red', '{commit}')" in said
    assert "ERROR: [Instance: i-0] Command failed on instance." in said
    assert said.endswith("shop-dev: before is Ready, Green and answers\n")


def test_a_failed_smoke_test_rolls_back(
    aws: FakeAws, commit: str, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.silent = {commit}
    assert deploy() == Exit.ROLLED_BACK
    assert aws.label == "before"
    assert f"{aws.url}/health: HTTPError: HTTP Error 500" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("is_open", "may_be", "done"),
    [
        ("", "nothing", True),
        ("reading", "nothing", False),
        ("writing", "nothing", False),
        ("reading writing", "nothing", False),
        ("reading", "reading", True),
        ("reading writing", "reading", False),
        ("writing", "reading", False),
        ("reading writing", "everything", True),
        ("", "everything", True),
    ],
)
def test_what_is_open_to_everybody_has_to_be_said(
    aws: FakeAws, is_open: str, may_be: str, done: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.open = set(is_open.split())
    assert deploy("--without-key", may_be) == (Exit.DONE if done else Exit.STUCK)
    assert ("without a key was answered by" in capsys.readouterr().out) is not done


def test_nothing_is_open_unless_it_is_said(aws: FakeAws) -> None:
    aws.open = {"reading", "writing"}
    assert deploy() == Exit.STUCK
    assert rollback("--to=before") == Exit.STUCK


def test_green_with_another_version_is_a_failure(aws: FakeAws, commit: str) -> None:
    aws.refused = {commit}
    assert deploy() == Exit.ROLLED_BACK
    assert aws.calls.count("UpdateEnvironment") == 2


def test_a_rollback_that_fails_too_asks_for_a_person(aws: FakeAws, commit: str) -> None:
    aws.ill = {commit, "before"}
    assert deploy() == Exit.STUCK


def test_a_first_deploy_that_fails_has_no_way_back(aws: FakeAws, commit: str) -> None:
    aws.label = "Sample Application"
    aws.ill = {commit}
    assert deploy() == Exit.STUCK
    assert aws.calls.count("UpdateEnvironment") == 1


@pytest.mark.parametrize(
    "call", ["DescribeEnvironments", "CreateApplicationVersion", "UpdateEnvironment"]
)
def test_a_throttled_call_is_tried_again(aws: FakeAws, commit: str, call: str) -> None:
    aws.throttled = {call: 4}
    assert deploy() == Exit.DONE
    assert aws.label == commit


def test_a_call_that_stays_throttled_gives_up(
    aws: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.throttled = {"CreateApplicationVersion": 1000}
    assert deploy() == Exit.UNCHANGED
    assert aws.calls.count("CreateApplicationVersion") == 10
    assert "nothing was changed" in capsys.readouterr().out
    assert "UpdateEnvironment" not in aws.calls


def test_what_is_not_allowed_is_said_by_name(
    aws: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.denied = {"CreateApplicationVersion"}
    assert deploy() == Exit.UNCHANGED
    assert "not authorized to perform CreateApplicationVersion" in capsys.readouterr().out
    assert aws.label == "before"


def test_an_environment_in_the_middle_of_an_update_is_waited_for(aws: FakeAws, commit: str) -> None:
    aws.busy = 10
    assert deploy() == Exit.DONE
    assert aws.label == commit


def test_an_environment_that_never_becomes_ready_is_left_alone(aws: FakeAws) -> None:
    aws.busy = 10_000
    assert deploy() == Exit.UNCHANGED
    assert rollback() == Exit.UNCHANGED
    assert {call for call in aws.calls if not call.startswith("Describe")} == set()


def test_an_update_that_is_only_slow_is_not_put_back(
    aws: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.slow = 10_000
    assert deploy() == Exit.UNDER_WAY
    assert aws.calls.count("UpdateEnvironment") == 1
    assert "neither well nor failed" in capsys.readouterr().out
    aws.busy, aws.slow = 0, 10_000
    aws.label = "before"
    assert rollback("--to=before") == Exit.UNDER_WAY


def test_a_version_that_lost_its_store_rolls_back(
    aws: FakeAws, commit: str, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.lost = {commit}
    assert deploy() == Exit.ROLLED_BACK
    assert "the store is unreachable" in capsys.readouterr().out


def test_what_cannot_be_reached_is_not_asked(
    aws: FakeAws, commit: str, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.silent = {commit}
    assert deploy("--closed") == Exit.DONE
    assert aws.label == commit
    assert "was not asked from here" in capsys.readouterr().out


# ------------------------------------------------------------------ versions and the store


def test_the_schema_is_read_from_the_source_of_a_commit(commit: str) -> None:
    assert script.schema_of(commit) == NOW


def test_a_source_that_does_not_say_is_refused(
    aws: FakeAws, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "git", lambda *args: "0" * 40 if args[0] == "rev-parse" else "")
    assert deploy() == Exit.UNCHANGED
    assert "does not say what its steps leave" in capsys.readouterr().out


def knows(aws: FakeAws, label: str, number: int, usable_from: int) -> None:
    aws.versions[label] = f"replaces before; schema {number}, usable from {usable_from}"


def test_a_deploy_without_a_way_back_is_refused(
    aws: FakeAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "schema_of", lambda _: script.Schema(4, 4))
    knows(aws, "before", 3, 2)
    assert deploy() == Exit.UNCHANGED
    assert "Deploy a version between them first" in capsys.readouterr().out
    assert aws.label == "before"
    assert not aws.objects
    assert deploy("--one-way") == Exit.DONE


def test_a_deploy_one_way_that_fails_is_not_put_back(
    aws: FakeAws, commit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "schema_of", lambda _: script.Schema(4, 4))
    knows(aws, "before", 3, 2)
    aws.ill = {commit}
    assert deploy("--one-way") == Exit.STUCK
    assert aws.calls.count("UpdateEnvironment") == 1


def test_an_older_commit_that_cannot_use_the_store_is_refused(
    aws: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    knows(aws, "before", NOW.number + 2, NOW.number + 1)
    assert deploy() == Exit.UNCHANGED
    assert "deploy a newer commit" in capsys.readouterr().out


def test_a_neighbour_can_be_put_back(aws: FakeAws) -> None:
    """Two steps: `between` knows the schema that `last` needs."""
    knows(aws, "between", 3, 2)
    knows(aws, "last", 4, 3)
    aws.label = "last"
    assert rollback("--to=between") == Exit.DONE
    assert aws.label == "between"


@pytest.mark.parametrize("running", ["last", "between"])
def test_a_rollback_across_a_step_is_refused_and_says_what_to_do(
    aws: FakeAws, running: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also from `between`: what ran after it has left its mark in the store."""
    knows(aws, "between", 3, 2)
    knows(aws, "last", 4, 3)
    aws.label = running
    assert rollback("--to=before") == Exit.UNCHANGED
    said = capsys.readouterr().out
    assert "version before knows no schema over 2, and the store needs 3" in said
    assert "loses nothing" in said
    assert "--store-restored" in said
    assert "UpdateEnvironment" not in aws.calls
    assert rollback("--to=before", "--store-restored") == Exit.DONE


def test_a_rollback_to_what_is_not_there(aws: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    assert rollback("--to=nix") == Exit.UNCHANGED
    assert "shop has no version nix" in capsys.readouterr().out


def test_a_commit_is_uploaded_once(aws: FakeAws, commit: str) -> None:
    assert deploy() == Exit.DONE
    assert deploy() == Exit.DONE
    assert aws.calls.count("PutObject") == aws.calls.count("CreateApplicationVersion") == 1
    assert aws.versions[commit] == f"replaces before; {NOW}"


def test_an_environment_that_is_not_there(aws: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy("--environment=shop-prod") == Exit.UNCHANGED
    assert "shop has no environment shop-prod" in capsys.readouterr().out


def test_rollback_puts_back_what_was_replaced(aws: FakeAws, commit: str) -> None:
    deploy()
    assert rollback() == Exit.DONE
    assert aws.label == "before"


def test_rollback_to_a_version_by_name(aws: FakeAws) -> None:
    aws.versions["long-ago"] = "the first"
    assert rollback("--to=long-ago") == Exit.DONE
    assert aws.label == "long-ago"


def test_rollback_that_does_not_know_where_to(
    aws: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.versions["before"] = "the first"
    assert rollback() == Exit.UNCHANGED
    assert "does not say what it replaced; name one with --to" in capsys.readouterr().out


def test_a_wrong_commit_is_said_before_anything_is_asked(aws: FakeAws) -> None:
    assert deploy("--commit=no-such-branch") == Exit.UNCHANGED
    assert aws.calls == []


@pytest.mark.parametrize("args", [[], ["deploy"], ["bundle", "--platform=tomcat"]])
def test_wrong_usage(args: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(args)
    assert stop.value.code == 2
