"""The Python of the README and docs/python.md, as it stands, against a live server.

What needs a library that is not installed is left out: of frames, `.ci/frames-check` runs it.
"""

import io
import re
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Server

BLOCK = re.compile(r"```python\n(?P<code>.*?)```\n(?:```text\n(?P<answer>.*?)```\n)?", re.S)


IMPORT = re.compile(r"^(?:import|from) (\w+)", re.M)


def runs_here(block: re.Match[str]) -> bool:
    return all(find_spec(name) for name in IMPORT.findall(block["code"]))


@pytest.mark.parametrize("document", ["README.md", "docs/python.md"])
def test_every_block_prints_what_is_shown(
    document: str, fresh: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = list(BLOCK.finditer((ROOT / document).read_text()))
    assert len(blocks) > 1
    monkeypatch.setenv("FITSERVE_URL", f"http://127.0.0.1:{fresh.port}")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in filter(runs_here, blocks):
        said = io.StringIO()
        with redirect_stdout(said):
            exec(compile(block["code"], document, "exec"), names)  # noqa: S102
        assert said.getvalue() == (block["answer"] or ""), block["code"]
