"""The transcripts of docs/command.md and the README, as they stand, against a server."""

import os
import shlex
import sys
from pathlib import Path

import pytest

from tests import transcripts
from tests.conftest import ROOT, Server


@pytest.mark.parametrize("document", ["docs/command.md", "README.md"])
def test_every_command_says_what_is_shown(document: str, served: Server, tmp_path: Path) -> None:
    python = shlex.quote(sys.executable)
    (tmp_path / "fitserve").write_text(f'#!/bin/sh\nexec {python} -P -m fitserve "$@"\n')
    (tmp_path / "fitserve").chmod(0o755)
    environment = os.environ | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
        "FITSERVE_URL": f"http://127.0.0.1:{served.port}",
    }
    wrong = list(transcripts.differing(ROOT / document, ROOT, environment))
    assert wrong == []
