"""The Python of docs/python.md, as it stands, against a live server."""

import io
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Server, start_server

BLOCK = re.compile(r"```python\n(?P<code>.*?)```\n(?:```text\n(?P<answer>.*?)```\n)?", re.S)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Server]:
    running = start_server(tmp_path / "log", WEB_CONCURRENCY="2")
    yield running
    running.process.terminate()
    running.process.wait(timeout=40)


def test_every_block_prints_what_is_shown(
    fresh: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = list(BLOCK.finditer((ROOT / "docs" / "python.md").read_text()))
    assert len(blocks) > 4
    monkeypatch.setenv("FITSERVE_URL", f"http://127.0.0.1:{fresh.port}")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks:
        said = io.StringIO()
        with redirect_stdout(said):
            exec(compile(block["code"], "docs/python.md", "exec"), names)  # noqa: S102
        assert said.getvalue() == (block["answer"] or ""), block["code"]
