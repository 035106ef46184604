"""The transcripts in the README and docs/, as they stand, each against a server of its own."""

import os
import shlex
import sys
from pathlib import Path

import pytest

from tests import transcripts
from tests.conftest import ROOT, start_server

DOCUMENTS = [
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if transcripts.BLOCK.search(path.read_text())
]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_says_what_is_shown(document: str, tmp_path: Path) -> None:
    server = start_server(tmp_path / "log", WEB_CONCURRENCY="1")
    python = shlex.quote(sys.executable)
    (tmp_path / "fitserve").write_text(f'#!/bin/sh\nexec {python} -P -m fitserve "$@"\n')
    (tmp_path / "fitserve").chmod(0o755)
    environment = os.environ | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
        "FITSERVE_URL": f"http://127.0.0.1:{server.port}",
    }
    try:
        assert list(transcripts.differing(ROOT / document, ROOT, environment)) == []
    finally:
        server.process.terminate()
        server.process.wait(timeout=40)
