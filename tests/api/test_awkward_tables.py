"""Sixty tables as people really send them: each gives the right model, or a refusal that names the
line or row and the column and says what to write instead; never a fault of the server's."""

from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest

from tests.conftest import Api

LINES = 12


class Right(NamedTuple):
    """A model: how many columns its matrix has, what it was trained on, its kinds."""

    n_encoded: int
    n_samples: int = LINES
    kinds: str = "n"
    """The first letter of each column's."""
    advice: str = ""
    """Words that the advice holds."""


class Refused(NamedTuple):
    """A refusal: where, what it says, and what it proposes."""

    line: int
    column: str | None
    says: str
    add: str = ""


def table(*cells: str, name: str = "x", target: str = "y", end: str = "\n") -> str:
    """A column of these cells, over and over, and a target of numbers; the first line is 1."""
    rows = [f"{cells[i % len(cells)]},{i % 3}.5" for i in range(LINES)]
    return end.join([f"{name},{target}", *rows, ""])


def last(text: str, line: str) -> str:
    return f"{text}{line}\n"


def different(start: str) -> str:
    return table(*(f"{start}{chr(97 + i)}" for i in range(LINES)))


CASES: dict[str, tuple[str | bytes, Right | Refused] | tuple[str | bytes, Any, dict[str, str]]] = {
    # numbers written otherwise
    "decimal commas, quoted": (table('"1,5"', '"2,25"'), Refused(2, "x", "decimal=,", "decimal=,")),
    "decimal commas, asked for": (
        table("1,5", "2,25").replace(",0.5", ";0,5").replace(",1.5\n", ";1,5\n").replace(
            ",2.5", ";2,5").replace("x,y", "x;y"), Right(1), {"decimal": ","}),
    "thousands": (table('"1,234"', '"5,678"'), Refused(2, "x", "write 1234,", "")),
    "thousands among numbers": (table("350", '"81,706"'), Refused(3, "x", "81706,", "")),
    "thousands by points": (table('"1.234,5"', '"2.345,0"'), Refused(2, "x", "decimal=,")),
    "thousands by apostrophes": (table("1'234", "5'678"), Refused(2, "x", "write 1234,", "")),
    "thousands by spaces": (table("1 234", "5 678"), Refused(2, "x", "write 1234,", "")),
    "per cent": (table("5%", "12 %"), Refused(2, "x", "write 0.05,", "")),
    "currency before": (table("$5", "$7.50"), Refused(2, "x", "write 5,", "")),
    "currency behind": (table("5 €", "7.50 €"), Refused(2, "x", "write 5,", "")),
    "units": (table("5 kg", "70 kg"), Refused(2, "x", "write 5,", "")),
    "brackets for minus": (table("(5)", "(7)"), Refused(2, "x", "write -5,", "")),
    "hexadecimal": (table("0x1F", "0xA0"), Refused(2, "x", "write 31,", "")),
    "underscores": (table("1_000", "2_000"), Refused(2, "x", "write 1000,", "")),
    "digits of another script": (table("١٢", "٣"), Refused(2, "x", "write 12,", "")),
    "infinity": (table("1", "inf"), Refused(3, "x", "'inf'", "")),
    "beyond a float": (table("1", "1e999"), Refused(3, "x", "1.8e308", "drop=x")),
    "exponents, signs and points": (table("+1e3", "-.5", "2."), Right(1)),
    "spaces around numbers": (table(" 1", "2 "), Right(1)),
    # dates
    "ISO dates": (table("2020-01-31", "2020-02-28"), Refused(2, "x", "date", "drop=x")),
    "American dates": (table("12/31/1999", "1/2/2000"), Refused(2, "x", "date", "drop=x")),
    "German dates": (table("31.12.1999", "1.2.2000"), Refused(2, "x", "date", "drop=x")),
    "times": (table("12:30", "7:05 am"), Refused(2, "x", "time", "drop=x")),
    "quarters": (table("1974Q1", "1974Q2"), Refused(2, "x", "date", "drop=x")),
    # gaps
    "NA": (table("1", "NA"), Refused(3, "x", "missing=impute", "missing=impute")),
    "N/A": (table("1", "N/A"), Refused(3, "x", "missing=impute", "missing=impute")),
    "null": (table("null", "1"), Refused(2, "x", "missing=impute", "missing=impute")),
    "nothing": (table("1", "", "3"), Refused(3, "x", "one of 4", "missing=impute")),
    "a dash": (table("1", "-"), Refused(3, "x", "na_values", "na_values=-&missing=impute")),
    "a question mark": (
        table("1", "?"), Refused(3, "x", "na_values", "na_values=%3F&missing=impute")),
    "a question mark, named": (
        table("1", "?"), Right(1), {"na_values": "?", "missing": "impute"}),
    "all of a column": (table("NA", ""), Refused(2, "x", "every cell", "")),
    "gaps left out": (table("1", "NA"), Right(1, n_samples=6), {"missing": "drop"}),
    "NA as a value": (table("NA", "DE"), Right(2, kinds="c"), {"na_values": ""}),
    # text
    "codes": (table("007", "010"), Refused(2, "x", "zeros", "kinds=x:category")),
    "codes, said to be": (table("007", "010"), Right(2, kinds="c"), {"kinds": "x:category"}),
    "text among numbers": (
        table("4", "6", "rotary"), Refused(4, "x", "'rotary'", "kinds=x:category")),
    "a number among text": (table("a", "b", "b", "7"), Refused(5, "x", "number 7")),
    "truth values": (table("TRUE", "FALSE"), Right(1)),
    "yes and no": (table("yes", "No", "yes "), Right(2, kinds="c")),
    "a name in every row": (different("Ms "), Refused(2, "x", "different text", "kinds=x:text")),
    "a text in every row": (
        different("so it was said here "), Refused(2, "x", "words", "kinds=x:text")),
    "a text, said to be": (
        different("it was said by "), Right(4, kinds="t"), {"kinds": "x:text"}),
    "quotes, delimiters and line breaks": (table('"a, ""b""\nc"', "d"), Right(2, kinds="c")),
    "a category of 10,000 values": (
        "x,y\n" + "".join(f"v{i % 10_000},{i}.5\n" for i in range(20_100)),
        Refused(2, "x", "10,000 different values")),
    # lines that are no rows
    "a second header line": (
        table("1", "2").replace("\n", "\ncm,kg\n", 1), Refused(2, None, "units")),
    "a line of totals": (last(table("1", "2"), "Total,99"), Refused(14, "x", "'Total'")),
    "delimiters at the ends": (
        table("1", "2").replace(".5\n", ".5,\n"), Refused(2, None, "take the delimiter")),
    "delimiters at all ends": (
        table("1", "2").replace("\n", ",\n"), Refused(1, None, "no name")),
    "a quote left open": (last(table("1", "2"), '"3,0.5'), Refused(14, None, "never closed")),
    "a cell too few": (last(table("1", "2"), "3"), Refused(14, None, "1 cell")),
    "blank lines": (table("1", "2", end="\n\n"), Right(1)),
    "CRLF, a byte order mark and sep=": (
        "\ufeffsep=;\r\n" + table("1", "2", end="\r\n").replace(",", ";"), Right(1)),
    "tabs": (table("1", "2").replace(",", "\t"), Right(1)),
    # names
    "a name twice": (
        table("1,1", "2,3", name="x,x"), Refused(1, "x", "twice")),
    "no header": (
        table("1", "2").partition("\n")[2], Right(1), {"header": "false", "target": "1"}),
    "a name missing": (table("1,1", "2,3", name="x,"), Refused(1, None, "has no name")),
    "row numbers without a name": (
        "".join(f'"{i or ""}",{line}\n' for i, line in enumerate(table("1", "2").splitlines())),
        Right(1, advice="no name")),
    "names with spaces and umlauts": (
        table("1", "2", name=" größe in m "), Right(1)),
    "a name with signs of a query": (
        table("2020-01-31", "2020-02-28", name="a&b=c"),
        Refused(2, "a&b=c", "date", "drop=a%26b%3Dc")),
    # encodings
    "UTF-16": (table("1", "2").encode("utf-16"), Refused(1, None, "UTF-8")),
    "Latin-1": (table("Köln", "Bonn").encode("latin-1"), Refused(2, None, "UTF-8")),
    "NUL bytes": (table("1", "2\0"), Refused(3, None, "NUL")),
    # shapes
    "one row": ("x,y\n1,2.5\n", Right(1, n_samples=1)),
    "a header alone": ("x,y\n", Refused(1, None, "no row")),
    "line breaks that curl took away": (
        table("1234", "2345").replace("\n", ""), Refused(1, None, "--data-binary")),
    "nothing at all": ("", Refused(1, None, "empty")),
    "only the target": ("y\n1.5\n2.5\n", Refused(1, None, "no column is left")),
    "2,000 columns": (
        ",".join(f"c{j}" for j in range(2000)) + ",y\n"
        + "".join(",".join(str((i * j) % 7) for j in range(2000)) + f",{i}.5\n" for i in range(3)),
        Right(2000, n_samples=3, kinds="n" * 2000)),
    "a column with one value": (table("7"), Right(1, advice="same in every row")),
    "an index": (table(*map(str, range(1, 13))), Right(1, advice="counts the rows")),
    # the target
    "a target with gaps": (
        table("1", "2").replace("1.5", ""), Refused(3, "y", "missing=drop", "missing=drop")),
    "a target of dates": (
        table("1", "2").replace("1.5", "2020-01-01").replace("0.5", "2020-01-02").replace(
            "2.5", "2020-01-03"), Refused(2, "y", "date")),
    "a target of numbers and text": (
        table("1", "2").replace("1.5", "high"), Refused(3, "y", "'high'")),
}  # fmt: skip


def test_there_are_sixty() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("name", CASES)
def test_a_table_is_understood_or_refused_with_its_place(api: Api, name: str) -> None:
    sent, expected, *more = CASES[name]
    body = sent if isinstance(sent, bytes) else sent.encode()
    query = {"model_type": "decision_tree", "model_id": "1", "target": "y"} | dict(*more)
    answer = api.client.post(f"/register?{urlencode(query)}", data=body, content_type="text/csv")
    told: Any = answer.json
    if isinstance(expected, Right):
        assert answer.status_code == 201, told
        assert (told["n_encoded"], told["n_samples"]) == (expected.n_encoded, expected.n_samples)
        kinds = "".join(column["kind"][0] for column in told["columns"])
        assert kinds == expected.kinds[:100]
        assert expected.advice in " ".join(one["words"] for one in told["advice"])
        return
    assert answer.status_code == 422, told
    error = told["errors"][0]
    place: list[Any] = [] if expected.line == 0 else ["line", expected.line]
    if expected.line and expected.column is not None:
        place.append(expected.column)
    assert error["loc"] == place
    assert expected.says in error["msg"]
    assert told["detail"].rpartition(" Add ")[2].startswith(expected.add)
    if expected.add and expected.add[:3] != "dec":
        mended = api.client.post(
            f"/register?{urlencode(query)}&{told['detail'].rpartition(' Add ')[2]}",
            data=body,
            content_type="text/csv",
        )
        assert mended.status_code == 201 or "no column is left" in mended.text


def registered(api: Api, body: str, **query: str) -> Any:
    asked = {"model_type": "decision_tree", "model_id": "1", "target": "y"} | query
    return api.client.post(
        f"/register?{urlencode(asked)}", data=body.encode(), content_type="text/csv"
    )


@pytest.mark.parametrize(
    ("cells", "says", "obeyed"),
    [
        (["21 mg", "31 g"], "write all in one unit, as numbers alone (the column has g, mg)", "1"),
        (["210 g", "31 kg", "7"], "(the column has g, kg)", "1"),
        (["€71", "$81"], "write all in one currency, as numbers alone (the column has $, €)", "1"),
        (["71 USD", "$81"], "write 71, without USD", "71"),
        (["5%", "3‰"], "write 0.05, without %", "0.05"),
        (["21.5k", "31k"], "write 21500 if k is a thousand", "21500"),
        (["-1.2M", "5"], "write -1200000 if M is a million", "-1200000"),
        (["2.5 million", "5"], "write 2500000, or leave its row out", "2500000"),
        (["$1.2bn", "5"], "write 1200000000, or leave its row out", "1200000000"),
        (["71 kg", "70"], "write 71, without kg, or leave its row out", "71"),
        (["71 kg", "70", "72 kg", "73 kg"], "write 71, without kg, or leave its row out", "71"),
        (["1.1*", "3"], "write 1.1, without *", "1.1"),
        (["~1.1", "3"], "write 1.1, or", "1.1"),
        (["'1.2", "3"], "write 1.2, without '", "1.2"),
        (["2.5-", "3"], "write -2.5", "-2.5"),
        (["<0.5", "3"], "such as 0.5, or leave its row out, or have it count as missing", "0.5"),
        (["1.0 (0.2)", "3"], "write 1.0, and the number in brackets in a column of", "1.0"),
        ([f"1.{i} ± 0.1" for i in range(LINES)], "write 1.0, and the error in a column of", "1.0"),
    ],
)
@pytest.mark.parametrize("header", ["x,y", "x;y"])
def test_a_cell_that_holds_more_than_a_number(
    api: Api, cells: list[str], says: str, obeyed: str, header: str
) -> None:
    body = table(*cells).replace(",", header[1])
    told = registered(api, body).json
    assert says in told["errors"][0]["msg"]
    assert told["errors"][0]["loc"] == ["line", 2, "x"]
    assert " Add " not in told["detail"]
    assert not any("kinds" in one["set"] for one in told.get("remedies", []))
    assert registered(api, table(obeyed, "3").replace(",", header[1])).status_code == 201


@pytest.mark.parametrize(
    "cells", [["2a", "2b", "3"], ["a12", "b7", "3"], ["12 Elm", "14 Oak"], ["rotary", "4"]]
)
def test_a_code_is_no_measure(api: Api, cells: list[str]) -> None:
    told = registered(api, table(*cells)).json
    assert "one unit" not in told["detail"] or "Elm" in cells[0]
    assert "Elm" in cells[0] or told["detail"].endswith("Add kinds=x:category")


@pytest.mark.parametrize(
    ("cells", "says", "add"),
    [
        (["1,234", "2,345"], "add decimal=, if it is a decimal comma, or write 1234 if it", ""),
        (["1,234", "2", "3"], "or write 1234 if it parts thousands", ""),
        (["1,234", "0,5"], "'0,5' is a number written otherwise; add decimal=,", "decimal=,"),
        (["1,234", "1,234,567"], "; write 1234, or leave", ""),
        (["21,5", "1.020,3"], "'1.020,3' is a number written otherwise; with decimal=, write", ""),
    ],
)  # fmt: skip
def test_a_comma_may_be_either_sign_where_none_stands_between_cells(
    api: Api, cells: list[str], says: str, add: str
) -> None:
    body = "x;y\n" + "".join(f"{cell};{i}\n" for i, cell in enumerate(cells * 2))
    told = registered(api, body).json
    assert says in told["errors"][0]["msg"]
    assert told["detail"].partition(" Add ")[2] == add
    if "decimal=," in says:
        assert "drop" not in str(told.get("remedies"))
        obeyed = body.replace(".", "")
        assert registered(api, obeyed, decimal=",").status_code == 201
    quoted = "x,y\n" + "".join(f'"{cell}",{i}\n' for i, cell in enumerate(cells))
    assert "parts thousands" not in registered(api, quoted, model_id="2").text
    api.client.delete("/models/decision_tree/1")
    assert registered(api, "x;y\n1.5;0\n2.5;1\n").status_code == 201
    query = "model_type=decision_tree&model_id=1"
    asked = api.client.post(f"/predict?{query}", data="x;z\n1,234;1\n", content_type="text/csv")
    assert "or write 1234 if it parts thousands" in asked.text


@pytest.mark.parametrize(
    ("footer", "lines"),
    [
        ("---,---,---", "leave this line out"),
        ("===,===,===", "leave this line out"),
        ("mean,1.1,0.5", "leave this line out"),
        ("Total:,10,u", "leave this line out"),
        ("---,---,---\nmean,2,", "leave lines 6 to 7 out"),
    ],
)
@pytest.mark.parametrize("target", ["w", "y"])
def test_what_stands_below_a_short_table(api: Api, footer: str, lines: str, target: str) -> None:
    body = "x,w,y\n1,2,u\n2,3,v\n3,2,u\n4,3,v\n"
    told = registered(api, f"{body}{footer}\n", target=target).json
    assert [one["loc"] for one in told["errors"]] == [["line", 6]]
    assert "below the table; " + lines in told["errors"][0]["msg"]
    assert "remedies" not in told
    assert registered(api, body, target=target).status_code == 201


@pytest.mark.parametrize("footer", ["total,2,u", "mean,3,v", "-,2,u", "--,,u"])
def test_a_word_for_a_sum_may_be_a_category(api: Api, footer: str) -> None:
    body = f"x,w,y\nmin,1,v\nmax,2,v\nmin,2,u\nmax,,u\n{footer}\n"
    assert registered(api, body, missing="drop").status_code == 201


def test_a_remedy_says_all_that_stands_beside_it(api: Api) -> None:
    body = table("1", "#REF!", "3", "#DIV/0!", "NA", "4")
    query: dict[str, str] = {}
    for given in ("#REF!,#DIV/0!", "NA", None):
        told = registered(api, body, **({"na_values": given} if given else {})).json
        (marks,) = (one["set"] for one in told["remedies"] if "na_values" in one["set"])
        assert {"#REF!", "#DIV/0!", "NA"} <= set(marks["na_values"])
        query = {"na_values": ",".join(marks["na_values"]), "missing": "impute"}
        assert registered(api, body, **query, dry_run="true").status_code == 200
    kwargs: dict[str, Any] = {"X": {"a": [1, "?", 3], "b": [2, 1, "-"], "c": [1, 2, -999]}}
    kwargs |= {"y": [0.5, 1.5, 2.5], "na_values": ["-999"], "drop": ["c"]}
    told = api.register("decision_tree", 1, **kwargs).json
    assert told is not None
    for remedy in told["remedies"]:
        assert remedy["set"]["na_values"] == ["-999", "?", "-"]
        kwargs |= remedy["set"]  # as a merge patch
    assert api.register("decision_tree", 1, **kwargs).status_code == 201


def test_a_gap_in_the_target_leaves_its_row_out_and_no_other_is_filled(api: Api) -> None:
    body = "x,w,y\n1,2,u\n2,,v\n?,2,v\n4,3,\n2,1,v\n1,2,u\n"
    told = registered(api, body).json
    sets = [one["set"] for one in told["remedies"]]
    assert {one["missing"] for one in sets} == {"drop"}
    assert "impute" not in told["detail"]
    query = told["detail"].rpartition(" Add ")[2].split("&")
    answer = registered(api, body, **dict(one.replace("%3F", "?").split("=") for one in query))
    assert answer.status_code == 201, answer.text
    filled = registered(api, body.replace("3,\n", "3,u\n"), na_values="?", model_id="2").json
    assert {one["set"]["missing"] for one in filled["remedies"]} == {"impute"}


R_TABLE = '"w" "v" "y"\n"1" 2 3 "u"\n"2" 3 4 "v"\n"3" 1 4 "v"\n'


def test_a_table_as_r_writes_it(api: Api) -> None:
    names = "leave out the names of rows, of which there is none above: in R, write.table(row.names"
    first = registered(api, R_TABLE).json["errors"][0]["msg"]
    assert f"write delimiter=%20, and {names}" in first
    for body, query in (
        (R_TABLE, {"delimiter": " "}),
        (R_TABLE.replace('"', ""), {"delimiter": " "}),
        (R_TABLE.replace(" ", ","), {}),
        (R_TABLE.replace(" ", "\t"), {}),
    ):
        assert names in registered(api, body, **query).json["errors"][0]["msg"]
    without = "\n".join(line.partition(" ")[2] for line in R_TABLE.splitlines()[1:])
    obeyed = f'"w" "v" "y"\n{without}\n'
    told = registered(api, obeyed).json
    assert told["errors"][0]["msg"].endswith("write delimiter=%20")
    assert told["remedies"][0]["set"] == {"delimiter": " "}
    assert registered(api, obeyed, delimiter=" ").status_code == 201
    decimals = registered(api, "w,y\n1,5,u\n2,5,v\n").json["errors"][0]["msg"]
    assert "write.table" not in decimals


@pytest.mark.parametrize("rows", [["free money", "see you soon"], [["free money"], ["see you"]]])
def test_words_in_place_of_numbers_are_counted(api: Api, rows: list[Any]) -> None:
    y = ["s", "h"]
    told = api.register("multi_naive_bayes", 1, X=rows, y=y).json
    assert told is not None
    said = told["errors"][0]["msg"]
    assert "onehot" not in said
    if isinstance(rows[0], str):
        assert 'write "X": {"text": ["free money", "see you soon"]}, "kinds": {"text"' in said
        kwargs: dict[str, Any] = {"X": {"text": rows}, "kinds": {"text": "text"}}
    else:
        (remedy,) = told["remedies"]
        assert remedy["set"] == {"kinds": {"0": "text"}}
        kwargs = {"X": rows} | remedy["set"]
    assert api.register("multi_naive_bayes", 1, y=y, **kwargs).status_code == 201
    asked = api.predict("multi_naive_bayes", 1, [["new money"]])
    assert asked.status_code == 200, asked.text


def test_every_number_in_quotes_is_named(api: Api) -> None:
    X = [[1], [2], [3]]
    told = api.register("linear_regression", 1, X=X, y=["1", "2", "x"]).json
    assert told is not None
    assert [one["loc"][-1] for one in told["errors"]] == [0, 1, 2]
    told = api.register("linear_regression", 1, X=X, y=["x", "2", "y"]).json
    assert told is not None
    assert [one["loc"][-1] for one in told["errors"]] == [0]
