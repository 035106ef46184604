"""The README's tour, as it stands, against a live server.

WRITE_README=1 writes the answers that the server gave into the README instead.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Server, start_server

README = ROOT / "README.md"
TOUR = re.compile(
    r"```bash\n(?P<command>.*?)```\n(?:```(?P<kind>json|text)\n(?P<answer>.*?)```\n)?", re.S
)
CHANGING = {"created", "seconds", "request_id"}


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Server]:
    running = start_server(tmp_path / "log", WEB_CONCURRENCY="2")
    yield running
    running.process.terminate()
    running.process.wait(timeout=40)


def test_every_command_gives_the_answer_that_is_shown(fresh: Server) -> None:
    text = README.read_text()
    steps = list(TOUR.finditer(text))
    assert len(steps) > 10
    written = text
    for step in steps:
        command = step["command"]
        done = subprocess.run(
            ["bash", "-euc", command.replace(":8000", f":{fresh.port}")],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        if os.environ.get("WRITE_README") and step["kind"] == "json":
            shown = f"```bash\n{command}```\n```json\n{pretty(json.loads(done.stdout))}\n```\n"
            written = written.replace(step[0], shown)
        elif step["kind"] == "json":
            same(json.loads(done.stdout), json.loads(step["answer"]), command)
        elif step["kind"] == "text":
            assert done.stdout == step["answer"]
        else:
            assert done.stdout == "", command
    README.write_text(written) if written != text else None


def same(given: Any, shown: Any, command: str) -> None:
    if isinstance(shown, dict):
        assert isinstance(given, dict)
        assert list(given) == list(shown), command
        for name, value in shown.items():
            if name not in CHANGING:
                same(given[name], value, command)
    elif isinstance(shown, list):
        assert len(given) == len(shown), command
        for one, other in zip(given, shown, strict=True):
            same(one, other, command)
    elif isinstance(shown, float):
        assert given == pytest.approx(shown, rel=1e-6, abs=1e-9), command
    else:
        assert given == shown, command


def pretty(answer: Any) -> str:
    """Members on lines of their own, inner values in one line, as long as it stays short."""
    if not isinstance(answer, dict):
        return json.dumps(answer)
    members = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in answer.items()]
    return "{" + ",\n".join(members).lstrip() + "}"
