"""The mistakes that people make with tables, and what they are told."""

import gzip
import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from werkzeug.test import TestResponse

from fitserve.models import catalog
from tests.api.words import judge_problem
from tests.conftest import Api

ROUTES = ("/register", "/predict", "/evaluate")
ROWS_OF_JSON = [(1, 2, "u"), (2, 1, "v"), (3, 4, "u")]
TABLE = "a,b,y\n1,2,0.5\n2,4,1.5\n3,7,2.5\n4,9,3.5\n"


def ask(api: Api, route: str, body: str | bytes, **query: str) -> TestResponse:
    asked = {"model_type": "decision_tree", "model_id": "1"} | query
    raw = body if isinstance(body, bytes) else body.encode()
    return api.client.post(f"{route}?{urlencode(asked)}", data=raw, content_type="text/csv")


def told(api: Api, route: str, body: str | bytes, **query: str) -> dict[str, Any]:
    answer = ask(api, route, body, **query)
    assert answer.status_code in (400, 422), answer.text
    problem: dict[str, Any] | None = answer.json
    assert problem is not None
    detail = problem["detail"].partition(" Add ")[0].rstrip(".") + "."
    judge_problem(problem | {"detail": detail})
    return problem


def trained(api: Api, body: str = TABLE, **query: str) -> None:
    answer = ask(api, "/register", body, **{"target": "y"} | query)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"examples/iris.csv", "write --data-binary @examples/iris.csv, with the @"),
        (b"my data.csv\n", "the name of a file, 'my data.csv', not what the file holds; with curl"),
        (b"\xef\xbb\xbft.csv\r\n\r\n", "write --data-binary @t.csv, with the @"),
        (
            b"rows.json",
            "'Content-Type: application/json' -d @rows.json, with the @, and no",
        ),
        (b"t.csv.gz", "write -H 'Content-Encoding: gzip' --data-binary @t.csv.gz"),
        (b"file:///tmp/t.csv", "write --data-binary @/tmp/t.csv, with the @"),
        (b'"t.csv"', "--data-binary @t.csv, or in Python data=open('t.csv', 'rb')"),
        (b"~/t.csv", '--data-binary @"$HOME/t.csv", with the @'),
        (b"<t.csv", "write --data-binary @t.csv, with the @"),
        (b"-", "where standard input is meant; with curl write --data-binary @-"),
        (b"https://x.org/t.csv", "curl -sL https://x.org/t.csv | curl --data-binary @-"),
        (b'{\\"model_type\\": \\"knn\\"}', "'Content-Type: application/json'"),
        (b"@iris.csv", "this is '@iris.csv' itself, as curl's --data-raw sends it"),
        (
            b"C:\\data\\x.xlsx",
            "and with curl write --data-binary '@C:\\data\\x.csv'",
        ),
        (b'{"model_type": "knn"}', "'Content-Type: application/json'"),
        (b"\xef\xbb\xbf[[1, 2], [3, 4]]", "'Content-Type: application/json'"),
        (b'\n[{"a": 1}]', "'Content-Type: application/json'"),
        (b"PK\x03\x04\x14\x00\x06\x00", "a spreadsheet or a zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "exported as CSV"),
        (b"\x1f\x8b\x08\x00", "'Content-Encoding: gzip'"),
        (b"PAR1\x15\x04", "written as CSV"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is a picture, and no text"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "is a picture, and no text"),
        (b"GIF89a\x01\0", "is a picture, and no text"),
        (b"BM\x1a\n\0\0\0\0\0\0", "is a picture, and no text"),
        (b"SQLite format 3\0", "is no text"),
        (b"PK\x05\x06\0\0", "a spreadsheet or a zip"),
        (b'{"a": 1, "y": "u"}\n{"a": 2, "y": "v"}\n', "each line of the body is JSON"),
        (b'{"a": 1}\r\n\r\n{"a": 2}\r\n', "each line of the body is JSON"),
        (b"[1, 2]\n[3, 4]\n", "each line of the body is JSON"),
        (b'{"a": [1, 2], "y": ["u", "v"]}', "as one object, with the header 'Content-Type: app"),
        (b'{\n  "a": [1, 2]\n}', "write its rows as CSV. In JSON they stand in a list: "),
        (b'[{"a": 1},\n{"a": 2}]', "was declared CSV"),
        (b'{"kwargs": {"X": [[1, 2]]}}', "CSV; send the header 'Content-Type: application/json'"),
        (
            b'["{\\"a\\": 1}"]',
            "JSON inside of JSON, and was declared CSV; send one object, with no",
        ),
        (b'["[1, 2]", "[3, 4]"]', "In JSON they stand in a list: "),
        (b'"[[1,2]]"', "JSON inside of JSON, and was declared CSV; send one object, with no"),
        (b' "[1, -2e3]"\n', "send one object, with no quotes around its rows"),
        (b'"[{\\"a\\": 1}]"', "send one object, with no quotes around its rows"),
        (
            b'["{\\"model_type\\": \\"knn\\"}"]',
            "JSON inside of JSON, and was declared CSV; send the obj",
        ),
        (
            b'"{\\"model_type\\": \\"knn\\"}"',
            "; send the object alone, with the header 'Content-Type",
        ),
        (b"<!DOCTYPE html>", "is HTML"),
        (b"--f00\r\nContent-Disposition: form-data\r\n\r\na,b\r\n1,2\r\n", "not by -F"),
    ],
)
def test_a_body_that_is_no_table(api: Api, route: str, body: bytes, says: str) -> None:
    fault = told(api, route, body)["errors"][0]
    assert says in fault["msg"]
    assert fault["loc"] == ["line", 1]


def test_what_is_told_of_a_body_that_is_no_table_works(api: Api) -> None:
    lines = [json.dumps(dict(zip("aby", row, strict=True))) for row in ROWS_OF_JSON]
    assert "one object of JSON" in told(api, "/register", "\n".join(lines))["detail"]
    kwargs = {"X": list(map(json.loads, lines)), "target": "y"}
    assert api.register("decision_tree", 1, **kwargs).status_code == 201
    features = [{"a": 1, "b": 2}]
    for body, says in ((features, "features"), ([[1, 2]], "features"), ([], "model_type")):
        answer = api.raw("/predict", json.dumps(body).encode())
        assert f'"{says}": ...' in answer.text.replace('\\"', '"')
        assert ('write rows as "features"' in answer.text.replace('\\"', '"')) == bool(body)
    assert api.predict("decision_tree", 1, features).status_code == 200
    packed = gzip.compress(TABLE.encode())
    assert "'Content-Encoding: gzip'" in told(api, "/register", packed)["detail"]
    query = "/register?model_type=decision_tree&model_id=2&target=y"
    headers = {"Content-Type": "text/csv", "Content-Encoding": "gzip"}
    assert api.client.post(query, data=packed, headers=headers).status_code == 201


def test_a_cell_that_looks_like_a_file_is_a_row_where_no_names_are(api: Api) -> None:
    trained(api, "x.csv,u\ny.csv,v\n", header="false", target="1", kinds="0:category")
    answer = ask(api, "/predict", "x.csv\n", header="false")
    assert answer.json["predictions"] == ["u"]  # type: ignore[index]


@pytest.mark.parametrize(
    "cell",
    [
        '"{""a"": 1}"',
        "BM",
        "GIF",
        "RIFFS",
        "ID3",
        "[1]",
        '"[1, ""a""]"',
        '"[{a}]"',
        "{a}",
        "data.csv",
        "[1",
        "{x",
        "<b>",
        "PK",
        "--",
    ],
)
def test_a_table_that_looks_like_something_else(api: Api, cell: str) -> None:
    trained(api, f"{cell},y\n1,2.5\n2,3.5\n")


@pytest.mark.parametrize("route", ROUTES)
def test_a_table_that_was_declared_to_be_json(api: Api, route: str) -> None:
    answer = api.raw(route, TABLE.encode())
    assert answer.status_code == 400
    assert "it looks like CSV. /register, /predict and /evaluate take it" in answer.text
    assert "'Content-Type: text/csv'" in answer.text


@pytest.mark.parametrize("column", ["a", "y"])
@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("1,200", "write 1200"),
        ("1,234,567.5", "write 1234567.5"),
        ("-1.234.567,5", "with decimal=, write -1234567,5, without it -1234567.5"),
        ("0,125", "or write 0.125"),
        ("1'234", "write 1234"),
        ("1\u202f234,5", "write 1234.5"),
        ("$7.50", "write 7.50"),
        ("7 €", "write 7"),
        ("12.5 %", "write 0.125"),
        ("3‰", "write 0.003"),
        ("(5)", "write -5"),
        ("−5", "write -5"),
        ("0x1F", "write 31"),
        ("inf", "'inf' is no number to learn from; write a finite number"),
        ("-Infinity", "write a finite number, or leave its row out"),
        ("∞", "'∞' is no number to learn from; write a finite number"),
        ("-1.#INF00", "write a finite number, or leave its row out"),
        ("1e400", "not the number 1e400; write a smaller one, or leave its row out"),
        ("NA", "'NA' counts as empty (na_values)"),
        ("", "the cell is empty"),
    ],
)
def test_a_cell_that_is_no_plain_number(api: Api, column: str, cell: str, says: str) -> None:
    row = {"a": "3", "b": "4", "y": "2.5"} | {column: f'"{cell}"'}
    body = f"{TABLE}{','.join(row.values())}\n"
    problem = told(api, "/register", body, model_type="linear_regression", target="y")
    fault = problem["errors"][0]
    assert says in fault["msg"]
    assert fault["loc"] == ["line", 6, column]
    if column == "y":
        sets = [remedy["set"] for remedy in problem.get("remedies", [])]
        assert not any("kinds" in one or "drop" in one for one in sets)
        return
    trained(api)
    ask = told(api, "/predict", f'a,b\n"{cell}",2\n1,2\n')["errors"][0]
    assert says.partition("; ")[2] in ask["msg"]
    assert ask["loc"] == ["line", 2, "a"]


@pytest.mark.parametrize("word", ["None", "null"])
@pytest.mark.parametrize(
    ("name", "out"),
    [
        *((name, f"leave {name} out") for name in ("drop", "kinds")),
        *((name, "leave it out") for name in ("delimiter", "decimal", "missing", "dry_run")),
        ("standardize", "leave it out"),
    ],
)
def test_a_parameter_that_is_none_is_left_out(api: Api, name: str, word: str, out: str) -> None:
    query = {"target": "y", name: word}
    problem = told(api, "/register", TABLE, **query)
    assert problem["errors"][0]["loc"] == ["query", name]
    assert out in problem["errors"][0]["msg"]
    trained(api)


GAP_MARKS = ["-", "-nan", "-NaN", "-nan(ind)", "-1.#IND", "1.#QNAN0", "#NUM!", "#NAME?", "#WERT!"]


@pytest.mark.parametrize("column", ["a", "y"])
@pytest.mark.parametrize("cell", [*GAP_MARKS, "undefined"])
def test_what_programs_print_where_no_number_is(api: Api, column: str, cell: str) -> None:
    row = {"a": "3", "b": "4", "y": "2.5"} | {column: cell}
    body = f"{TABLE}{','.join(row.values())}\n"
    query = {"model_type": "linear_regression", "target": "y"}
    problem = told(api, "/register", body, **query)
    assert f"'{cell}' stands among numbers; write it in na_values" in problem["errors"][0]["msg"]
    add = dict(parse_qsl(problem["detail"].partition(" Add ")[2]))
    assert add["na_values"] == cell
    trained(api, body, **query, **add)


@pytest.mark.parametrize("route", ["/predict", "/evaluate"])
@pytest.mark.parametrize(("learned", "sent"), [(".", ","), (",", ".")])
def test_a_file_with_the_other_decimal_sign_is_one_thing_to_mend(
    api: Api, route: str, learned: str, sent: str
) -> None:
    lines = "".join(f"{i}.5;{i};{2 * i}.25\n" for i in range(60))
    files = {sign: f"a;b;y\n{lines}".replace(".", sign) for sign in ".,"}
    trained(api, files[learned], decimal=learned)
    for columns in ("a;b;y\n", "y;b;a\n"):  # y alone has fractions, or a too
        body = files[sent].replace("a;b;y\n", columns)
        problem = told(api, route, body)
        assert len(problem["errors"]) == 1
        assert "more_errors" not in problem
        assert [one["set"] for one in problem["remedies"]] == [{"decimal": sent}]
        asked = {"model_type": "decision_tree", "model_id": "1", "decimal": sent}
        answer = api.client.post(f"{route}?{urlencode(asked)}", data=body, content_type="text/csv")
        assert answer.status_code == 200, answer.text
    whole = f"a;b;y\n1;2;{files[sent].split(';')[-1]}"
    if route == "/evaluate":
        assert told(api, route, whole)["remedies"][0]["set"] == {"decimal": sent}


@pytest.mark.parametrize("cells", ["1.5 2,5", "1.5 abc", "1,234 2,345", "1,5 abc"])
def test_no_decimal_sign_is_proposed_that_would_not_do(api: Api, cells: str) -> None:
    trained(api, TABLE.replace(",", ";"))
    rows = "".join(f"{cell};{i};{i}\n" for i, cell in enumerate(cells.split()))
    for route in ("/predict", "/evaluate"):
        assert "remedies" not in told(api, route, f"a;b;y\n{rows}")
        assert "remedies" not in told(api, "/evaluate", f"y;a;b\n{rows}")


def test_a_number_with_a_point_where_the_model_learned_commas(api: Api) -> None:
    trained(api, "a;y\n1,5;0,5\n2,5;1,5\n", decimal=",")
    fault = told(api, "/predict", "a;b\n1.5;2\n")["errors"][0]
    assert "not the text '1.5'; add decimal=. if the point is the decimal sign" in fault["msg"]


@pytest.mark.parametrize("query", [{}, {"decimal": ","}])
def test_points_between_thousands_beside_decimal_commas(api: Api, query: dict[str, str]) -> None:
    table = "a;b;y\n1.234,56;1;2\n2.345,67;2;3\n"
    problem = told(api, "/register", table, target="y", **query)
    assert "with decimal=, write 1234,56, without it 1234.56" in problem["errors"][0]["msg"]
    assert "remedies" not in problem
    trained(api, table.replace(".", ""), decimal=",")
    fault = told(api, "/predict", "a;b\n1.234,56;2\n", **query)["errors"][0]
    assert "with decimal=, write 1234,56, without it 1234.56" in fault["msg"]


def test_a_point_that_may_part_thousands_is_no_decimal_sign_yet(api: Api) -> None:
    table = "a;b;y\n1.234;1;2,5\n12.500;2;3,5\n350;2;3,5\n"
    problem = told(api, "/register", table, target="y", decimal=",")
    assert "write 1234 if the point parts thousands, or leave" in problem["errors"][0]["msg"]
    assert "remedies" not in problem
    trained(api, table.replace(".", ""), decimal=",")
    problem = told(api, "/evaluate", table, decimal=",")
    assert "or 1234 if it parts thousands" in problem["errors"][0]["msg"]
    assert "remedies" not in problem


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("\ufeff\ufeffa,b,y", "U+FEFF, stands before 'a' in the header; take it out"),
        ("a,\u200bb,y", "U+200B, stands before 'b' in the header; take it out"),
        ("a,b\u2060,y", "U+2060, stands behind 'b' in the header; take it out"),
        ("ï»¿a,b,y", "'ï»¿', a byte order mark that was read in another encoding than UTF-8, st"),
        ("∩╗┐a,b,y", "stands before 'a' in the header; take it out"),
        ("a,\u200eb,y", "U+200E, stands before 'b' in the header; take it out"),
        ("'a','b','y'", "single quotes stand around a in the header; take them away, a CSV quo"),
        ("a,`b`,y", '` and ` stand around b in the header; take them away, a CSV quotes by "'),
        ('a, "b", "y"', '" and " stand around b in the header; take them away'),
    ],
)
def test_what_stands_around_a_name(api: Api, head: str, says: str) -> None:
    trained(api, "\ufeffa,b,y\n1,2,2.5\n2,3,3.5\n")
    fault = told(api, "/predict", f"{head}\n1,2,2.5\n2,3,3.5\n")["errors"][0]
    assert says in fault["msg"]
    target = "a" if re.search("'a'|around a", says) else "b"
    query = {"target": target, "model_id": "2"}
    fault = told(api, "/register", f"{head}\n1,2,2.5\n2,3,3.5\n", **query)["errors"][0]
    assert says.replace(" in the header", "") in fault["msg"].replace(" in the header", "")
    named = [name.strip() for name in head.removeprefix("\ufeff").split(",")]
    kwargs = {"X": [dict(zip(named, row, strict=True)) for row in ([1, 2, 3], [2, 3, 4])]}
    answer = api.register("kmeans", 3, **kwargs, n_clusters=1)
    if answer.status_code == 422:  # it is part of no name
        assert re.search("[\ufeff\u200b\u2060»┐]", head)
        assert "; take it out" in answer.text
        rows = {"X": [[1, 2], [3, 4]], "y": [1, 2], "feature_names": [named[0], named[1]]}
        assert "; take it out" in api.register("knn", 4, **rows, n_neighbors=1).text
        return
    row = {"a": 1, "b": 2, "y": 3}
    faults = api.predict("kmeans", 3, row).json["errors"]  # type: ignore[index]
    for fault in faults:
        (written,) = re.findall("where the model learned it; write (.*), or register", fault["msg"])
        right = json.loads(written) if "\\u" in written else written
        row[right] = row.pop(fault["loc"][-1])
    assert api.predict("kmeans", 3, row).status_code == 200


@pytest.mark.parametrize("form", ["'{}'", '"{}"', "`{}`", "\u201c{}\u201d", "{}\u200b", " {}"])
def test_what_stands_around_a_name_that_was_asked_for(api: Api, form: str) -> None:
    trained(api)
    queries = {
        "target": (form.format("y"), "target=y"),
        "drop": (form.format("a"), "drop=a"),
        "kinds": (f"{form.format('a')}:number", "kinds=a:number"),
    }
    for member, (sent, right) in queries.items():
        query = {"target": "y", "model_id": "2"} | {member: sent}
        answer = ask(api, "/register", TABLE, **query)
        if answer.status_code == 201:  # spaces around the names of a list are no part of these
            assert form == " {}"
            assert api.client.delete("/models/decision_tree/2").status_code == 204
            continue
        (fault,) = told(api, "/register", TABLE, **query)["errors"]
        assert fault["loc"] == ["query", member]
        assert fault["msg"].endswith(f", write {right}")
        assert " stand" in fault["msg"]
        assert "model" not in fault["msg"]
        kwargs = {"X": [{"a": 1, "y": 2}, {"a": 3, "y": 3}], "target": "y"}
        in_json = {form.format("a"): "number"} if member == "kinds" else [form.format("a")]
        value = form.format("y") if member == "target" else in_json
        (fault,) = api.register("knn", 2, **kwargs | {member: value}).json["errors"]  # type: ignore[index]
        assert fault["loc"] == ["kwargs", member]
        right = fault["msg"].partition(", write ")[2]
        mended = json.loads(f"{{{right}}}")
        if member != "drop":  # which would leave nothing
            kwargs |= mended
            assert api.register("knn", 2, **kwargs, n_neighbors=1).status_code == 201
            assert api.client.delete("/models/knn/2").status_code == 204
    (fault,) = told(api, "/evaluate", TABLE, target=form.format("y"))["errors"]
    assert fault["loc"] == ["query", "target"]
    assert fault["msg"].endswith(", write target=y")
    assert ask(api, "/evaluate", TABLE, target="y").status_code == 200


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("n_neighbors", '{"k": 5, "p": [1, 2'),
        ("weights", '"p": 5'),
        ("cv", '"cv": 3, "p": true'),
        ("missing", 'it\'s "p": 5'),
    ],
)
def test_what_was_sent_is_shown_as_it_was(api: Api, name: str, sent: str) -> None:
    query = {"model_type": "knn", "target": "y", name: sent}
    assert sent in told(api, "/register", TABLE, **query)["detail"].replace("\\'", "'")


@pytest.mark.parametrize("sign", ["\ufeff", "\u200b", "ï»¿", "\u200e"])
def test_what_stands_around_a_cell(api: Api, sign: str) -> None:
    rows = "1,Oslo,u\n2,Rom,v\n3,Oslo,u\n4,Rom,v\n"
    knn = {"model_type": "knn", "n_neighbors": "1", "target": "y"}
    body = f"a,city,y\n{rows}"
    (fault,) = told(api, "/register", f"{body}{sign}{body}", **knn)["errors"]
    assert "the header stands here again" in fault["msg"] or sign != "\ufeff"
    problem = told(api, "/register", f"{body}{sign}{rows}", **knn)
    assert problem["errors"][0]["loc"] == ["line", 6, "a"]
    assert "stands before '1'; take it out, write 1" in problem["detail"]
    assert "remedies" not in problem
    trained(api, body, **knn)
    key = {"model_type": "knn", "model_id": "1"}
    told_so = told(api, "/predict", f"{body}{sign}{rows}", **key)["detail"]
    assert "stands before '1'; take it out, write 1" in told_so
    for route in ("/predict", "/evaluate"):
        body = f"a,city,y\n1,{sign}Oslo,u\n"
        said = told(api, route, body, **key)["detail"]
        assert "stands before 'Oslo'; take it out, write 'Oslo'; known are: Oslo, Rom" in said
    said = told(api, "/evaluate", f"a,city,y\n1,Oslo,{sign}u\n", **key)["detail"]
    assert "stands before 'u'; take it out; known are: u, v" in said
    advice = ask(api, "/evaluate", f"a,city,y\n1,Oslo,{sign}u\n1,Oslo,u\n", **key).text
    assert "stands before 'u'; take it out; known are: u, v" in advice
    mixed = f"a,city,y\n{rows}5,{sign}Oslo,{sign}u\n"
    advice = ask(api, "/register", mixed, **knn | {"model_id": "2"}).text
    assert "differ in what does not show alone" in advice
    assert ("city in line 6: " in advice) == (sign != "\u200e")


def test_quotes_around_a_number(api: Api) -> None:
    trained(api)
    said = told(api, "/predict", "a,b\n'1',2\n")["detail"]
    assert "single quotes stand around 1; take them away, write 1." in said
    trained(api, "c,y\n'1',0.5\n'2',1.5\n", model_id="2")  # a code may be in quotes


@pytest.mark.parametrize(
    ("cells", "query", "says"),
    [
        (("1", "x"), {}, "linear_regression learns numbers; mend the cell, or leave its row out"),
        (("u", "v"), {}, "linear_regression learns numbers; for labels take another type"),
        (("1", "2"), {"kinds": "y:category"}, "y is said to be a category, and linear_regression"),
        (("2020-01-02", "2020-01-03"), {}, "send a number instead, such as the year"),
    ],
)
def test_labels_for_what_learns_numbers(
    api: Api, cells: tuple[str, str], query: dict[str, str], says: str
) -> None:
    body = f"a,y\n1,{cells[0]}\n2,{cells[1]}\n"
    asked = {"model_type": "linear_regression", "target": "y"} | query
    problem = told(api, "/register", body, **asked)
    assert says in problem["errors"][0]["msg"]
    assert "remedies" not in problem


@pytest.mark.parametrize(
    ("body", "query", "loc", "says"),
    [
        (TABLE, {"target": "y", "delimiter": ";"}, ["query", "delimiter"],
         "with ';' the header is one column, 'a,b,y'; write delimiter=,"),
        (TABLE.replace(",", "\t"), {"target": "y", "delimiter": ","}, ["query", "delimiter"],
         "write delimiter=tab"),
        ("a;b;y\n1,5;2;0\n2,5;1;1\n", {"target": "y", "delimiter": ",", "decimal": ","},
         ["query", "delimiter"], "with ',' the header is one column, 'a;b;y'; write delimiter=;"),
        ("a;b;y\n1,5;2;0\n2;1;1\n", {"target": "y", "delimiter": ","},
         ["query", "delimiter"], "write delimiter=;"),
        (TABLE, {"target": "y", "kinds": "a:number;b"}, ["query", "kinds"],
         "write a comma between two names: a:number,b:KIND"),
        (TABLE, {"target": "y", "kinds": "a:number;b:category | y:text"}, ["query", "kinds"],
         "between two names: a:number,b:category,y:text"),
        (TABLE, {"target": "y", "header": "false"}, ["query", "target"],
         "the first line holds it, so that names are there; leave header=false out"),
        (TABLE, {"target": "2", "header": "false"}, ["line", 1, "0"],
         "the first line looks like names: if it is, leave header=false out"),
        ("1,2,u\n3,4,v\n", {"target": "y"}, ["query", "target"],
         "add header=false, which names columns by number, from 0 to 2"),
        ("1,2,u\n3,4,v\n", {"target": "y", "header": "false"}, ["query", "target"],
         "by number, from 0 to 2; write such a number, 2 for the last, in place of 'y'"),
        ("1,1,u\n3,4,v\n", {"target": "y"}, ["line", 1, "1"],
         "header=false, which names columns by number, from 0 to 2, and write such a number"),
        ("a,a,y\n3,4,v\n", {"target": "y"}, ["line", 1, "a"], "column a name of its own"),
        ('"a,b,y"\n1,2,u\n3,4,v\n', {"target": "y", "delimiter": ","}, ["line", 1],
         "the quotes around the header make it one column, 'a,b,y'; leave them out"),
        ("a,y\n1,5,u\n2,5,v\n", {"target": "y"}, ["line", 1],
         "if 1,5 is one number, write ';' between cells and add decimal=,"),
        (f"{TABLE}13,2,x, y\n", {"target": "y"}, ["line", 6],
         'if x, y is one cell, write it in quotes, "x, y"'),
        (f"{TABLE}13,2,x, y\n", {"target": "y", "delimiter": ";"}, ["query", "delimiter"],
         "with ';' the header is one column, 'a,b,y'; write delimiter=,"),
        ("a,y\n1,u\n2,u\n", {"target": "y"}, ["query", "target"],
         "column 'y' holds one class only, the text 'u'"),
        ("a,y\n1,3\n2,3\n", {"target": "y"}, ["query", "target"], "only, the number 3"),
        (TABLE, {"target": "z"}, ["query", "target"], "there are: a, b, y"),
        (TABLE, {"target": "y", "drop": "y"}, ["query", "drop"], "leave it out of drop"),
        (TABLE, {"target": "y", "drop": "a;b"}, ["query", "drop"], "between two names: a,b"),
        (TABLE, {"target": "y", "drop": "a b"}, ["query", "drop"], "between two names: a,b"),
        (TABLE, {"target": "y", "kinds": "a:number;b:number"}, ["query", "kinds"],
         "write a comma between two names: a:number,b:number"),
        (TABLE, {"target": "y", "kinds": "a;b:number"}, ["query", "kinds"],
         "write a comma between two names: a:number,b:number"),
        (TABLE, {"target": "y", "kinds": "a b:category"}, ["query", "kinds"],
         "write a comma between two names: a:category,b:category"),
        (TABLE, {"target": "y", "kinds": "a:number b:text"}, ["query", "kinds"],
         "write a comma between two names: a:number,b:text"),
        ("data/train", {"target": "y"}, ["line", 1],
         "curl by --data-binary @FILE, with the @ if 'data/train' is the file"),
        (TABLE, {"target": "a;y"}, ["query", "target"], "one column is learned at a time; write a"),
        (TABLE, {"target": "y", "drop": "a,b"}, ["query", "drop"], "no column is left"),
        ("y\n1.5\n2.5\n", {"target": "y"}, ["line", 1], "no column is left"),
    ],
)  # fmt: skip
def test_a_head_that_is_read_otherwise(
    api: Api, body: str, query: dict[str, str], loc: list[Any], says: str
) -> None:
    problem = told(api, "/register", body, **query)
    assert says in problem["errors"][0]["msg"]
    assert problem["errors"][0]["loc"] == loc
    assert "kinds=" not in problem["detail"]
    assert "Add drop=" not in problem["detail"]
    assert "remedies" not in problem


@pytest.mark.parametrize("model_type", ["knn", "linear_regression"])
@pytest.mark.parametrize("kind", ["number", "category", "text"])
@pytest.mark.parametrize("cells", [[1, 2, 1, 2], [1.5, 2.5, 1.5, 2.5], ["u", "v", "u", "v"]])
def test_the_kind_of_what_is_learned_counts_in_json_as_in_csv(
    api: Api, model_type: str, kind: str, cells: list[Any]
) -> None:
    table = {"a": [1, 2, 3, 4], "y": cells}
    body = "a,y\n" + "".join(f"{a},{y}\n" for a, y in zip(table["a"], cells, strict=True))
    query = {"model_type": model_type, "model_id": 1, "target": "y", "kinds": f"y:{kind}"}
    more = {"n_neighbors": 1} if model_type == "knn" else {}
    in_csv = api.raw(f"/register?{urlencode(query | more)}", body.encode(), Content_Type="text/csv")
    in_json = api.register(model_type, 2, X=table, target="y", kinds={"y": kind}, **more)
    assert in_json.status_code == in_csv.status_code
    if in_json.status_code == 422:
        assert in_json.json["errors"][0]["msg"] == in_csv.json["errors"][0]["msg"]  # type: ignore[index]
        return
    told = [api.predict(model_type, model_id, {"a": [1, 2]}).json for model_id in (1, 2)]
    assert told[0]["predictions"] == told[1]["predictions"]  # type: ignore[index]
    key = {"model_type": model_type, "model_id": 2}
    for ask in ({"features": table}, {"features": {"a": table["a"]}, "y": cells}):
        assert api.client.post("/evaluate", json=key | ask).status_code == 200


@pytest.mark.parametrize("route", ["/predict", "/evaluate"])
@pytest.mark.parametrize(
    ("body", "query", "says"),
    [
        ("1,2\n3,4\n", {}, "the first line holds values, not names; write the names above it"),
        ("a,b\n1,2\n", {"delimiter": ";"}, "write delimiter=,"),
        ("a,b\n1,2\n", {"header": "false"}, "leave header=false out"),
    ],
)
def test_a_head_without_the_columns_of_the_model(
    api: Api, route: str, body: str, query: dict[str, str], says: str
) -> None:
    trained(api)
    faults = told(api, route, body, **query)["errors"]
    place = ["query", "delimiter"] if "delimiter" in query else ["line", 1]
    assert [fault["loc"] for fault in faults] == [place]
    assert "none of the model's columns is there, a, b; " in faults[0]["msg"]
    assert says in faults[0]["msg"]


ROWS = "1,2\n2,1\n5,6\n6,5\n"
BARE = {"header": "false"}
LEARNED = {
    "names": (f"a,b\n{ROWS}", {}),
    "lines": (ROWS, BARE),
    "numbers": (f"0,1,2\n{ROWS.replace(',', ',3,')}", {"drop": "0"}),
}
OUT = "leave this line out, and add header=false"


@pytest.mark.parametrize("route", ["/predict", "/evaluate"])
@pytest.mark.parametrize(
    ("model", "body", "query", "says", "obeyed", "then"),
    [
        ("X", "1,2\n", {}, "not names; add header=false", "1,2\n", BARE),
        ("X", "5,6\n1,2\n", {}, "not names; add header=false", "5,6\n1,2\n", BARE),
        ("X", "a,b\n1,2\n", {}, OUT, "1,2\n", BARE),
        ("X", "a;b\n1;2\n", {}, OUT, "1;2\n", BARE),
        ("lines", "a,b\n1,2\n", {}, "if it is a name, leave this line out", "1,2\n", {}),
        ("numbers", "7,8,9\n", {}, "not names; add header=false", "7,8,9\n", BARE),
        ("names", "1,2\n", BARE, "write a,b above the rows, and leave head", "a,b\n1,2\n", {}),
        ("names", "1;2\n3;4\n", BARE, "write a;b above the rows", "a;b\n1;2\n3;4\n", {}),
        ("names", "1,2\n3,4\n", {}, "write the names above it", "a,b\n1,2\n3,4\n", {}),
        ("names", "b,a\n1,2\n", BARE, "leave header=false out", "b,a\n1,2\n", {}),
    ],
)
def test_a_head_that_is_not_the_models(
    api: Api, route: str, model: str, body: str, query: dict[str, str], says: str, obeyed: str,
    then: dict[str, str],
) -> None:  # fmt: skip
    kmeans = {"model_type": "kmeans"}
    if model == "X":
        X = [[1, 2], [2, 1], [5, 6], [6, 5]]
        assert api.register("kmeans", 1, X=X, n_clusters=2).status_code == 201
    else:
        table, asked = LEARNED[model]
        answer = ask(api, "/register", table, n_clusters="2", **kmeans, **asked)
        assert answer.status_code == 201, answer.text
    fault = told(api, route, body, **kmeans, **query)["errors"][0]
    assert fault["loc"][:2] == ["line", 1]
    assert says in fault["msg"]
    answer = ask(api, route, obeyed, **kmeans, **then)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("head", ["0,1", "1,0", "c,1,0"])
def test_columns_may_be_named_by_numbers(api: Api, head: str) -> None:
    assert api.register("pca", 1, X=[[1, 2], [2, 1], [5, 9]]).status_code == 201
    body = f"{head}\n{','.join('7' for _ in head.split(','))}\n"
    assert ask(api, "/predict", body, model_type="pca").status_code == 200


WORDED = "a,b,y\n1,2,u\n2,1,u\n3,4,u\n4,3,v\n5,6,v\n6,5,v\n"
ALL_TEXT = "a,b,y\nx,p,u\nz,q,v\nx,q,v\n"
YEARS = "name,code,1960,1961,y\nu,U,1,2,u\nv,V,2,1,v\nu,U,2,1,v\n"
TITLES = ["My data 2024", "Report", "Report,,", "Report,,\n,,", ",,", "x|y:z", "# 1", "One\n\nTwo"]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("table", [WORDED, ALL_TEXT, YEARS], ids=["numbers", "texts", "years"])
@pytest.mark.parametrize("given", [True, False])
def test_a_title_above_the_header(
    api: Api, route: str, sign: str, title: str, table: str, given: bool
) -> None:
    table = table.replace(",", sign)
    query = {"delimiter": sign} if given else {}
    trained(api, table, **query)
    query |= {"target": "y", "model_id": "2"} if route == "/register" else {}
    body = title.replace(",", sign) + "\n" + table
    fault = told(api, route, body, **query)["errors"][0]
    assert re.search("leave (this line|lines 1 to [23]|out what stands above)", fault["msg"])
    last = title.count("\n") + 2
    assert f"in line {last}" in fault["msg"] or fault["msg"].endswith("; leave this line out")
    answer = ask(api, route, table, **query)
    assert answer.status_code in (200, 201), answer.text


@pytest.mark.parametrize("title", ["Report, 2024", "Report; 2024", "a,b", "a,b,c,d"])
@pytest.mark.parametrize("table", [WORDED, ALL_TEXT], ids=["numbers", "texts"])
def test_a_header_of_another_width_than_all_rows(api: Api, title: str, table: str) -> None:
    faults = told(api, "/register", f"{title}\n{table}", target="y")["errors"]
    assert [fault["loc"] for fault in faults] == [["line", 1]]
    assert "leave this line out, if it is a title" in faults[0]["msg"]
    if ";" not in title:
        assert "give each column one name, or " in faults[0]["msg"]


def test_a_column_without_a_name_is_no_title(api: Api) -> None:
    fault = told(api, "/register", "y,\nu,v\nw,z\n", target="y")["errors"][0]
    assert "column 2 has no name" in fault["msg"]


@pytest.mark.parametrize(
    ("body", "query"),
    [
        ("my text\nhello, world\nwell, well\n", {"delimiter": "tab"}),
        ('my text\n"hello, world"\n"well, well"\n', {"delimiter": ","}),
        ("text\nhello, world\nwell, well\n", {}),
        ("text\nx;1\ny;2\n", {"delimiter": ","}),
        (",a\nx,1\ny,2\n", {}),
        ("a;b\n1,5;2\n2,5;1\n", {"decimal": ","}),
        ("name,color\nann,red\nbob,blue\n", {}),
        ("a\nb\nc\n", {}),
        ("5 10:30 11:45\n6 10:31 11:46\n", {"delimiter": " ", "header": "false", "drop": "1,2"}),
    ],
)
def test_a_header_that_is_no_title(api: Api, body: str, query: dict[str, str]) -> None:
    asked = {"model_type": "kmeans", "n_clusters": "1"} | query
    answer = ask(api, "/register", body, **asked)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("table", [WORDED, ALL_TEXT])
def test_the_header_in_the_middle(api: Api, route: str, end: str, table: str) -> None:
    trained(api, table)
    query = {"target": "y"} if route == "/register" else {}
    problem = told(api, route, (table * 3 + "a,b,y").replace("\n", end), **query)
    lines = table.count("\n")
    assert [one["loc"][1] for one in problem["errors"]] == [1 + lines * n for n in (1, 2, 3)]
    assert "the header stands here again; leave it out" in problem["errors"][0]["msg"]


def test_a_line_like_the_header_is_a_row(api: Api) -> None:
    trained(api, 'a,y\na,y2\nb,y1\n"x\na,y\n",y2\n')
    assert ask(api, "/register", "1,2\n1,2\n3,4\n", target="2", model_id="2").status_code == 201


@pytest.mark.parametrize("model_type", ["decision_tree", "linear_regression"])
@pytest.mark.parametrize("units", ["cm,kg,m", "cm,-,m", "(cm),[%],-"])
def test_a_line_of_units_below_the_header(api: Api, model_type: str, units: str) -> None:
    body = TABLE.replace("y\n", f"y\n{units}\n", 1)
    problem = told(api, "/register", body, target="y", model_type=model_type)
    assert [one["loc"] for one in problem["errors"]] == [["line", 2]]
    shown = ", ".join(
        f"{name} ({cell!r})" for name, cell in zip("aby", units.split(","), strict=True)
    )
    assert f"unlike all others in {shown}; leave it out, if it holds units" in problem["detail"]
    assert "remedies" not in problem
    one = told(api, "/register", WORDED.replace("y\n", "y\ncm,1,u\n", 1), target="y")["errors"]
    assert [fault["loc"] for fault in one] == [["line", 2, "a"]]
    assert "leave the line out, if it holds units" in one[0]["msg"]


@pytest.mark.parametrize("line", ["True,None,0.5", "NA,None,0.5", "missing,x,0.5", "false,true,1"])
def test_a_gap_and_a_truth_below_the_header_are_no_units(api: Api, line: str) -> None:
    body = TABLE.replace("y\n", f"y\n{line}\n", 1)
    problem = told(api, "/register", body, target="y")
    a, b, _ = line.split(",")
    faults = sorted(problem["errors"], key=lambda one: str(one["loc"]))
    assert [one["loc"] for one in faults] == [["line", 2, "a"], ["line", 2, "b"]]
    for cell, fault in zip((a, b), faults, strict=True):
        assert repr(cell) in fault["msg"]
        assert "units" not in fault["msg"] or cell == "x"
    if "None" in line:
        (set_,) = [one["set"] for one in problem["remedies"] if "na_values" in one["set"]]
        query = {"na_values": ",".join(set_["na_values"]), "missing": set_["missing"]}
        answer = ask(api, "/register", body.replace("True", "1"), target="y", **query)
        assert answer.status_code == 201


@pytest.mark.parametrize(
    ("line", "loc"),
    [("Total,,", []), ("Total,21,", []), ("Sum,mean,w", []), ("Total,3,u", ["a"]), ("Note", [])],
)
def test_a_total_or_a_note_below_the_table(api: Api, line: str, loc: list[str]) -> None:
    faults = told(api, "/register", f"{WORDED}{line}\n", target="y")["errors"]
    assert [fault["loc"] for fault in faults] == [["line", 8, *loc]]
    assert re.search("leave (it|the line) out, if it (holds|is) a (total|note)", faults[0]["msg"])
    assert "kinds" not in faults[0]["msg"]
    few = told(api, "/register", "a,y\n1,u\n2,v\nx,u\n", target="y")
    assert few["remedies"][0]["set"] == {"kinds": {"a": "category"}}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"),
        ("% made\n@RELATION x\n\n@attribute a numeric\n@data\n1\n", "is ARFF"),
        ("1 1:0.5 2:3\n0 1:0.25 2:4\n", "svmlight"),
        ("-1 3:1 11:1 # x\n+1 5:1\n", "svmlight"),
        ("import os\n\nx = 1\n", "in Python"),
        ("from a import b\nimport c as d\n", "in Python"),
        ("| a | y |\n|---|:--|\n| 1 | u |\n", "Markdown"),
        ("a   b   y\n1   2   u\n", "columns of one width"),
    ],
)
@pytest.mark.parametrize("route", ROUTES)
def test_a_text_that_is_no_table(api: Api, route: str, body: str, says: str) -> None:
    trained(api)
    problem = told(api, route, body, **({"target": "y"} if route == "/register" else {}))
    assert says in problem["errors"][0]["msg"]


LONG = "len,wid,col,sp\n" + "".join(
    f"{i * 3 % 11}.5,{i},{'red' if i % 3 else 'blue'},{'ab'[i % 2]}\n" for i in range(1, 11)
)
KMEANS = {"model_type": "kmeans", "n_clusters": "2"}
MEASURED = {"model_type": "knn", "target": "sp", "n_neighbors": "3"}


@pytest.mark.parametrize("query", [KMEANS, MEASURED])
@pytest.mark.parametrize(("sign", "given"), [(",", ";"), (";", "tab"), ("\t", ",")])
def test_another_delimiter_than_the_files(
    api: Api, query: dict[str, str], sign: str, given: str
) -> None:
    body = LONG.replace(",", sign)
    problem = told(api, "/register", body, **query, delimiter=given)
    word = "tab" if sign == "\t" else sign
    assert [one["loc"] for one in problem["errors"]] == [["query", "delimiter"]]
    assert problem["errors"][0]["msg"].endswith(f"; write delimiter={word}")
    assert ask(api, "/register", body, **query, delimiter=word).status_code == 201


@pytest.mark.parametrize(
    ("body", "query"),
    [
        ('"a,b"\n"x,z"\n"y,z"\n"x,z"\n', {"delimiter": ";"}),
        ("a,b\n1,5\n2,5\n", {"delimiter": ";", "decimal": ","}),
        ("words\nx, y\nz, w\n", {"delimiter": "tab"}),
    ],
)
def test_one_column_with_the_delimiter_that_was_given(
    api: Api, body: str, query: dict[str, str]
) -> None:
    assert ask(api, "/register", body, **KMEANS, **query).status_code == 201


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("5 cm", "; write 5, without cm, or leave its row"),
        ("five", "; mend the cell, or leave its row"),
    ],
)
@pytest.mark.parametrize("query", [KMEANS, MEASURED])
def test_one_cell_of_text_makes_no_category(
    api: Api, query: dict[str, str], cell: str, says: str
) -> None:
    problem = told(api, "/register", LONG.replace(",5,", f",{cell},"), **query)
    assert says in problem["errors"][0]["msg"]
    assert "remedies" not in problem


def test_rows_that_are_alike_and_no_header(api: Api) -> None:
    trained(api, LONG, **MEASURED)
    row = "10.5,1,red\n"
    detail = told(api, "/predict", row * 2, model_type="knn")["detail"]
    assert "len, wid, col; the first line holds values, not names; write the names" in detail
    assert ask(api, "/predict", f"len,wid,col\n{row * 2}", model_type="knn").status_code == 200


@pytest.mark.parametrize(("head", "also"), [("len,wid,sp\n", " and target=2"), ("", ", and as ")])
def test_a_target_by_name_and_a_model_without_names(api: Api, head: str, also: str) -> None:
    X = [[1, 2], [2, 1], [8, 9], [9, 8]]
    assert api.register("knn", 1, X=X, y=["a", "a", "b", "b"], k=1).status_code == 201
    knn, rows = {"model_type": "knn"}, "1,2,a\n9,8,b\n"
    detail = told(api, "/evaluate", head + rows, target="sp", **knn)["detail"]
    assert f"add header=false{also}" in detail
    answer = ask(api, "/evaluate", rows, header="false", target="2", **knn)
    assert answer.status_code == 200, answer.text


def test_line_ends_of_old_macs(api: Api) -> None:
    trained(api)
    for route in ROUTES:
        body = LONG.replace("\n", "\r")
        assert "save the file as 'CSV UTF-8', or convert it: tr" in told(api, route, body)["detail"]


@pytest.mark.parametrize(
    "query", [KMEANS, MEASURED, {"model_type": "linear_regression", "target": "len"}]
)
def test_sums_below_the_table(api: Api, query: dict[str, str]) -> None:
    total = sum(float(line.split(",")[0]) for line in LONG.splitlines()[1:])
    faults = told(api, "/register", f"{LONG}{total},55,,\n", **query)["errors"]
    assert [one["loc"] for one in faults] == [["line", 12]]
    assert "and its numbers are the sums of those above; leave this line out" in faults[0]["msg"]
    assert told(api, "/register", f"{LONG}7,54,,\n", **query)["errors"][0]["type"] == "missing"
    assert ask(api, "/register", LONG, **query).status_code == 201


@pytest.mark.parametrize(
    ("body", "advised"),
    [
        ("5.1,3.5\n4.9,3.0\n5.0,3.1\n", True),
        ("1,2\n2,1\n3,3\n", True),
        ("5.1,red\n4.9,red\n5.0,blue\n", True),
        ("0,1\n5,3\n6,1\n", False),
        ("country,1960,1961\nx,1,2\ny,2,5\n", False),
    ],
)
def test_a_first_line_of_numbers_is_told_of(api: Api, body: str, advised: bool) -> None:
    answer = ask(api, "/register", body, **KMEANS).get_json()
    sets = [one["set"] for one in answer["advice"] if "was taken for names" in one["words"]]
    assert sets == [{"header": False}] * advised


def test_a_first_line_of_which_a_name_was_said_holds_names(api: Api) -> None:
    answer = ask(api, "/register", "400,402,y\n1,2,0.5\n3,1,1.5\n", target="y")
    assert "was taken for names" not in answer.text


def test_a_line_break_in_one_cell_is_told_of(api: Api) -> None:
    def told_of(body: str) -> list[str]:
        answer = ask(api, "/register", body, **MEASURED)
        assert answer.status_code == 201, answer.text
        assert api.client.delete("/models/knn/1").status_code in (200, 204)
        advice = answer.get_json()["advice"]
        return [one["words"] for one in advice if "a line break stands" in one["words"]]

    swallowed = LONG.replace(",5,red,b\n", ',5,"red,b\n').replace(",7,red,b\n", ',7,red",b\n')
    assert "col in line 6" in told_of(swallowed)[0]
    assert "sp in line 6" in told_of(LONG.replace(",5,red,b\n", ',5,red,"b\nx"\n'))[0]
    two = LONG.replace("5,red", '5,"red\nish"').replace("7,red", '7,"r\ned"')
    for body in (two, LONG.replace("red", '"red\nish"'), LONG):
        assert told_of(body) == []


@pytest.mark.parametrize(
    ("cell", "na_values", "advised"),
    [
        ("-", "NA;-", {"na_values": ["NA", "-"], "missing": "impute"}),
        ("?", "-| ?,x", {"na_values": ["x", "-", "?"], "missing": "impute"}),
        ("-", "NA,-", None),
        ("blue", "NA;-", None),
        ("a|b", "a|b", None),
    ],
)
def test_words_for_what_is_missing_stand_between_commas(
    api: Api, cell: str, na_values: str, advised: dict[str, Any] | None
) -> None:
    body = LONG.replace("red", cell)
    query = {**MEASURED, "na_values": na_values, "missing": "impute"}
    answer = ask(api, "/register", body, **query)
    assert answer.status_code == 201, answer.text
    advice = answer.get_json()["advice"]
    sets = [one["set"] for one in advice if "in na_values for one word" in one["words"]]
    assert sets == [advised] * (advised is not None)


@pytest.mark.parametrize(
    ("model_type", "cells", "loc", "says"),
    [
        ("pca", ["2", "1e308", "6", "8"], ["line", 3, "b"], "too large to compute with, beside"),
        ("pca", ["1e308", "-1e308"] * 2, ["line", 2, "b"], "too large to compute with, beside"),
        ("pca", ["1"] * 4, [], "all rows are equal"),
        ("gauss_naive_bayes", ["1e-308", "2e-308", "3e-308", "9e-308"], [], "too small"),
    ],
)
def test_what_cannot_be_computed_with_has_a_place_that_was_sent(
    api: Api, model_type: str, cells: list[str], loc: list[Any], says: str
) -> None:
    body = "b,y\n" + "".join(f"{cell},{i // 2}\n" for i, cell in enumerate(cells))
    query = {"model_type": model_type, "target": "y"}
    if model_type == "pca":
        query = {"model_type": "pca", "drop": "y"}
    problem = told(api, "/register", body, **query)
    (fault,) = problem["errors"]
    assert fault["loc"] == loc
    assert says in fault["msg"]
    for remedy in problem.get("remedies", []):
        set_ = {n: ",".join(v) if isinstance(v, list) else v for n, v in remedy["set"].items()}
        assert set_.keys() == ({"missing", "na_values"} if "2" in cells else {"standardize"})
        asked = query | {name: str(value).lower() for name, value in set_.items()}
        asked = asked | {"na_values": set_["na_values"]} if "na_values" in set_ else asked
        assert ask(api, "/register", body, **asked).status_code == 201


CLASSIFYING = sorted(name for name, cls in catalog().items() if "classification" in cls.tasks)


@pytest.mark.parametrize("model_type", CLASSIFYING)
@pytest.mark.parametrize("label", ["1e308", "-1e19", "1e-308"])
def test_a_number_that_no_label_is_is_text_by_its_kind(
    api: Api, model_type: str, label: str
) -> None:
    table = f"a,t\n1,{label}\n2,0\n3,0\n4,{label}\n"
    needed = {"target": "t", "model_type": model_type}
    needed |= {"n_neighbors": "1"} if model_type == "knn" else {}
    regressing = "regression" in catalog()[model_type].tasks
    asked = needed | ({"task": "classification"} if regressing else {})
    problem = told(api, "/register", table, **asked)
    (one, *others) = [remedy["set"] for remedy in reversed(problem["remedies"])]
    assert one == {"kinds": {"t": "category"}}
    assert others == [{"task": "regression"}] * regressing
    assert [fault["loc"] for fault in problem["errors"]] == [["line", 2, "t"], ["line", 5, "t"]]
    assert "if names of classes, say kinds=t:category" in problem["errors"][0]["msg"]
    trained(api, table, **asked, kinds="t:category")
    amounts = {"task": "regression"} if regressing else {"model_type": "linear_regression"}
    trained(api, table, **needed | {"model_id": "2"} | amounts)


PAID = [[1, 10, "a"], [2, 20, "b"], [3, 30, "a"], [4, 40, "b"]]
NAMES = ["age", "pay", "sex"]
BEYOND = "not a number beyond 1.8e308"


@pytest.mark.parametrize("form", ["rows", "row", "objects", "object", "columns"])
@pytest.mark.parametrize(
    ("name", "cell", "says", "obeyed"),
    [
        ("pay", '"x"', "not the text 'x'", "3"),
        ("pay", '"3"', "not the text '3'", "3"),
        ("pay", "[3]", "not a list of 1", "3"),
        ("pay", "null", "the cell is empty", "3"),
        ("pay", "1e400", BEYOND, "1e3"),
        ("pay", "-1e400", BEYOND, "-1e3"),
        ("pay", "9" * 400, BEYOND, "1"),
        ("sex", '"z; y"', "'z; y'", '"a"'),
        ("sex", "null", "the cell is empty", '"a"'),
        ("sex", '"\\u0000"', "half of a surrogate pair", '"a"'),
    ],
)
@pytest.mark.parametrize("route", ["/predict", "/evaluate"])
def test_a_cell_of_a_list_is_told_by_its_column(
    api: Api, route: str, form: str, name: str, cell: str, says: str, obeyed: str
) -> None:
    kwargs = {"X": PAID, "y": [0, 0, 1, 1], "n_neighbors": 1, "feature_names": NAMES}
    kwargs |= {"kinds": {"sex": "category"}}
    assert api.register("knn", 1, **kwargs).status_code == 201

    def body(cell: str) -> bytes:
        row = {"age": "1", "pay": "2", "sex": '"b"'} | {name: cell}
        listed = f"[{', '.join(row.values())}]"
        named = ", ".join(f'"{one}": {text}' for one, text in row.items())
        columns = ", ".join(f'"{one}": [{text}]' for one, text in row.items())
        sent = {"rows": f"[{listed}]", "row": listed, "object": f"{{{named}}}"}
        sent |= {"objects": f"[{{{named}}}]", "columns": f"{{{columns}}}"}
        y = ', "y": [1]' if route == "/evaluate" else ""
        return f'{{"model_type": "knn", "model_id": 1, "features": {sent[form]}{y}}}'.encode()

    answer = api.raw(route, body(cell))
    assert answer.status_code == 422, answer.text
    judge_problem(answer.json)  # type: ignore[arg-type]
    (fault,) = answer.json["errors"]  # type: ignore[index]
    called = f"{says} (column '{name}')" if form in ("rows", "row") else says
    assert called in fault["msg"]
    assert ("(column" in fault["msg"]) == (form in ("rows", "row"))
    assert name in fault["loc"] or NAMES.index(name) == fault["loc"][-1]
    assert api.raw(route, body(obeyed)).status_code == 200


@pytest.mark.parametrize("number", ["1e400", "-1e400", "9" * 400])
@pytest.mark.parametrize(
    "X",
    [
        '[{"age": 1, "pay": N}, {"age": 2, "pay": 3}, {"age": 3, "pay": 2}]',
        '{"age": [1, 2, 3], "pay": [N, 3, 2]}',
        '[[1, N], [2, 3], [3, 2]], "feature_names": ["age", "pay"]',
        '[[1, N], [2, 3], [3, 2]], "feature_names": ["age", "pay"], "missing": "drop"',
    ],
)
def test_a_number_beyond_float64_is_not_to_cost_its_column(api: Api, X: str, number: str) -> None:
    such = '{"model_type": "knn", "model_id": 1, "kwargs": {"X": X, "y": [0, 1, 1], "k": 1}}'
    answer = api.raw("/register", such.replace("X,", f"{X},").replace("N", number).encode())
    assert answer.status_code == 422, answer.text
    problem: Any = answer.json
    judge_problem(problem)
    (fault,) = problem["errors"]
    assert "a number beyond 1.8e308" in fault["msg"]
    assert fault["msg"].endswith("; write a smaller one, or leave its row out of X and y")
    assert "pay" in fault["loc"] or "(column 'pay')" in fault["msg"]
    assert "remedies" not in problem
    answer = api.raw("/register", such.replace("X,", f"{X},").replace("N", "1e300").encode())
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("route", "query", "says"),
    [
        ("/register", {"metric": "euclidean"}, "write p=2, which is euclidean"),
        ("/register", {"model_type": "perceptron", "C": "2"}, "penalty=l2 or "),
        ("/register", {"model_type": "svm", "lam": "1", "penalty": "none"}, "write C=1e10"),
        ("/register", {"model_type": "linear_regression", "C": "10"}, "write alpha=0.1"),
        ("/register", {"encoding": "latin1"}, "send what iconv -f latin1 -t utf-8 FILE makes"),
        ("/register", {"features": "a"}, "all columns are used but those that drop names; leave"),
        ("/register", {"usecols": "a"}, "leave usecols out, and to have a column left out write"),
        ("/register", {"probabilities": "true"}, "probabilities belongs to /predict; leave it"),
        ("/evaluate", {"repeats": "5"}, "add importance=true, or leave it out"),
    ],
)
def test_a_parameter_is_told_as_a_query_has_it(
    api: Api, route: str, query: dict[str, str], says: str
) -> None:
    target = {"target": "y"} if route == "/register" else {}
    (fault,) = told(api, route, TABLE, **{"model_type": "knn"} | target | query)["errors"]
    assert fault["loc"][0] == "query"
    assert says in fault["msg"]
    assert '": ' not in fault["msg"]


@pytest.mark.parametrize(
    ("name", "query", "says"),
    [
        ("my target", "target=my_target", "write target=my%20target, if that is meant; there are"),
        ("my a", "target=y&drop=My-a", "write drop=my%20a, if that is meant"),
        ("my a", "target=y&kinds=my_a:category", "write kinds=my%20a:category, if that is meant"),
        ("a+b", "target=y&drop=a+b", "in a URL + is a space: write drop=a%2Bb"),
        ("c+b", "target=c+b", "in a URL + is a space: write target=c%2Bb"),
        ("a#1", "target=y&drop=a", "another meaning for #: write drop=a%231"),
        ("a&d", "target=y&drop=a&d", "if & stands in the name of a column, write drop=a%26d"),
        ("a_name", "target=y&drop=a_nam", "write a_name, if that is meant"),
    ],
)
def test_a_name_with_a_sign_of_urls_is_written_as_one_has_it(
    api: Api, name: str, query: str, says: str
) -> None:
    key = "model_type=decision_tree&model_id=1"
    table = TABLE.replace("a,b,y", f"{name},b,y")
    answer = api.raw(f"/register?{key}&{query}", table.encode(), Content_Type="text/csv")
    assert answer.json is not None
    judge_problem(answer.json | {"detail": "Mend it."})
    (fault,) = answer.json["errors"]
    assert says in fault["msg"]
    mended = re.search(r"write (?:(\w+)=)?([^\s;]+?)(?:, |;|$)", fault["msg"])
    assert mended is not None
    member = mended[1] or "drop"
    rest = "" if member == "target" else "&target=y"
    obeyed = f"/register?{key}&{member}={mended[2]}{rest}"
    answer = api.raw(obeyed, table.encode(), Content_Type="text/csv")
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("route", ["/predict", "/evaluate"])
def test_commas_in_all_numbers_are_no_cells(api: Api, route: str) -> None:
    trained(api, "a,b,y\n1.5,2,3\n2.5,1,4\n5.5,6,3\n6.5,5,4\n")
    for rows in ("1,5,2,0,3,0\n", "1,5,2,0,3,0\n5,5,6,0,4,0\n"):
        (fault,) = told(api, route, f"a,b,y\n{rows}")["errors"]
        assert "if 1,5 is one number, write ';' between cells and add decimal=," in fault["msg"]
    answer = ask(api, route, "a;b;y\n1,5;2,0;3,0\n", decimal=",")
    assert answer.status_code == 200, answer.text
    (fault,) = told(api, route, "a,b,y\n1,2,3,x\n")["errors"]
    assert "decimal" not in fault["msg"]


def test_a_table_by_another_media_type(api: Api) -> None:
    path, tabs = "?model_type=knn&model_id=1", TABLE.replace(",", "\t").encode()
    media = "text/tab-separated-values"
    answer = api.raw(f"/register{path}&target=y&n_neighbors=2", tabs, Content_Type=media)
    assert answer.status_code == 201, answer.text
    for route in ("/predict", "/evaluate"):
        assert api.raw(route + path, tabs, Content_Type=media).status_code == 200
        refused = api.raw(route + path, tabs, Content_Type="application/vnd.ms-excel")
        assert refused.status_code == 415
        assert "looks like CSV. With curl send -H 'Content-Type: text/csv' --data-" in refused.text
        refused = api.raw(route + path, b"PK\x03\x04", Content_Type="application/vnd.ms-excel")
        assert "'Content-Type: text/csv' and --data-binary @FILE (a workbook" in refused.text


FRAME = [{"w": 0.5, "l": 3}, {"w": 1.5, "l": 1}, {"w": 7.5, "l": 6}, {"w": 8.5, "l": 7}]
BY_LISTS = [list(row.values()) for row in FRAME]
SPLIT = {"index": [0, 1, 2, 3], "columns": ["w", "l"], "data": BY_LISTS}
ORIENTS: dict[str, Any] = {
    "dict": {name: {str(i): row[name] for i, row in enumerate(FRAME)} for name in FRAME[0]},
    "index": {str(i): row for i, row in enumerate(FRAME)},
    "split": SPLIT,
    "tight": SPLIT | {"index_names": [None], "column_names": [None]},
    **{
        f"table, index {index}": {
            "schema": {"fields": [], "primaryKey": index},
            "data": [dict.fromkeys(index, i) | row for i, row in enumerate(FRAME)],
        }
        for index in (["index"], ["id"], ["shop", "day"], [])
    },
}


@pytest.mark.parametrize("orient", ORIENTS)
@pytest.mark.parametrize("route", ["/register", "/predict", "/evaluate"])
@pytest.mark.parametrize("named", [True, False])
def test_what_pandas_made_is_shown_as_it_is_taken(
    api: Api, orient: str, route: str, named: bool
) -> None:
    """The first row of what was sent, without the index."""
    knn = {"model_type": "knn", "model_id": 1}
    X, y = (FRAME if named else BY_LISTS), [2, 2, 5, 5]
    assert api.register("knn", 1, X=X, y=y, k=1).status_code == 201

    def ask(X: Any, y: list[int]) -> TestResponse:
        if route == "/register":
            return api.register("kmeans", 2, X=X, n_clusters=1)
        more = {"y": y} if route == "/evaluate" else {}
        return api.client.post(route, json=knn | {"features": X} | more)

    refused = ask(ORIENTS[orient], y)
    assert refused.status_code == 422
    (such,) = re.findall(r"or without pandas (.*)\. Mend", refused.json["detail"])  # type: ignore[index]
    first = json.loads(such)
    names = named or route == "/register"
    assert first in (([{"w": 0.5, "l": 3}], {"w": [0.5], "l": [3]}) if names else ([[0.5, 3]],))
    assert ask(first, [2]).status_code in (200, 201)


QUOTED = [("Oslo", "u"), ("Rom", "v"), ("Oslo", "u"), ("Rom", "v"), ("Bern", "u")]


@pytest.mark.parametrize("signs", ["''", "``", "“”"])
@pytest.mark.parametrize("heads", ["a,city,y", "city,y", "y", "a,city", ""])
@pytest.mark.parametrize("cells", [True, False])
def test_all_that_stands_in_single_quotes_is_told_at_once(
    api: Api, signs: str, heads: str, cells: bool
) -> None:
    knn = {"model_type": "knn", "target": "y", "n_neighbors": "1"}
    quoted = {name: signs[0] + name + signs[1] for name in heads.split(",")}

    def table(names: dict[str, str], around: str) -> str:
        head = ",".join(names.get(name, name) for name in ("a", "city", "y"))
        rows = (
            f"{i},{around[:1]}{city}{around[1:]},{around[:1]}{y}{around[1:]}"
            for i, (city, y) in enumerate(QUOTED)
        )
        return "\n".join([head, *rows])

    body = table(quoted, signs if cells else "")
    answer = ask(api, "/register", body, **knn)
    others = [name for name in heads.split(",") if name and name != "y"]
    if "y" in quoted:
        (fault,) = told(api, "/register", body, **knn)["errors"]
        also = [", ".join(others)] * bool(others) + ["cells below"] * cells
        says = 'stand around y in the header; take them away, a CSV quotes by "'
        says += f", around {' and '.join(also)} as well; there" if also else "; there"
        assert says in fault["msg"]
    else:
        assert answer.status_code == 201
        words = [one["words"] for one in answer.json["advice"]]  # type: ignore[index]
        named = [one for one in words if one.startswith("Quotes stand around ")]
        assert [one.partition(" where columns")[0] for one in named] == [
            f"Quotes stand around {', '.join(others)}" for _ in others[:1]
        ]
        if others:
            X = [{quoted.get("a", "a"): i, "c": 1} for i in range(3)]
            in_json = api.register("kmeans", 2, X=X, n_clusters=1)
            assert "Quotes stand around a where" in in_json.text
    obeyed = ask(api, "/register", table({}, ""), **knn | {"model_id": "3"})
    assert obeyed.status_code == 201
    assert "uotes stand around" not in obeyed.text
    for route in ("/predict", "/evaluate"):
        again = ask(api, route, body, model_type="knn", model_id="3")
        if others:
            assert ("around cells below as well; there" in again.text) == cells


@pytest.mark.parametrize("head", ["a,rock 'n' roll,y", "a,'t,y", "a,it's,y", "a,5',y", "a,b'c',y"])
def test_a_quote_in_a_name_is_no_mistake(api: Api, head: str) -> None:
    trained(api, f"{head}\n1,2,2.5\n2,3,3.5\n4,1,5.5\n")
    assert "uotes" not in api.client.get("/models/decision_tree/1").text


@pytest.mark.parametrize("gap", ["NaN", "NA", "", "null", "?"])
@pytest.mark.parametrize("cell", ["inf", "-Infinity", "∞", "1 234", "5%"])
@pytest.mark.parametrize("lines", [(2, 4), (4, 2)])
@pytest.mark.parametrize("by", ["csv", "rows"])
def test_gaps_are_told_beside_what_is_no_number(
    api: Api, gap: str, cell: str, lines: tuple[int, int], by: str
) -> None:
    """What is told mends both."""
    knn = {"model_type": "knn", "target": "y", "n_neighbors": "1"}
    cells = [str(i) for i in range(6)]
    cells[lines[0]], cells[lines[1]] = gap, cell
    rows: list[list[Any]] = [[i, one, "uv"[i % 2]] for i, one in enumerate(cells)]

    def sent(**more: Any) -> TestResponse:
        if by == "csv":
            body = "\n".join(["a,b,y", *(",".join(map(str, row)) for row in rows)])
            return ask(api, "/register", body, **knn | more)
        X = [{"a": a, "b": float(b) if b.isdigit() else b or None, "y": y} for a, b, y in rows]
        more = {name: [value] if name == "na_values" else value for name, value in more.items()}
        return api.register("knn", 1, X=X, target="y", n_neighbors=1, **more)

    problem = sent().json
    assert problem is not None
    text = json.dumps(problem["errors"], ensure_ascii=False)
    assert str(lines[1] + 2 if by == "csv" else lines[1]) in text
    if gap == "?":
        assert "?" in text
        assert cell in text
    else:
        places = {fault["loc"][1 if by == "csv" else 2] for fault in problem["errors"]}
        assert places == {line + 2 if by == "csv" else line for line in lines}
    cells[lines[1]] = rows[lines[1]][1] = "7"
    told_so = {"na_values": gap} if gap == "?" else {}
    answer = sent(**told_so, missing="impute")
    assert answer.status_code == 201, answer.text
