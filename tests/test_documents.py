"""The README and the pages of docs/: each command asks a live server of the page's own, and gives
what is shown; each link leads somewhere.

WRITE_DOCUMENTS=1 writes the answers that the server gave into them instead.
"""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Server

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
STEP = re.compile(
    r"```bash\n(?P<command>.*?)```\n(?:```(?P<kind>json|text)\n(?P<answer>.*?)```\n)?", re.S
)
LINK = re.compile(
    r"(?:\]\(|src(?:set)?=\")(?!https?:)(?P<file>[^)#\"]*)(?:#(?P<anchor>[^)\"]*))?[)\"]"
)
CODE = re.compile(r"^```.*?^```$", re.S | re.M)
CHANGING = {"created", "seconds", "request_id"}


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize(
    "document", [path for path in DOCUMENTS if STEP.search(path.read_text())], ids=named
)
def test_every_command_gives_the_answer_that_is_shown(document: Path, fresh: Server) -> None:
    text = document.read_text()
    written = text
    for step in STEP.finditer(text):
        command = step["command"]
        done = subprocess.run(
            ["bash", "-euc", command.replace(":8000", f":{fresh.port}")],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        if os.environ.get("WRITE_DOCUMENTS") and step["kind"] == "json":
            shown = f"```bash\n{command}```\n```json\n{pretty(json.loads(done.stdout))}\n```\n"
            written = written.replace(step[0], shown)
        elif step["kind"] == "json":
            same(json.loads(done.stdout), json.loads(step["answer"]), command)
        elif step["kind"] == "text":
            assert done.stdout == step["answer"], command
        else:
            assert done.stdout == "", command
    document.write_text(written) if written != text else None


def test_every_command_of_the_tour_is_found() -> None:
    assert len(STEP.findall((ROOT / "docs" / "tour.md").read_text())) > 10


@pytest.mark.parametrize(
    "document",
    [*DOCUMENTS[1:], *ROOT.glob("*.md"), *ROOT.glob("examples/**/*.md")],
    ids=named,
)
def test_every_link_leads_somewhere(document: Path) -> None:
    for link in LINK.finditer(CODE.sub("", document.read_text())):
        target = (document.parent / link["file"]).resolve() if link["file"] else document
        assert target.is_relative_to(ROOT), link[0]
        assert target.exists(), link[0]
        if link["anchor"]:
            assert link["anchor"] in anchors(target), link[0]


def test_every_page_is_reached_from_the_readme() -> None:
    linked = {link["file"] for link in LINK.finditer((ROOT / "README.md").read_text())}
    assert {named(page) for page in DOCUMENTS[1:]} <= linked


def anchors(document: Path) -> set[str]:
    """Those that GitHub makes of the headings."""
    headings = re.findall(r"^#+ (.*)$", CODE.sub("", document.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


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
