"""Who may do what: every route of the application, by every kind of key."""

from collections.abc import Iterator
from hashlib import sha256
from itertools import product
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fitserve import create_app
from fitserve.api.keys import Access, Keys, declared
from fitserve.config import SettingError, Settings
from tests.api.words import judge

READ, WRITE = "read-key-0123456789", "write-key-0123456789"
NEXT, OLD = "read-key-of-tomorrow", "write-key-of-yesterday"
SETTINGS = Settings(
    store="memory",
    read_keys=f"reporter:{READ},{NEXT}",
    write_keys=f"trainer:sha256:{sha256(WRITE.encode()).hexdigest()}",
)
CREDENTIALS = {
    "no key": None,
    "a read key": f"Bearer {READ}",
    "the next read key": f"bearer   {NEXT}",
    "a write key": f"Bearer {WRITE}",
    "a wrong key": "Bearer no-key-0123456789",
    "one rotated out": f"Bearer {OLD}",
    "two keys": f"Bearer {READ},Bearer {WRITE}",
    "the key of another scheme": f"Basic {WRITE}",
    "the digest of a key": f"Bearer {sha256(WRITE.encode()).hexdigest()}",
    "a key's name": "Bearer trainer",
    "nothing": "Bearer ",
    "a key with its name": f"Bearer trainer:{WRITE}",
    "an entry of a digest": f"Bearer trainer:sha256:{sha256(WRITE.encode()).hexdigest()}",
    "a setting of two keys": f"Bearer {READ},{NEXT}",
    "a scheme twice": f"Bearer Bearer {WRITE}",
    "a colon behind the scheme": f"Bearer: {WRITE}",
    "a quoted key": f'Bearer "{WRITE}"',
    "a key in brackets": f"Bearer <{WRITE}>",
    "a variable": "Bearer $FITSERVE_KEY",
    "a key in two parts": f"Bearer {WRITE[:5]} {WRITE[5:]}",
}
SAID = {
    "nothing": "No key stands behind Bearer",
    "a key with its name": "the name before it is not sent",
    "an entry of a digest": "send the key it was made of",
    "a setting of two keys": "more than one key; send one",
    "two keys": "more than one key; send one",
    "a scheme twice": "says Bearer twice",
    "a colon behind the scheme": "of another form",
    "a quoted key": "signs around it",
    "a key in brackets": "signs around it",
    "a variable": "stands for a key; send the key itself",
    "a key in two parts": "a key has no space",
    "a wrong key": "is no key of this server",
    "a key's name": "is no key of this server",
}
GIVES = {
    "a read key": Access.READ,
    "the next read key": Access.READ,
    "a write key": Access.WRITE,
}
# These need no key. What else is not here, and is neither GET nor in READS, needs a write key.
OPEN = {"/", "/health", "/docs", "/openapi.json", "/v2", "/v2/"}
OPEN |= {"/v2/health/live", "/v2/health/ready", "/key", "/key/forget"}
MODEL = "/model/<model_type>/<id:model_id>"
READS = {f"{MODEL}/{form}" for form in ("predict", "predict-file", "evaluate")}
READS |= {"/predict", "/evaluate", "/list", "/v2/repository/index"}


def made(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    yield app
    app.extensions["fitserve"].close()


@pytest.fixture(scope="module")
def locked() -> Iterator[Flask]:
    yield from made(SETTINGS)


@pytest.fixture
def client(locked: Flask) -> FlaskClient:
    return locked.test_client()


def routes(app: Flask) -> list[tuple[str, str, str]]:
    """Every method, rule and endpoint that the application answers."""
    return [
        (method, rule.rule, rule.endpoint)
        for rule in app.url_map.iter_rules()
        for method in sorted(rule.methods or ())
    ]


def path(rule: str) -> str:
    """A path of the rule."""
    parts = [
        ("1" if "id" in part else "knn") if part.startswith("<") else part
        for part in rule.split("/")
    ]
    return "/".join(parts)


def test_every_route_says_what_it_needs(locked: Flask) -> None:
    for endpoint, view in locked.view_functions.items():
        assert declared(view) is not None, f"{endpoint}: @open_to_all, @reads or @writes"


def test_what_routes_need(locked: Flask) -> None:
    for method, rule, endpoint in routes(locked):
        if method in ("HEAD", "OPTIONS"):
            continue
        need = declared(locked.view_functions[endpoint])
        if rule in OPEN or rule.startswith("/static/"):
            assert need is Access.OPEN, rule
        elif rule.endswith(("/delete", "/cancel", "/new")):  # who may not is not asked whether
            assert need is Access.WRITE, rule
        elif method == "GET" or rule in READS or rule.endswith("/infer"):
            assert need is Access.READ, rule
        else:
            assert need is Access.WRITE, rule


def test_every_route_with_every_kind_of_key(locked: Flask, client: FlaskClient) -> None:
    """The table of routes and keys, from the routes themselves."""
    seen = set()
    matching = locked.url_map.bind("localhost")
    for (method, rule, _), (kind, sent) in product(routes(locked), CREDENTIALS.items()):
        endpoint, _ = matching.match(path(rule), method)  # for OPTIONS, one of the path's
        need = declared(locked.view_functions[endpoint])
        assert need is not None
        headers = {} if sent is None else {"Authorization": sent}
        answer = client.open(path(rule), method=method, headers=headers, buffered=True)
        where = f"{method} {rule} with {kind}: {answer.status}"
        given = GIVES.get(kind, Access.OPEN)
        if given >= need:
            assert answer.status_code not in (401, 403), where
        elif given is Access.OPEN:
            assert answer.status_code == 401, where
            assert answer.headers["WWW-Authenticate"].startswith("Bearer "), where
        else:
            assert answer.status_code == 403, where
        if answer.status_code in (401, 403) and method != "HEAD":
            told: Any = answer.get_json(silent=True)
            if endpoint.startswith("pages."):
                assert answer.mimetype == "text/html", where
            elif rule.startswith("/v2"):
                assert list(told) == ["error"], where
            else:
                assert answer.mimetype == "application/problem+json", where
                assert told["type"] in ("/problems/unauthorized", "/problems/forbidden"), where
        seen.add((need, answer.status_code in (401, 403)))
    assert len(seen) == 5, "open, and both others refused and not"


@pytest.mark.parametrize("kind", SAID)
def test_what_is_sent_in_place_of_a_key_is_told_its_form(client: FlaskClient, kind: str) -> None:
    answer = client.get("/models", headers={"Authorization": str(CREDENTIALS[kind])})
    assert answer.status_code == 401
    assert answer.json is not None
    assert SAID[kind] in answer.json["detail"]
    judge(answer.json["detail"])


def test_any_visible_key_is_taken() -> None:
    odd = [
        f'"{READ}"',
        f"<{READ}>",
        "$FITSERVE_READ_KEY",
        "Bearer-0123456789",
        "SOME_LONG_SECRET_KEY",
    ]
    for app in made(Settings(store="memory", read_keys=",".join(odd))):
        for key in odd:
            headers = {"Authorization": f"Bearer {key}"}
            assert app.test_client().get("/models", headers=headers).status_code == 200


def test_a_key_never_stands_in_an_answer(locked: Flask, client: FlaskClient) -> None:
    for (method, rule, _), sent in product(routes(locked), CREDENTIALS.values()):
        headers = {} if sent is None else {"Authorization": sent}
        for query in ("", f"?api_key={WRITE}", f"?knn={READ}", f"?{WRITE}"):
            answer = client.open(path(rule) + query, method=method, headers=headers)
            said = answer.get_data(as_text=True) + str(answer.headers)
            for key in (READ, NEXT, WRITE, OLD, "no-key-0123456789"):
                assert key not in said, (method, rule, query)
            if query:
                assert answer.status_code == 401, (method, rule, query)


@pytest.mark.parametrize("name", ["key", "api_key", "apikey", "API-Key", "access_token", "token"])
def test_a_key_in_the_query_is_refused_and_not_repeated(client: FlaskClient, name: str) -> None:
    answer = client.get(
        "/models", query_string={name: "anything"}, headers={"Authorization": f"Bearer {READ}"}
    )
    assert answer.status_code == 401
    assert "query" in answer.get_json()["detail"]
    assert "anything" not in answer.get_data(as_text=True)


def test_what_is_not_there_is_no_secret(client: FlaskClient) -> None:
    assert client.get("/nowhere").status_code == 404
    assert client.put("/register").status_code == 405


def test_a_key_is_asked_for_before_the_body_is_read(client: FlaskClient) -> None:
    answer = client.post("/register", data=b"{", content_type="text/plain")
    assert answer.status_code == 401


def test_without_keys_everything_is_open() -> None:
    for app in made(Settings(store="memory")):
        for method, rule, _ in routes(app):
            answer = app.test_client().open(path(rule), method=method)
            assert answer.status_code not in (401, 403), rule


def test_with_write_keys_alone_reading_is_open() -> None:
    for app in made(Settings(store="memory", write_keys=WRITE)):
        client = app.test_client()
        assert client.get("/models").status_code == 200
        assert client.delete("/models/knn/1").status_code == 401
        headers = {"Authorization": f"Bearer {WRITE}"}
        assert client.delete("/models/knn/1", headers=headers).status_code == 404


def test_with_read_keys_alone_nobody_writes() -> None:
    for app in made(Settings(store="memory", read_keys=READ)):
        client = app.test_client()
        assert client.get("/models").status_code == 401
        assert client.delete("/models/knn/1").status_code == 401
        headers = {"Authorization": f"Bearer {READ}"}
        assert client.delete("/models/knn/1", headers=headers).status_code == 403


def test_a_key_in_both_lists_may_write() -> None:
    found = Keys.of(f"{READ},{WRITE}", f"ops:{WRITE}").find(WRITE)
    assert found is not None
    assert (found.name, found.access) == ("ops", Access.WRITE)


@pytest.mark.parametrize(
    ("read", "names"),
    [
        ("k", ["read-1"]),
        (" a.b-c_D:k , l ", ["a.b-c_D", "read-2"]),
        (f"sha256:{'0' * 64},me:sha256:{'aB' * 32}", ["read-1", "me"]),
        ("12345", ["read-1"]),
        ("as-in-a-file\n", ["read-1"]),
        ("ab+/=~._-", ["read-1"]),
        ("alice:one,alice:two", ["alice", "alice"]),
    ],
)
def test_entries(read: str, names: list[str]) -> None:
    assert [key.name for key in Keys.of(read, None)] == names


WRONG = [
    "",
    " ",
    ",",
    "secretly,",
    "secretly,,other",
    "secret ly",
    "name:",
    ":secretly",
    "na me:secretly",
    "name:secretly:more",
    f"{'n' * 41}:secretly",
    "sha256:secretly",
    "sha256:" + "0" * 63,
    "sha256:" + "g" * 64,
    "name:sha256:secretly",
    "clé-secretly",
    '"secretly"\x00',
]


@pytest.mark.parametrize("entries", WRONG)
@pytest.mark.parametrize("name", ["read_keys", "write_keys"])
def test_a_wrong_entry_stops_the_start_and_is_not_repeated(name: str, entries: str) -> None:
    settings: Any = {"store": "memory", name: entries}
    with pytest.raises(SettingError) as stopped:
        create_app(Settings(**settings))
    said = str(stopped.value)
    assert f"FITSERVE_{name.upper()}" in said
    assert "\n" not in said
    for part in ("secret", "0000", "gggg"):
        assert part not in said


def test_settings_do_not_show_keys() -> None:
    assert WRITE not in repr(Settings(write_keys=WRITE, read_keys=READ))
    assert WRITE not in repr(list(Keys.of(READ, WRITE)))


def test_keys_are_read_as_they_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flask reads variables as JSON where they are; a key of digits is no number."""
    for key in ("0123456789012345678901234567890123456789", "12e34", "true", "null", '"quoted"'):
        monkeypatch.setenv("FITSERVE_READ_KEYS", key)
        assert Settings.load().read_keys == key


def test_digests_are_compared_in_constant_time_and_always_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[bytes] = []

    def compare(one: bytes, other: bytes) -> bool:
        assert len(one) == len(other) == 32
        compared.append(one)
        return one == other

    monkeypatch.setattr("fitserve.api.keys.compare_digest", compare)
    keys = Keys.of("one,two,three", "four")
    for key in ("one", "four", "none"):
        compared.clear()
        keys.find(key)
        assert len(compared) == 4
