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
    "a name in every row": (different("Ms "), Refused(2, "x", "different text", "drop=x")),
    "a text in every row": (
        different("so it was said here "), Refused(2, "x", "words", "kinds=x:text")),
    "a text, said to be": (
        different("it was said by "), Right(4, kinds="t"), {"kinds": "x:text"}),
    "quotes, delimiters and line breaks": (table('"a, ""b""\nc"', "d"), Right(2, kinds="c")),
    "a category of 10,000 values": (
        "x,y\n" + "".join(f"v{i % 10_000},{i}.5\n" for i in range(20_100)),
        Refused(2, "x", "10,000 different values", "drop=x")),
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
