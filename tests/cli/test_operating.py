"""`fitserve serve`, as somebody starts it in a folder of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fitserve.cli import main
from fitserve.config import SettingError, setting_names
from fitserve.version import VERSION
from tests.conftest import ROOT, Server, free_port, wait_until_up

COMMAND = "import sys; from fitserve.cli import main; sys.exit(main())"


def test_serves_in_any_folder_with_gunicorns_options(tmp_path: Path) -> None:
    options = "--timeout 60 --host=127.0.0.1 --workers 1 --port"
    for name in ("random", "numpy", "flask", "select"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')")
    port = free_port()
    environment = {
        "PYTHONPATH": str(ROOT / "src"),
        "PORT": "1",  # of which an option has the last word
        "WEB_CONCURRENCY": "2",
        "FITSERVE_URL": "http://elsewhere.invalid",  # of clients: no settings of a server
        "FITSERVE_KEY": "0123456789",
    }
    log = tmp_path / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", COMMAND, "serve", *options.split(), str(port)],
            cwd=tmp_path,
            env=os.environ | environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        server = wait_until_up(Server(port, process, log))
        body = (ROOT / "examples" / "register-knn.json").read_bytes()
        assert server.ask("POST", "/register", body)[0] == 201
        assert (tmp_path / "fitserve.sqlite3").exists()
        assert log.read_text().count("Booting worker") == 1
    finally:
        process.terminate()
        process.wait(timeout=40)


@pytest.mark.parametrize("name", sorted({*setting_names()} - {"HOST", "PORT"}))
@pytest.mark.parametrize("given", [["5"], ["=5"], []])
def test_a_setting_is_no_option_of_gunicorns(
    name: str, given: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    for typed in {name, name.removeprefix("FITSERVE_")}:
        option = "--" + typed.lower().replace("_", "-")
        words = [option + given[0]] if given == ["=5"] else [option, *given]
        assert main(["serve", *words]) == 2
        value = "URL" if name.endswith("STORE") else "5"
        value = "VALUE" if name.endswith("KEYS") or not given else value
        assert f"{option}: a variable says it; write {name}={value} fit" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("sqlite:///fit.db", "write FITSERVE_STORE=sqlite:///fit.db fitserve serve\n"),
        ("memory", "write FITSERVE_STORE=memory fitserve serve\n"),
        (
            "/data/fit.db",
            "fitserve serve; a URL is needed, not '/data/fit.db'; write sqlite:////data/fit.db\n",
        ),
        (r"C:\data\fit.db", "this machine, such as sqlite:////mnt/c/data/fit.db\n"),
        ("file:///data/fit.db", "no store for file; write sqlite:////data/fit.db\n"),
    ],
)
def test_a_store_is_no_option_and_a_url(
    given: str, says: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--store", given]) == 2
    assert says in capfd.readouterr().err


@pytest.mark.parametrize(
    ("option", "name"), [("--port", "PORT"), ("--host", "HOST"), ("--workers", "WEB_CONCURRENCY")]
)
def test_an_option_of_the_server_is_checked_as_its_variable_is(option: str, name: str) -> None:
    with pytest.raises(SettingError, match=f"the setting {name} is wrong"):
        main(["serve", option, "0x"])


def test_make_gives_a_checkout_its_command(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    for name in ("bin/pip", "runtime"):
        (venv / name).touch()
    (venv / "bin" / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (venv / "bin" / "python").chmod(0o755)
    (tmp_path / "random.py").write_text("raise SystemExit('imported')")
    relative = os.path.relpath(venv, ROOT)
    made = ["make", "--quiet", f"VENV={relative}", f"{relative}/bin/fitserve"]
    subprocess.run(made, cwd=ROOT, check=True)
    said = subprocess.check_output([venv / "bin" / "fitserve", "--version"], cwd=tmp_path)
    assert said.decode() == f"fitserve, version {VERSION}\n"
