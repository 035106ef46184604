"""Numbers that hang together and stand in different files: each test names both ends.

terraform/numbers.tf computes those of Terraform, and terraform/tests plans with them.
"""

import json
import os
import re
import shutil
import stat
import subprocess
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from deploy import deploy as script
from fitserve import errors
from fitserve.config import Server, Settings
from fitserve.training.lanes import Lanes
from tests.conftest import ROOT

NUMBERS = (ROOT / "terraform/numbers.tf").read_text()
NGINX = (ROOT / ".platform/nginx/nginx.conf").read_text()
WORKFLOW = (ROOT / ".github/workflows/deploy.yml").read_text()
GUNICORN = (ROOT / "src/fitserve/gunicorn_conf.py").read_text()
HOOKS = ROOT / ".platform"


def terraform(name: str) -> int:
    """A number of numbers.tf; sums of others and of numbers are added up."""
    found = re.search(rf"^  {name} += ([^#\n]+)", NUMBERS, re.M)
    assert found, name
    return sum(
        int(part) if part.isdigit() else terraform(part.removeprefix("local."))
        for part in re.split(r" \+ ", found[1].strip())
    )


def nginx(directive: str) -> int:
    (found,) = re.findall(rf"^ +{directive} +(\d+)s?\b", NGINX, re.M)
    return int(found)


def gunicorn() -> dict[str, Any]:
    return {
        name: int(value)
        for name, value in re.findall(r"^(keepalive|timeout) = \(?\s*(\d+)", GUNICORN, re.M)
    }


ANSWER = terraform("answer_seconds")  # the load balancer's idle timeout, and how long it drains
STOP = terraform("stop_seconds")


def test_training_takes_as_long_as_the_servers_default() -> None:
    assert terraform("training_seconds") == Settings.model_fields["training_seconds"].default


def test_nginx_waits_for_an_answer_as_long_as_the_load_balancer() -> None:
    assert nginx("proxy_read_timeout") == ANSWER


def test_gunicorn_answers_in_a_stop_as_long_as_the_load_balancer_waits() -> None:
    (more,) = re.findall(
        r"^graceful_timeout = _settings.training_seconds \+ (\d+)$", GUNICORN, re.M
    )
    assert terraform("training_seconds") + int(more) == ANSWER


def test_a_prediction_ends_before_anybody_stops_waiting() -> None:
    assert Settings.model_fields["predict_seconds"].default < ANSWER


def test_whoever_keeps_a_connection_keeps_it_longer_than_who_sends_on_it() -> None:
    assert nginx("keepalive_timeout") > ANSWER, "the load balancer sends on it for that long"
    assert gunicorn()["keepalive"] > 60, "nginx keeps those to the server for 60 s by itself"


def test_a_container_has_longer_to_stop_than_the_server_takes() -> None:
    assert STOP > ANSWER
    hook = (HOOKS / "hooks/predeploy/10_stop.sh").read_text()
    assert f"docker stop -t {STOP} " in hook
    assert f"TimeoutStopSec={STOP}\\n" in (HOOKS / "hooks/prebuild/30_stop.sh").read_text()
    told = re.search(r"`docker stop --time (\d+)`", (ROOT / "docs/running.md").read_text())
    assert told
    assert int(told[1]) >= ANSWER


def test_the_stop_and_the_build_fit_into_a_command() -> None:
    assert terraform("command_seconds") == STOP + terraform("build_seconds")


def test_the_script_waits_as_long_as_the_longest_update() -> None:
    one = sum(terraform(f"{what}_seconds") for what in ("answer", "command", "grace", "well"))
    (batches,) = re.findall(r"^  batches += var.load_balanced \? (\d+) : 1$", NUMBERS, re.M)
    assert script.Target.wait_seconds >= int(batches) * one
    assert (
        script.parser().parse_args(["rollback", "--application=a", "--environment=e"]).wait
        == script.Target.wait_seconds
    )
    assert WORKFLOW.count('--wait "$WAIT"') == 2, "of the output wait_seconds"


def test_the_role_lasts_for_a_deploy_and_its_rollback() -> None:
    session = terraform("session_seconds")
    assert f"role-duration-seconds: {session} " in WORKFLOW
    assert session == 4 * 3600
    assert "for four hours" in (ROOT / "docs/deploy.md").read_text()
    (minutes,) = re.findall(r"^  deploy:\n(?:.*\n)*?    timeout-minutes: (\d+)", WORKFLOW, re.M)
    assert int(minutes) * 60 > session > 2 * script.Target.wait_seconds


def test_memory_of_an_instance_is_what_the_documents_say() -> None:
    text = (ROOT / "docs/deploy.md").read_text()
    cores = terraform("workers")
    overhead = terraform("system_mb") + cores * terraform("worker_mb")
    for size in ("small", "medium", "large"):
        (total,) = re.findall(rf"^    {size} += (\d+)$", NUMBERS, re.M)
        free = int(total) - overhead
        training = free // 2 // (cores * terraform("lanes"))
        assert re.search(rf"\| {size} \|.*\| {training} MiB \| {free // 8} MiB \|", text), size
        assert training >= 64, "the least that the server takes"


@pytest.mark.parametrize(("cores", "at_a_time"), [(1, 1), (2, 1), (3, 2), (64, 2)])
def test_large_bodies_are_read_by_two_and_leave_a_processor_to_others(
    monkeypatch: pytest.MonkeyPatch, cores: int, at_a_time: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    assert Server().readers() == at_a_time


class Full(Exception):
    """No turn is left."""


def test_as_many_trainings_are_reckoned_with_as_the_server_runs_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cores = terraform("workers")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    monkeypatch.setattr("fitserve.training.lanes.SHARE", 0.0)
    lanes = Lanes(Server(web_concurrency=cores).trainers(Settings()))
    each = 0

    def full() -> None:
        """Asked once before it waits, and then because it waits."""
        if next(asked):
            raise Full

    with ExitStack() as turns, suppress(Full):
        while True:
            asked = count()
            turns.enter_context(lanes.turn(full)).go_on()  # and makes room, if it can
            each += 1
    assert each * cores == cores * terraform("lanes")


# ------------------------------------------------------------------- what nginx says itself


def refusals() -> list[dict[str, Any]]:
    return [json.loads(body) for body in re.findall(r"return \d+ '(.*)';", NGINX)]


def test_nginx_refuses_by_problems_like_the_application() -> None:
    told = {problem["status"]: problem for problem in refusals()}
    assert told.keys() == {413, 503, 504}
    assert told[413]["type"] == f"/problems/{errors.TooLarge.name}"
    assert told[413]["title"] == errors.TooLarge.title
    limit = Settings.model_fields["max_content_length"].default
    assert f"over {limit} bytes" in told[413]["detail"]
    assert told[503]["type"] == f"/problems/{errors.Busy.name}"
    assert f"within {ANSWER} seconds" in told[504]["detail"]


# --------------------------------------------------------------------------------- hooks


@pytest.fixture
def docker(tmp_path: Path) -> Path:
    """A docker that has two containers and writes down what it is told."""
    fake = tmp_path / "bin" / "docker"
    fake.parent.mkdir()
    fake.write_text(
        f'#!/bin/sh\n[ "$1" = ps ] && echo one && echo two || echo "$*" >>{tmp_path}/told\n'
    )
    fake.chmod(0o755)
    return fake.parent


@pytest.mark.parametrize("hook", ["hooks/predeploy/10_stop.sh", "confighooks/predeploy/10_stop.sh"])
def test_every_container_is_stopped_before_it_is_replaced(
    hook: str, docker: Path, tmp_path: Path
) -> None:
    app = shutil.copytree(HOOKS, tmp_path / "app" / ".platform")
    path = f"{docker}{os.pathsep}{os.environ['PATH']}"
    subprocess.run([app / hook], check=True, env={"PATH": path}, cwd="/")
    told = (tmp_path / "told").read_text().splitlines()
    assert told == [f"stop -t {STOP} one", f"stop -t {STOP} two"]


def test_a_hook_that_stops_a_container_lets_the_python_platform_be(tmp_path: Path) -> None:
    shell = tmp_path / "sh"
    shell.symlink_to("/bin/sh")
    hook = HOOKS / "hooks/predeploy/10_stop.sh"
    subprocess.run([shell, hook], check=True, env={"PATH": str(tmp_path)})


def test_every_hook_is_executable() -> None:
    for hook in HOOKS.rglob("*.sh"):
        assert hook.stat().st_mode & stat.S_IXUSR, hook
