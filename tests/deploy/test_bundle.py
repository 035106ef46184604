"""The source bundle: what is in it, that it is reproducible, and that it serves by itself."""

import hashlib
import os
import shlex
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from deploy.deploy import main
from tests.conftest import ROOT, Server, free_port, wait_until_up

pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="bundles come from a commit")

OF_BOTH = {
    ".platform/confighooks/predeploy/10_stop.sh",
    ".platform/hooks/prebuild/10_store.sh",
    ".platform/hooks/prebuild/20_requirements.sh",
    ".platform/hooks/prebuild/30_stop.sh",
    ".platform/hooks/predeploy/10_stop.sh",
    ".platform/nginx/nginx.conf",
    "LICENSE",
    "requirements-postgres.txt",
}
OF_ONE = {
    "docker": {".dockerignore", "Dockerfile", "Dockerrun.aws.json"},
    "python": {"Procfile", "requirements.txt"},
}


def bundle(platform: str, path: Path) -> Path:
    assert main(["bundle", "--platform", platform, "--output", str(path)]) == 0
    return path


@pytest.mark.parametrize("platform", OF_ONE)
def test_only_what_is_needed_is_in_it(platform: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(bundle(platform, tmp_path / "b.zip")) as archive:
        names = {info.filename for info in archive.infolist() if not info.is_dir()}
        hooks = [info for info in archive.infolist() if info.filename.endswith(".sh")]
    assert {name for name in names if not name.startswith("src/fitserve/")} == (
        OF_BOTH | OF_ONE[platform]
    )
    assert "src/fitserve/gunicorn_conf.py" in names
    for hook in hooks:
        assert hook.external_attr >> 16 & 0o111, f"Beanstalk cannot run {hook.filename}"


def test_the_same_commit_gives_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = set()
    for number, zone in enumerate(("UTC", "Asia/Kathmandu")):
        monkeypatch.setenv("TZ", zone)
        path = bundle("docker", tmp_path / f"{number}.zip")
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_it_serves_from_an_empty_folder(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    with zipfile.ZipFile(bundle("python", tmp_path / "b.zip")) as archive:
        archive.extractall(folder)
    command = (folder / "Procfile").read_text().removeprefix("web: ")
    port = free_port()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            shlex.split(command),
            cwd=folder,
            env={"PATH": path, "PORT": str(port)},
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
        )
    server = Server(port, process, tmp_path / "log")
    try:
        wait_until_up(server)
        body = (ROOT / "examples" / "register-gauss_naive_bayes.json").read_bytes()
        assert server.ask("POST", "/register", body)[0] == 201
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=40)
