"""`fitserve copy`."""

from pathlib import Path

import pytest

from fitserve.cli import main
from fitserve.storage.database import SqlStore
from fitserve.storage.store import Key
from tests.storage.test_store import DESCRIPTION, STATE, published, run


def test_copy_moves_every_ready_model_and_may_be_run_again(
    tmp_path: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    source, destination = SqlStore(url), SqlStore(database)
    source.prepare()
    destination.prepare()
    records = [published(source, Key(name, i)) for name in ("knn", "svm") for i in (1, 2)]
    source.reserve(Key("knn", 3), DESCRIPTION)
    kept = published(destination, Key("svm", 2))
    assert main(["copy", url, database]) == 0
    assert "3 copied, 1 there already" in capsys.readouterr().out
    for record in records[:3]:
        found = destination.load(record.key)
        assert found is not None
        assert found[0].created == record.created
        assert found[0].description == record.description
        assert found[1]["X_"].tobytes() == STATE["X_"].tobytes()
    assert destination.find(Key("svm", 2)) == kept
    assert destination.find(Key("knn", 3)) is None
    assert main(["copy", url, database]) == 0
    assert "0 copied, 4 there already" in capsys.readouterr().out
    run(url, "UPDATE models SET checksum = 'x' WHERE model_id = 1")
    run(database, "DELETE FROM models")
    assert main(["copy", url, database]) == 1
    assert "2 copied, 0 there already, 2 unreadable" in capsys.readouterr().out
    source.close()
    destination.close()


def test_wrong_stores_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["copy", "nix", "nix"]) == 2
    said = capsys.readouterr().err
    assert "a URL is needed, such as sqlite:///fitserve.sqlite3" in said
    assert "memory" not in said
    assert main(["copy", "memory", "memory"]) == 2
    assert "name a database" in capsys.readouterr().err
    misspelt = tmp_path / "fitserv.sqlite3"
    assert main(["copy", f"sqlite:///{misspelt}", f"sqlite:///{tmp_path / 'new'}"]) == 1
    assert not misspelt.exists()
    nowhere = f"sqlite:///{tmp_path / 'no' / 'store'}"
    assert main(["copy", nowhere, nowhere]) == 1
    assert "cannot be reached" in capsys.readouterr().err
