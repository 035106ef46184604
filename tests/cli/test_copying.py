"""`fitserve copy`."""

import re
import shlex
import socket
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from fitserve.cli import copying, main
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
    store = f"sqlite:///{tmp_path / 'a'}"
    for memory in ("memory", "memory:", "memory://", ":memory:", "sqlite://", "sqlite:///:memory:"):
        assert main(["copy", memory, store]) == 2
        said = capsys.readouterr().err
        assert "lives in its server alone" in said
        assert "serve with FITSERVE_STORE=sqlite:///fitserve.sqlite3, and" in said
    with closing(SqlStore(store)) as opened:
        opened.prepare()
    for wrong, says in (
        ("memory:", "name a database, such as sqlite:///fitserve.sqlite3"),
        ("http://127.0.0.1:8000", "write what the server's FITSERVE_STORE says, usually sqlite:"),
    ):
        assert main(["copy", store, wrong]) == 2
        assert says in capsys.readouterr().err
    assert main(["copy", "https://a.example.com", store]) == 2
    assert "this is the address of a server, and not of its store" in capsys.readouterr().err


@pytest.mark.parametrize("before", ["", "sqlite:", "sqlite:/", "sqlite://"])
def test_a_path_for_a_url_is_told_how_it_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], before: str
) -> None:
    file = tmp_path / "store.sqlite3"
    with closing(SqlStore(f"sqlite:///{file}")) as opened:
        opened.prepare()
    new = f"sqlite:///{tmp_path / 'new'}"
    assert main(["copy", f"{before}{file}", new]) == 2
    url = re.findall(r"sqlite:////\S+", capsys.readouterr().err)[0]
    assert main(["copy", url, new]) == 0
    assert main(["copy", url, f"sqlite://{tmp_path / 'new'}"]) == 2
    assert f"sqlite:///{tmp_path / 'new'}" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["none.sqlite3", "a b.sqlite3", "no/none.sqlite3"])
def test_a_source_that_is_not_there_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    misspelt = tmp_path / name
    assert main(["copy", f"sqlite:///{misspelt}", f"sqlite:///{tmp_path / 'new'}"]) == 2
    said = capsys.readouterr().err
    assert f"there is no file {shlex.quote(str(misspelt))}; name the" in said
    assert "write sqlite:///fitserve.sqlite3 in the folder" in said
    assert not list(tmp_path.iterdir())


def test_a_path_is_looked_at_before_it_is_told_how_it_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "no.db").write_text("hi")
    (tmp_path / "folder").mkdir()
    for wrong, says in (
        ("folder", "is a folder; name a file in it, as in sqlite:////"),
        ("folder/", "is a folder; name a file in it, as in sqlite:////"),
        (str(tmp_path), f"is a folder; name a file in it, as in sqlite:///{tmp_path}/fitserve.sq"),
        (f"sqlite:/{tmp_path}", f"is a folder; name a file in it, as in sqlite:///{tmp_path}/fit"),
        ("none.sqlite3", f"there is no file {tmp_path}/none.sqlite3; name the file of a store"),
        ("sqlite://none.db", f"there is no file {tmp_path}/none.db; name the file of a store"),
        ("./no.db", "is another file than a database of SQLite"),
    ):
        assert main(["copy", wrong, "sqlite:///new"]) == 2
        assert says in capsys.readouterr().err
    with closing(SqlStore("sqlite:///store.sqlite3")) as opened:
        opened.prepare()
    assert main(["copy", "store.sqlite3", "new"]) == 2
    assert (
        "a URL is needed, not 'store.sqlite3'; write sqlite:///store.sqlite3"
        in capsys.readouterr().err
    )
    for wrong, says in (
        (str(tmp_path), "is a folder; name a file in it"),
        ("no/new.db", f"there is no folder {tmp_path}/no; make it"),
        ("new.db", "a URL is needed, not 'new.db'; write sqlite:///new.db"),
    ):
        assert main(["copy", "sqlite:///store.sqlite3", wrong]) == 2
        assert says in capsys.readouterr().err


SOURCES = (
    "fit.db ./fit.db fit.sqlit3 none.db store fit sqlite:fit.db sqlite:/fit.db sqlite://fit.db "
    "sqlite:////fit.db sqlite3:///fit.db SQLite:///fit.db file:fit.db sub sub/ sqlite:///sub/ "
    "sqlite:///sub sqlite:///none.db sqlite:///Fit.db sqlite:///empty.db sqlite:///text.db text.db "
    "sqlite:///other.db other.db table.csv sqlite:///table.csv sqlite:///ROOT/fit.db "
    "sqlite:///ROOT/none.db file:///ROOT/none.db file:///ROOT/fit.db file:///fit.db "
    "sqlite:/none.db 'sqlite:///~/fit.db' 'sqlite:///$HOME/fit.db' \"'sqlite:///fit.db'\" "
    "'sqlite:///fit.db ' ' sqlite:///fit.db' FITSERVE_STORE=sqlite:///fit.db"
)
DESTINATIONS = (
    "new new.db ./new.db no/new.db sqlite:new.db sqlite://new.db sqlite3:///new.db fit.db "
    "sqlite:///fit.db sqlite:///./fit.db ABSOLUTE/fit.db folder folder/ sqlite:///folder "
    "sqlite:///no/new.db sqlite:///ROOT/new.db '~/new' mysql://h/db redis://h s3://bucket/x duckdb:///x"
)


@pytest.mark.parametrize(
    ("place", "wrong"),
    [("source", one) for one in shlex.split(SOURCES)]
    + [("destination", one) for one in shlex.split(DESTINATIONS)],
)
def test_what_is_told_of_a_store_works(
    place: str,
    wrong: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for folder in ("sub", "folder"):
        (tmp_path / folder).mkdir()
    for name in ("fit.db", "sub/fit.db"):
        with closing(SqlStore(f"sqlite:///{name}")) as opened:
            opened.prepare()
    (tmp_path / "empty.db").touch()
    for name in ("text.db", "table.csv"):
        (tmp_path / name).write_text("a,b\n1,2\n" * 20)
    with closing(sqlite3.connect("other.db")) as other:
        other.execute("CREATE TABLE x (a)")
    wrong = wrong.replace("ROOT", str(tmp_path)[1:]).replace("ABSOLUTE", str(tmp_path))
    urls = {"source": "sqlite:///fit.db", "destination": "sqlite:///new.db"}
    for _ in range(2):
        assert main(["copy", *(urls | {place: wrong}).values()]) == 2
        said = capsys.readouterr().err
        assert f"Invalid value for {place.upper()}: " in said
        if made := re.findall(r"make it, (mkdir .*?)(?:,|\n)", said):
            Path(shlex.split(made[0])[-1]).mkdir(parents=True)
            wrong = ([wrong, *re.findall(r", and write (\S+)", said)])[-1]
            break
        found = re.findall(r"sqlite:///[^\s;,']+", said.replace(f"{wrong}'", ""))
        assert f"{tmp_path}{tmp_path}/none.db" not in said
        if out := re.findall(r"leave (\S+=) out|(begins) with|(ends) with|the (quotes)", said):
            found = [wrong.replace(out[0][0] or "'", "").strip()]
        wrong = found[0] if " where that is meant" in said else found[-1]
        if main(["copy", *(urls | {place: wrong}).values()]) == 0:
            return
        capsys.readouterr()
    assert main(["copy", *(urls | {place: wrong}).values()]) == 0


@pytest.mark.parametrize("name", ["SOURCE", "DESTINATION"])
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("127.0.0.1:8000", "this is the address of a server, and not of its store; write what"),
        ("localhost:8000", "this is the address of a server, and not of its store; write what"),
        ("db.example.com:5432", "write postgresql://db.example.com:5432\n"),
        ("localhost:5432/fit", "write postgresql://localhost:5432/fit\n"),
        ("127.0.0.1/fit", "write postgresql://127.0.0.1/fit\n"),
        ("localhost/fit", "write postgresql://localhost/fit\n"),
        ("[::1]/fit", "write postgresql://[::1]/fit\n"),
        ("db.example.com/fit", "write postgresql://db.example.com/fit, or sqlite:///db.example.co"),
        ("127.0.0.1", "write postgresql://127.0.0.1/DATABASE, if it is the host of PostgreSQL\n"),
        ("me:sesame@127.0.0.1/fit", "write postgresql:// before it"),
        ("me:sesame@db/fit", "write postgresql:// before it"),
        ("folder/fit", "a URL is needed, such as"),
        ("me:sesame@db:5432/fit", "write postgresql:// before it"),
        ("db:5433/fit", "write postgresql://db:5433/fit\n"),
        ("postgresql:me:sesame@db/fit", "write postgresql:// before the rest"),
        ("postgresql:/me:sesame@db/fit", "write postgresql:// before the rest"),
        ("jdbc:postgresql://me:sesame@db/fit", "leave jdbc: out"),
        ("mysql+pymysql://me:sesame@db/fit", "as in sqlite:///fitserve.sqlite3 or postgresql://u"),
        ("postgres://me:sesame@db/fit", "write postgresql:// in place of postgres://"),
    ],
)
def test_an_address_that_is_no_url_is_told_what_it_lacks(
    name: str, wrong: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(SqlStore(f"sqlite:///{tmp_path / 'a'}")) as opened:
        opened.prepare()
    urls = {"SOURCE": f"sqlite:///{tmp_path / 'a'}", "DESTINATION": f"sqlite:///{tmp_path / 'b'}"}
    assert main(["copy", *(urls | {name: wrong}).values()]) == 2
    said = capsys.readouterr().err
    assert f"Invalid value for {name}: " in said
    assert says in said
    assert "sesame" not in said


def test_both_stores_that_are_wrong_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["copy", "none.db", "mysql://h/db"]) == 2
    said = capsys.readouterr().err
    assert "Invalid value for SOURCE: there is no file" in said
    assert "Invalid value for DESTINATION: there is no store for mysql" in said
    assert "not supported; SQLite and PostgreSQL are: write it as in sqlite:///fit" in said


@pytest.mark.parametrize("slashes", [4, 5, 7])
def test_a_path_from_the_root_may_have_slashes_too_many(tmp_path: Path, slashes: int) -> None:
    with closing(SqlStore(f"sqlite:///{tmp_path / 'a'}")) as opened:
        opened.prepare()
    url = f"sqlite:{'/' * slashes}{str(tmp_path / 'a')[1:]}"
    assert main(["copy", url, f"sqlite:///{tmp_path / 'b'}"]) == 0


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "what listens at 127.0.0.1:{} is no PostgreSQL; write"),
        (b"", "what listens at 127.0.0.1:{} closed the connection; write the host and port"),
        (None, "what listens at 127.0.0.1:{} speaks HTTP and is no PostgreSQL; write the host and"),
    ],
)
def test_what_is_no_postgresql_is_said(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    answer: bytes | None,
    says: str,
) -> None:
    if answer is None:  # as a server of HTTP, which waits for a whole request
        monkeypatch.setattr(copying, "why_away", lambda _: "the server does not answer")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)

        def answers() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(100)
                connection.sendall(answer or b"")
            if answer is None:
                connection, _ = server.accept()
                with connection:
                    assert connection.recv(100).startswith(b"GET / HTTP/1.0\r\n")
                    connection.sendall(b"HTTP/1.0 404 Not Found\r\n\r\n")

        thread = threading.Thread(target=answers)
        thread.start()
        port = server.getsockname()[1]
        url = f"postgresql://u:secret@127.0.0.1:{port}/x"
        assert main(["copy", url, f"sqlite:///{tmp_path / 'new'}"]) == 1
        thread.join()
    said = capsys.readouterr().err
    assert says.format(port) in said
    assert "usually port 5432" in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("", " ", "its name ends with a blank; take it out"),
        (" ", "", "the address begins with a blank; take it out"),
        ("\t", "\n", "the address begins and ends with a blank; take it out"),
    ],
)
def test_a_blank_around_an_address_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], before: str, after: str, says: str
) -> None:
    url = f"{before}sqlite:///{tmp_path / 'store'}{after}"
    assert main(["copy", url, f"sqlite:///{tmp_path / 'new'}"]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty; name the file of a store, usually fitserve.sqlite3: write sqlite:///fit"),
        (b"hi\n", "is another file than a database of SQLite; name the file of a store"),
        (None, "is a database of something else; name the file of a store"),
        (b"SQLite format 3\0" + bytes(200), "cannot be read, "),
    ],
)
def test_a_source_that_is_no_store_stays_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, says: str
) -> None:
    source = tmp_path / "source.db"
    if content is None:
        with closing(sqlite3.connect(source)) as other:
            other.execute("CREATE TABLE others (a)")
            other.commit()
        content = source.read_bytes()
    source.write_bytes(content)
    assert main(["copy", f"sqlite:///{source}", f"sqlite:///{tmp_path / 'new'}"]) == 2
    assert says in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == [source.name]
    assert source.read_bytes() == content


def test_a_store_is_not_copied_onto_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "store.sqlite3"
    url = f"sqlite:///{store}"
    with closing(SqlStore(url)) as opened:
        opened.prepare()
    (tmp_path / "link").symlink_to(store)
    (tmp_path / "hard").hardlink_to(store)
    monkeypatch.chdir(tmp_path)
    for same in (url, "sqlite:///store.sqlite3", "sqlite:///link", "sqlite:///hard"):
        assert main(["copy", url, same]) == 2
        assert "it is the store that is copied; name another" in capsys.readouterr().err
    for one, other in (("", ":5432"), (":5432", "")):
        urls = [f"postgresql://127.0.0.1{port}/x" for port in (one, other)]
        assert main(["copy", *urls]) == 2
        assert "it is the store that is copied" in capsys.readouterr().err
    assert main(["copy", url, "sqlite:///other.sqlite3"]) == 0
    assert main(["copy", url, f"sqlite:///{tmp_path}/no/other.sqlite3"]) == 2
    assert f"there is no folder {tmp_path}/no; make it" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["abc", "54321x", "99999", "-1", "5432:1"])
def test_a_port_is_a_number(capsys: pytest.CaptureFixture[str], port: str) -> None:
    for host in ("127.0.0.1", "[::1]", "u:secret@host"):
        assert main(["copy", f"postgresql://{host}:{port}/x", "sqlite:///new"]) == 2
        said = capsys.readouterr().err
        assert "the port is a number from 1 to 65535, as in postgresql://127.0" in said
        assert f", not {port!r}" in said
        assert "secret" not in said
    assert main(["copy", "postgresql://u:p@ss:se-cret@host/x", "sqlite:///new"]) == 2
    said = capsys.readouterr().err
    assert "write @ as %40" in said
    assert "cret" not in said


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("db..internal", "'db..internal' is no name of a host; write one as in"),
        ("n" * 64, "is no name of a host"),
        ("secret@host", "in a user's name or password write @ as %40"),
    ],
)
def test_a_host_is_a_name(capsys: pytest.CaptureFixture[str], host: str, says: str) -> None:
    assert main(["copy", f"postgresql://u:p@{host}/x", "sqlite:///new"]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert "secret" not in said


def test_no_socket_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = f"sqlite:///{tmp_path / 'new'}"
    assert main(["copy", f"postgresql:///x?host={tmp_path}", new]) == 1
    said = capsys.readouterr().err
    assert f"nothing listens at {tmp_path}/.s.PGSQL.5432; start the server" in said


def test_a_database_that_is_not_there_is_said(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    away = make_url(database).set(database="nosuch").render_as_string(hide_password=False)
    assert main(["copy", away, f"sqlite:///{tmp_path / 'new'}"]) == 1
    said = capsys.readouterr().err
    assert (
        'the server says: database "nosuch" does not exist; make it with createdb, or name another'
        in said
    )


def test_both_stores_that_are_away_are_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, destination = (f"postgresql:///{one}?host={tmp_path}" for one in "xy")
    assert main(["copy", source, destination]) == 1
    said = capsys.readouterr().err
    assert said.index("The source postgresql") < said.index("The destination postgresql")
    assert said.count("nothing listens at") == 2
    assert said.count("nothing was copied") == 1
    new = tmp_path / "new"
    assert main(["copy", source, f"sqlite:///{new}"]) == 1
    assert "destination" not in capsys.readouterr().err
    assert not new.exists()
