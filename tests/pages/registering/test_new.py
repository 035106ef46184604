"""/new, as a browser without a script sees it: look at a table, mend it, train."""

import gzip
import html
import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from fitserve import create_app
from fitserve.config import Settings
from fitserve.models import catalog
from tests.api.wrong_tables import FILES
from tests.conftest import EXAMPLES, Api, Server, until
from tests.pages.registering.conftest import HTML, Visit

PENGUINS = (EXAMPLES / "penguins.csv").read_bytes()
MESSAGES = (EXAMPLES / "messages.csv").read_bytes()
TYPES: dict[str, tuple[bytes, dict[str, Any]]] = {
    "multi_naive_bayes": (MESSAGES, {"target": "column:label", "kinds": "body:text"}),
    "linear_regression": (PENGUINS, {"target": "column:body_mass_g", "missing": "drop"}),
    "kmeans": (PENGUINS, {"target": "none", "n_clusters": "3"}),
    "gmm": (PENGUINS, {"target": "none", "n_components": "3", "covariance_type": "diag"}),
    "pca": (PENGUINS, {"target": "none", "n_components": "0.9"}),
}


def problems(visit: Visit) -> str:
    """What the summary of errors says."""
    found = re.search(r'<div class="problem".*?</ul>', visit.answer.text, re.S)
    return html.unescape(re.sub("<[^>]*>", "", found[0])) if found else ""


def looked(visit: Visit, body: bytes | str, **fields: Any) -> Visit:
    """The page after a table was looked at, and after these fields were changed."""
    visit = visit.send(body)
    target = fields.pop("target", "column:species")
    kinds = fields.pop("kinds", None)
    if kinds:
        visit = visit.send(body, kinds=kinds, kind=None, column=None, use=None)
    visit = visit.send(body, target=target)
    if "model_type" in fields:
        visit = visit.send(body, model_type=fields.pop("model_type"))
    return visit.send(body, **fields) if fields else visit


def settings_of(told: dict[str, Any]) -> dict[str, Any]:
    """Of a description what does not change from one training to the next."""
    told["training"].pop("seconds")
    return {name: value for name, value in told.items() if name not in ("model_id", "created")}


@pytest.mark.parametrize("model_type", sorted(catalog()))
def test_each_type_is_trained_as_by_the_curl_that_is_shown(
    api: Api, visit: Visit, model_type: str
) -> None:
    body, fields = TYPES.get(model_type, (PENGUINS, {}))
    visit = looked(visit, body, model_type=model_type, **fields)
    assert visit.answer.status_code == 200, problems(visit)
    curl = shlex.split(html.unescape(re.findall("<pre.*?>(.*?)</pre>", visit.answer.text, re.S)[0]))
    done = visit.send(body, "Train").answer
    assert done.status_code == 303, problems(Visit(api.client, done))
    assert done.headers["Location"] == f"/model/{model_type}/1"
    trained = until(lambda: ready(api, f"/models/{model_type}/1"))
    if model_type not in ("kmeans", "gmm", "pca"):
        assert trained["training"]["validation"]["folds"] == 5
        assert trained["training"]["importance"]
    for name in ("n_clusters", "covariance_type"):
        assert str(trained["hyperparameters"].get(name)) == fields.get(name, "None")
    address = urlsplit(curl[1])
    assert curl[-1] == "@t.csv"
    assert curl[curl.index("-H") + 1] == "Content-Type: text/csv"
    query = address.query.replace("model_id=1", "model_id=2")
    again = api.client.post(f"{address.path}?{query}", data=body, content_type="text/csv")
    assert again.status_code == 201, again.text
    assert again.json is not None
    assert settings_of(again.json) == settings_of(trained)


def ready(api: Api, path: str) -> dict[str, Any] | None:
    told: dict[str, Any] | None = api.client.get(path).json
    assert told is not None
    assert told["status"] != "failed", told
    return told if told["status"] == "ready" else None


def test_what_was_understood_is_shown_before_anything_is_trained(api: Api, visit: Visit) -> None:
    visit = visit.send(PENGUINS, "Look at it")
    page = visit.page
    for words in ("19 cells are empty, in 5 columns", "32.1 to 59.6, median 44.5", "8 columns"):
        assert words in page.words
    for words in ("Biscoe 168, Dream 124, Torgersen 52", "first: 39.1, 39.5, 40.3, (empty)"):
        assert words in page.words
    assert "Train" not in page.buttons, "nobody has said what to predict"
    visit = visit.send(PENGUINS, "Go on", target="column:species")
    page = visit.page
    assert "labels, 3 different" in page.words
    assert "knn/1 will predict species from 7 columns (10 once encoded)" in page.words
    assert "3 columns" in page.words
    assert api.client.get("/models").json == {"models": [], "next": None}


@pytest.mark.parametrize(
    ("target", "offers"),
    [
        ("column:species", {"classification"}),
        ("column:year", {"classification", "regression"}),
        ("column:bill_depth_mm", {"regression"}),
        ("column:flipper_length_mm", {"regression"}),
        ("none", set()),
    ],
)
def test_types_that_suit_are_offered(visit: Visit, target: str, offers: set[str]) -> None:
    visit = looked(visit, PENGUINS, target=target, missing="drop")
    suiting = [
        name
        for name, cls in sorted(catalog().items())
        if (offers & set(cls.tasks) if offers else not cls.supervised())
    ]
    assert visit.page.choices["model_type"] == suiting


def test_a_type_that_does_not_suit_any_more_is_changed_and_said(visit: Visit) -> None:
    visit = looked(visit, PENGUINS, model_type="svm", missing="drop", C="3")
    visit = visit.send(PENGUINS, target="column:bill_depth_mm")
    assert "svm does not suit such an answer; linear_regression was taken" in visit.page.words
    assert visit.page.value("model_type") == "linear_regression"
    visit = visit.send(PENGUINS, target="column:species")
    assert "linear_regression does not suit" in visit.page.words
    assert visit.page.value("model_type") == "knn"
    visit = visit.send(PENGUINS, target="none")
    assert "knn does not suit no column to predict; kmeans was taken" in visit.page.words


def test_advice_of_scale_is_followed_until_somebody_says_otherwise(visit: Visit) -> None:
    visit = looked(visit, PENGUINS)
    assert "Advised for knn: body_mass_g spreads 1,597 times" in visit.page.words
    assert visit.page.value("standardize") == "true"
    again = visit.send(PENGUINS, n_neighbors="7").page
    assert "Advised for knn: body_mass_g spreads 1,597 times" in again.words
    visit = visit.send(PENGUINS, standardize=None)
    assert "standardize" not in dict(visit.page.fields)
    assert "standardize" not in dict(
        looked(visit, PENGUINS, model_type="decision_tree").page.fields
    )


# -------------------------------------------------------------------------- what is not kept


def test_the_file_is_asked_for_once_more_and_all_else_stays(visit: Visit) -> None:
    visit = looked(
        visit, PENGUINS, n_neighbors="7", missing="drop", check="holdout", weights="distance"
    )
    before = dict(visit.page.fields)
    lost = visit.send(None, "Train")
    assert lost.answer.status_code == 422
    assert "choose t.csv once more" in problems(lost)
    kept = lost.send(PENGUINS)
    assert kept.answer.status_code == 200
    assert dict(kept.page.fields) == before
    assert kept.send(PENGUINS, "Train").answer.status_code == 303


def test_another_file_than_was_looked_at_is_shown_first(api: Api, visit: Visit) -> None:
    visit = looked(visit, PENGUINS)
    other = PENGUINS.replace(b"Gentoo", b"Emperor")
    shown = visit.send(other, "Train")
    assert shown.answer.status_code == 200
    assert "Something else was sent than was looked at before" in shown.page.words
    assert "Emperor 124" in shown.page.words
    for changed in ({"model_type": "svm"}, {"target": "column:island"}):
        assert visit.send(PENGUINS, "Train", **changed).answer.status_code == 200
    assert api.client.get("/models").json == {"models": [], "next": None}
    assert shown.send(other, "Train").answer.status_code == 303


def test_what_was_said_of_columns_stays_with_columns_that_are_there(visit: Visit) -> None:
    visit = looked(visit, PENGUINS, use=["species", "island", "sex"])
    assert "from 2 columns" in visit.page.words
    visit = visit.send("island,mass,species\na,1,x\na,2,x\nb,2,y\nb,3,y\na,1,x\n")
    assert "from 2 columns" in visit.page.words, "mass is new, and sex is not there"
    visit = visit.send("mass,length\n1,2.5\n2,3.5\n3,3.5\n")
    assert "Choose the column to predict" in visit.page.words


def test_a_number_that_is_taken(api: Api, visit: Visit) -> None:
    visit = looked(visit, PENGUINS)
    assert visit.page.value("model_id") == "1"
    api.example("knn")
    taken = visit.send(PENGUINS, "Train")
    assert "knn/1 is taken; the next free number is 2" in taken.page.words
    assert taken.page.value("model_id") == "2"
    assert taken.send(PENGUINS, "Train").answer.headers["Location"] == "/model/knn/2"
    wrong = taken.send(PENGUINS, "Train", model_id="1.5")
    assert "a whole number from 0 to 2^53 - 1 is needed, not '1.5'" in problems(wrong)
    assert 'href="#f-model_id"' in wrong.answer.text


# ------------------------------------------------------------------------------ what is wrong


@pytest.mark.parametrize(("query", "body"), FILES, ids=range(len(FILES)))
def test_what_the_api_says_of_a_table_stands_in_the_page(
    api: Api, visit: Visit, query: dict[str, Any], body: str | bytes
) -> None:
    shown = visit.send(body, "Look at it")
    if not query and body != b"\x1f\x8b\x08\0":  # which a page unpacks
        asked = {"model_type": "pca", "model_id": "9", "missing": "impute", "dry_run": "true"}
        answer = api.client.post(
            "/register", query_string=asked, data=body, content_type="text/csv"
        )
        assert answer.json is not None
        assert shown.answer.status_code == answer.status_code
        for fault in answer.json.get("errors", ()):
            said, _, _ = fault["msg"].partition(': {"model_type": ')  # the request, shown again
            assert said in problems(shown)
        remedies = answer.json.get("remedies", ())
        assert len(re.findall(">Do so<", shown.answer.text)) == len(remedies)
    assert shown.page.words


def test_what_is_wrong_is_marked_where_it_stands(visit: Visit) -> None:
    rows = [f"{i},{'-' if i == 3 else 2 * i},0{i}1,{'xy'[i % 2]}\n" for i in range(1, 13)]
    visit = visit.send("a,b,zip,label\n" + "".join(rows), "Look at it")
    assert visit.answer.status_code == 422
    assert visit.answer.text.startswith("<!doctype html>")
    assert "<title>Problem: New model: t.csv" in visit.answer.text
    assert '<td class="bad2"><b>-</b></td>' in visit.answer.text
    assert '<td class="bad2"><b>011</b></td>' in visit.answer.text
    lines = re.findall(r'<tr><th scope="row"[^>]*>(\d+)', visit.answer.text)
    assert lines == ["2", "3", "4", "5"], "and none of the header"
    mended = visit.send(None, "Do so: - counts as empty")
    assert "choose t.csv once more" in problems(mended)
    table = "a,b,zip,label\n" + "".join(rows)
    mended = mended.send(table)
    assert "b, line 4" not in problems(mended)
    assert "zip, line 2" in problems(mended)
    whole = mended.send(table, "Do so: takes zip as a category, as it is written")
    assert whole.answer.status_code == 200
    assert visit.send(table, "Do all of these").page.words == whole.page.words


def test_faults_that_are_alike_are_one_entry(visit: Visit) -> None:
    shown = visit.send(PENGUINS, "Look at it").send(PENGUINS, "Go on", missing="error")
    assert "likewise in bill_depth_mm, flipper_length_mm and body_mass_g" in problems(shown)
    ragged = visit.send("a,b\n1,2\n" + "1,2,3\n" * 30, "Look at it")
    assert "and 10 more things" in problems(ragged)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("n_neighbors", "0", "a whole number of at least 1 is needed"),
        ("n_neighbors", "many", "needed, not the text 'many'"),
        ("weights", "x", "'uniform' or 'distance' is needed"),
        ("p", "0.5", "p: "),
        ("missing", "x", "missing: "),
        ("check", "1", "cv: "),
        ("check", "x", "cv: "),
        ("max_categories", "1", "max_categories: "),
        ("sample", "-1", "sample: "),
        ("delimiter", "ab", "'ab' cannot stand between cells"),
        ("decimal", ";", "'.' or ',' is needed"),
        ("header", "x", "true or false is needed"),
        ("model_type", "nix", ""),
        ("kind", "x", "kinds"),
    ],
)
def test_a_setting_that_is_wrong_is_named_and_linked(
    visit: Visit, field: str, value: str, says: str
) -> None:
    visit = looked(visit, PENGUINS)
    shown = visit.send(PENGUINS, **{field: value})
    if says:
        assert shown.answer.status_code == 422
        assert says in problems(shown)
    assert shown.page.words


@pytest.mark.parametrize("value", ["", "{", "[]", "null", '{"drop": 1}', '{"kinds": {"a": 1}}'])
def test_a_button_that_is_none(visit: Visit, value: str) -> None:
    shown = visit.send(PENGUINS, "Look at it", remedy=value)
    assert "this is no button of the page" in problems(shown)


def test_gzip_is_unpacked(api: Api, visit: Visit) -> None:
    packed = gzip.compress(PENGUINS)
    visit = looked(visit, packed)
    assert "knn/1 will predict species" in visit.page.words
    assert "Content-Encoding: gzip" in visit.answer.text
    assert visit.send(packed, "Train").answer.status_code == 303
    assert "not gzip" in problems(visit.send(packed[:2000]))


def test_a_table_over_the_limit(visit: Visit) -> None:
    app = create_app(Settings(store="memory", max_content_length=20_000))
    try:
        client = app.test_client()
        begun = Visit(client, client.get("/new", headers=HTML))
        assert "up to 20 kB" in begun.page.words, "which is said before anything is chosen"
        shown = begun.send(PENGUINS * 2, "Look at it")
        assert shown.answer.status_code == 413
        assert "over the limit of 20000 bytes" in problems(shown)
        bomb = begun.send(gzip.compress(b"a,b\n" + b"1,2\n" * 100_000), "Look at it")
        assert bomb.answer.status_code == 413
    finally:
        app.extensions["fitserve"].close()


def test_a_form_of_too_many_fields(visit: Visit) -> None:
    shown = visit.send(PENGUINS, "Look at it", column=["x"] * 3000)
    assert shown.answer.status_code == 413


# -------------------------------------------------------------------------------- what it is


WIDE = ",".join([f"c{i}" for i in range(100)] + ["y"]) + "\n"
WIDE += "".join(
    ",".join(str(i * j % 7) for j in range(100)) + f",{'ab'[i % 2]}\n" for i in range(20)
)


def test_thirty_columns_at_a_time(visit: Visit) -> None:
    visit = looked(visit, WIDE, target="column:y")
    page = visit.page
    assert "101 of 101 columns, part 1 of 4" in page.words
    assert page.fields.count(("column", "y")) == 1, "the answer comes first"
    assert len([name for name, _ in page.fields if name == "column"]) == 30
    use = [value for name, value in page.fields if name == "use" and value != "c3"]
    second = visit.send(WIDE, "Those after", use=use)
    assert "part 2 of 4" in second.page.words
    assert "from 99 columns" in second.page.words
    assert ("drop", "c3") in second.page.fields, "which is said of a column that is not shown"
    found = second.send(WIDE, "Find", find="C9")
    shown = [value for name, value in found.page.fields if name == "column"]
    assert shown == ["c9", *(f"c9{i}" for i in range(10))]
    assert "from 99 columns" in found.page.words
    assert found.send(WIDE, "Train").answer.status_code == 303


def test_the_python_that_is_shown_does_the_same(
    visit: Visit, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {"kinds": "year:category", "missing": "drop", "weights": "distance", "p": "1.5"}
    visit = looked(visit, PENGUINS, drop=None, na_values="NA, -", **fields)
    curl, python = re.findall("<pre.*?>(.*?)</pre>", visit.answer.text, re.S)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_bytes(PENGUINS)
    url = f"http://127.0.0.1:{server.port}"
    exec(html.unescape(python).replace("http://localhost", url), {})  # noqa: S102
    query = urlsplit(shlex.split(html.unescape(curl))[1]).query.replace("model_id=1", "model_id=2")
    by_curl = Server(server.port, server.process, server.log, {"Content-Type": "text/csv"})
    status, told = by_curl.ask("POST", f"/register?{query}", PENGUINS)
    assert status == 201, told
    assert settings_of(server.ask("GET", "/models/knn/1")[1]) == settings_of(told)
    assert told["hyperparameters"]["p"] == 1.5
    assert {"name": "year", "kind": "category"}.items() <= told["columns"][6].items()


SCRIPT = '<script>alert("x")</script>'


def test_names_are_text(visit: Visit) -> None:
    quoted = SCRIPT.replace('"', '""')
    table = f'"{quoted}",b,"y{{{{7*7}}}}\'"\n' + "".join(
        f'"{quoted}",{i},{"xz"[i % 2]}\n' for i in range(9)
    )
    shown = visit.send(table, "Look at it", file_name="x'\"><script>.csv")
    for target in (f"column:{SCRIPT}", "column:y{{7*7}}'"):
        shown = shown.send(table, target=target)
        assert SCRIPT in shown.page.words
        assert "<script>alert" not in shown.answer.text
        assert "y{{7*7}}'" in shown.page.words
