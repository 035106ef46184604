"""A text that is no JSON is told why, in words for the person who wrote it."""

import json
import re
import time

import pytest

from fitserve.data.json_text import parse_json
from fitserve.errors import MalformedJson

JARGON = re.compile(
    r"EOF|expected|ident|parsing|escape sequence|recursion|code point|trailing|duplicate", re.I
)

NAMES = [
    *(b"x.json", b"data/x.ndjson", b"my data.json", b"C:\\data\\x.json", b"./x", b"../x.parquet"),
    *(b"~/x.json", b"/data/x", b"iris.data", b"a.b.csv.gz", b"\\\\host\\x.txt"),
]
STDIN = [b"-", b"-\n", b"@-", b"'-'"]
BARE = [b"body", b"data/x\n", b"abc-1"]
ESCAPED = [rb"{\"model_type\":\"knn\"}", rb'{"a": \"b\"}', rb"[\"a\"]", rb'{"a": 1, \"b\": 2}']
CALLS = {
    **dict.fromkeys(
        ("array([1])", "np.array([1])", "pd.Series([1])", "list(x)"), "send the list its"
    ),
    **dict.fromkeys(
        ("Timestamp('2020')", "datetime.date(2020, 1, 1)"), "send a number instead, su"
    ),
    **dict.fromkeys(
        ("dict(a=1)", "json.dumps(x)", "g(x)"), "send what it returns, with requests by"
    ),
    **dict.fromkeys(("np.float64(1.5)", "Decimal('1.5')", "float(1.5)"), ""),
}
GAPS = ["np.nan", "math.nan", "-nan", ".nan", "pd.NA", "pd.NaT", "nil", "None", "NULL", "undefined"]
GAPS += ["float('nan')", 'np.float64("NaN")', "1.#QNAN", "-1.#IND00", "-nan(ind)", "Double.NaN"]
ENDLESS = [
    "np.inf",
    "-math.inf",
    "-.inf",
    "∞",
    "-∞",
    "1.#INF",
    "float('-inf')",
    "np.float64('inf')",
]
PLACES = {
    '{"kwargs": {"X": [[1, WORD]]}}': ("null is how a gap is sent, in", "or leave its row out"),
    '{"kwargs": {"X": {"a": [1, WORD]}}}': ("null is how a gap is sent, in", "or leave its row"),
    '{"kwargs": {"X": [{"a": WORD}]}}': ("give a value for a, or leave the row", "or text, for a"),
    '{"kwargs": {"X": [[1]], "y": [1, WORD]}}': ("out of X and y, or write", "row out of X and y."),
    '{"features": [1, WORD]}': ("leave its row out. To a model", "leave its row out."),
    '{"features": {"a": [1, WORD]}}': ("takes such, [[5.1, 3.5]], and no columns by name",) * 2,
    '{"features": {"a": 1, "b": WORD}}': ("give a value for b, or leave the", "or text, for b, or"),
    '{"features": [[1]], "y": [WORD]}': ("leave the row out of features and y",) * 2,
    '{"inputs": [{"name": "x", "data": [1, WORD]}]}': ("out of data and shape. To", "and shape."),
    '{"inputs": [{"name": "x", "shape": [1, WORD]}]}': ("as in [1, 2]",) * 2,
    '{"kwargs": {"priors": [0.5, WORD]}}': ("write a finite number, or leave priors out",) * 2,
    **{
        f'{{"kwargs": {{"{name}": ["a", WORD]}}}}': (f"text in double quotes, or leave {name} out",)
        * 2
        for name in ("feature_names", "na_values", "drop")
    },
    '{"kwargs": {"kinds": {"a": WORD}}}': ('"number", "category" or "text", or leave a out',) * 2,
    '{"kwargs": {"y": WORD}}': ("write y as a list, with a label or number for each row",) * 2,
    '{"features": [[1]], "y": WORD}': ("write y as a list of what is true of each row",) * 2,
    **{
        f'{{"{outer}": {inner}': (f"write {name} as ",) * 2
        for outer, inner, name in (
            ("kwargs", '{"X": WORD}}', "X"),
            ("kwargs", "WORD}", "kwargs"),
            ("model_type", "WORD}", "model_type"),
            ("model_id", "WORD}", "model_id"),
            ("features", "WORD}", "features"),
        )
    },
}
TRUTHS = {
    '{"kwargs": {"X": [[1, WORD]]}}': "a number is needed in a cell of a list, not WORD; write ",
    '{"features": [WORD]}': "a number is needed in a cell of a list, not WORD; write ",
    '{"features": {"a": WORD}}': "; in a column of numbers write ",
    '{"inputs": [{"data": [WORD]}]}': ", of datatype BOOL; of another write ",
    '{"model_id": WORD}': ", which model_id is not; write model_id as",
    '{"kwargs": {"drop": [WORD]}}': "not taken here; write text in double quotes, or leave",
    '{"kwargs": {"X": [[1]], "y": [WORD]}}': "JSON writes ",
}
MARKS = {
    **dict.fromkeys("“”’", 'write the straight quote " instead of'),
    **dict.fromkeys("−–", "write the minus sign of the keyboard"),
    "\ufeff": "an invisible character, U+FEFF",
    "\u00a0": "an invisible character, U+00A0",
    "\u200b": "an invisible character, U+200B",
    "(": "a list stands in [ ]",
}
NUMBERS = {".5": "0.5", "1.": "1", "+2": "2", "007": "7", "1_000": "1000", "0x10": "16"}

CASES = [
    (b"", "empty"),
    (b" \n ", "empty"),
    *(
        (f'{mark}{{"a": 1}}'.encode(), f"'{mark}', a byte order mark that was read in another")
        for mark in ("ï»¿", "∩╗┐")
    ),
    (b"[NaN]", "JSON has no NaN: null is how a gap is sent, in a table"),
    (b'{"a": [1, nan]}', "JSON has no nan"),
    (b'{"a": Infinity}', "JSON has no Infinity: give a value for a, or leave a out"),
    (b"[-Infinity]", "JSON has no -Infinity: write a finite number"),
    (b'{"a": True}', "True is Python's: JSON writes true"),
    (b'{"a": False}', "False is Python's: JSON writes false"),
    (b'{"a": None}', "JSON has no None: leave a out or, where it may be null, write null. json.d"),
    *(
        (f'{{"a": {word}}}'.encode(), f"has no {word}: leave a out or, where it may be null, write")
        for word in ("undefined", "NULL", "Null", "nil")
    ),
    (b'{"a": TRUE}', "JSON writes true in small letters, not TRUE."),
    (b"NaN", "an object is needed, not NaN; send one such as {"),
    (b"{'a': 1}", "double quotes, not in single ones"),
    (b"{\"a\": 'b'}", "double quotes, not in single ones"),
    (b"{model_type: knn}", "On a command line put the whole body in single quotes"),
    (b"register.json", "the name of a file"),
    (b"data/iris.csv", "the name of a file"),
    (
        b"my rows.json",
        "the name of a file, 'my rows.json', not what the file holds",
    ),
    (b"my rows.json", "write -d '@my rows.json', with the @"),
    (
        b"t.csv",
        "write -H 'Content-Type: text/csv' --data-binary @t.csv, with the @, and ?",
    ),
    (
        b"t.csv.gz",
        "csv' -H 'Content-Encoding: gzip' --data-binary @t.csv.gz, with the",
    ),
    (b"x.json.gz", "write -H 'Content-Encoding: gzip' --data-binary @x.json.gz, with the @"),
    (
        b"data.xlsx",
        "export it as CSV, and with curl write -H 'Content-Type: text/csv' --",
    ),
    (b"x.json.zip", "unpack it, and with curl write -d @x.json"),
    (b"x.parquet", "export it as CSV"),
    (b"rows.jsonl", "make one list of its lines, as `jq -s . rows.jsonl` does"),
    (b"~/my rows.json", 'write -d @"$HOME/my rows.json", with the @'),
    *(
        (prefix + b"/tmp/t.json", "the name of a file, '/tmp/t.json', not what")
        for prefix in (b"file://", b"file:", b"file://localhost", b"<", b"< ", b"cat ")
    ),
    (b"file:///C:/x%20y.json", "write -d '@C:/x y.json', with the @"),
    (b"`cat x.json`", "the name of a file, 'x.json'"),
    (b"'rows.json'", "write -d @rows.json, or in Python json=json.load(open('rows.json'))"),
    *((text, "'-' itself, where standard input is meant; with curl write -d @-") for text in STDIN),
    (b"http://x.org/a?b=1", "fetch that and send it: curl -sL 'http://x.org/a?b=1' | curl -d @-"),
    (b"@register", "it is '@register' itself, as curl's --data-raw sends it"),
    (
        b"@my rows.json",
        "write -d '@my rows.json', or in Python data=open('my rows.json', 'rb')",
    ),
    (b'{"a": 1,}', "a comma stands before the closing bracket"),
    (b"[1, 2,]", "a comma stands before the closing bracket"),
    (b'{"X": [[1, 2], [3', "the body ends here"),
    (b'{"X": "ab', "the body ends here"),
    (b'{"a"', "the body ends here"),
    (b'{"a": 1} {"b": 2}', "the JSON has ended before this"),
    (b'{"a": 1}\n{"a": 2}\n', "make one list of them"),
    (b"[1, 2]\r\n[3, 4]\r\n", "make one list of them"),
    (b"model_type=knn&model_id=1", "it is a form"),
    (b"--x\r\nContent-Disposition: form-data\r\n", "it is a form in parts"),
    (b"age,height\n1,2\n", "CSV"),
    (b"5.1;3.5\n4.9;3.0\n", "CSV"),
    (b"<!doctype html>", "HTML"),
    ('{"a": 1}'.encode("utf-16"), "is text in UTF-16. Save it as UTF-8, or convert it: iconv -f U"),
    *(
        ('{"a": 1}'.encode(code), f"convert it: iconv -f {code} -t UTF-8")
        for code in ("UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE")
    ),
    ('{"a": 1}'.encode("utf-32-be"), "UTF-32"),
    (b'{"a": "\xff"}', "not UTF-8"),
    (b'{"a": "\n"}', "a line break, tab or other control character"),
    (rb'{"a": "C:\data"}', "a backslash itself is written \\\\"),
    (rb'"\ud800"', "half of a surrogate pair"),
    (b'{"a": 1, "a": 2}', "the member 'a' stands twice"),
    (b"[" * 1000, "more than 200"),
    (b"9" * 5000, "more than 4,300 digits"),
    (b"[01]", "no zeros in front"),
    (b"[+1]", "a number is written"),
    (b"[.5]", "a number is written"),
    (b"[1.]", "a number is written"),
    (b"[0x10]", "a number is written"),
    (b"[1_000]", "a number is written"),
    (b"[1 2]", "a comma is missing between two values"),
    *(
        (text, "[1.0, 2.0]; of what NumPy prints send x.tolist()")
        for text in (b"[1. 2.]", b"[[1. 2.]\n [3. 4.]]", b"[ 1 nan]")
    ),
    (b'{"a": 1,, "b": 2}', "a comma too many"),
    (b'{,"a": 1}', "a comma too many"),
    (b"'{\"a\": 1}'", "in single quotes. Take them away"),
    (b"'{model_type:svm,features:[1,2]}'", "the double ones are gone in which names and text"),
    (b"'{model_type:svm}", 'on Windows -d "{\\"model_type\\": \\"knn\\"}", or -d @FILE'),
    (b"'[[1, 2], [3, 4]]'", "in single quotes. Take them away"),
    (b"{model_type:svm}", 'On Windows write -d "{\\"model_type\\": \\"knn\\"}" or -d @FILE'),
    (b"'{a:", "or -d @FILE"),
    (b"1,2\n", 'it is a row of CSV; in JSON, "features": [1, 2]. As CSV it needs the header'),
    (b"-1.5;2", 'in JSON, "features": [-1.5, 2]. '),
    (b"1,2\n3,4\n", "Write names above its rows or, where the model has none, add header=false"),
    (b"1,5;2,5", "it looks like CSV"),
    (b"a,b\n1,2\n", "as in ?model_type=knn&model_id=1."),
    (b"a;b", "it looks like CSV"),
    (b'{"model_type": "knn"}\n{"model_type": "knn"}\n', "send one request for each. Mend"),
    (b'{"a": 1 "b": 2}', "a comma is missing between two members"),
    (b'{"a" 1}', "a colon is missing"),
    (b"[1}", "write ] before this }"),
    (b"[1,,2]", "a value is missing before this comma"),
    (b"[:]", "a value is needed here"),
    (b"// x\n{}", "no comments"),
    (b'{"a": 1, # x\n}', "no comments"),
    (b"\x1f\x8b\x08", "Content-Encoding: gzip"),
    (b"\x1f\x8b\x08\x00\x00", "Content-Encoding: gzip"),
    (b"PK\x03\x04\x14\0", "a spreadsheet or a zip"),
    (b"PAR1\0\0", "it is no text"),
    (b"\x93NUMPY\x01\0", "it is no text"),
    *((name, "the name of a file") for name in NAMES),
    (b"t.csv\r\n", "the name of a file"),
    *((name, f"if '{name.decode().strip()}' is a file, curl sends") for name in BARE),
    *((text, '\\" stands where a plain double quote is meant') for text in ESCAPED),
    *((f'{{"a": [1, {word}]}}'.encode(), says or "write 1.5") for word, says in CALLS.items()),
    (b"[np.str_('a'), 1]", 'write "a"'),
    *(
        (body.replace("WORD", word).encode(), says[words is ENDLESS])
        for words in (GAPS, ENDLESS)
        for word in words
        for body, says in PLACES.items()
    ),
    *(
        (body.replace("WORD", word).encode(), says.replace("WORD", word))
        for word in ("True", "FALSE", "np.True_")
        for body, says in TRUTHS.items()
    ),
    *((f'{{"a": {mark}}}'.encode(), says) for mark, says in MARKS.items()),
    *((f'{{{mark}a": 1}}'.encode(), MARKS[mark]) for mark in MARKS if mark not in "(;"),
    (b'{"a": (1, 2)}', "not in ( )"),
    (b'{"a": 1; "b": 2}', "parted by commas, not by ;"),
    (b'{"a" = 1}', "a colon stands between"),
    (b'{"a": [[1, 2], [3]}', "write ] before this }"),
    (b'{"a": [1]]}', "no list is open"),
    (b'{"a": "b, "c": 1}', "a quote is missing before this"),
    (b"[1, 2, ...]", "send all of it"),
    (b"[1, , 2]", "a value is missing before this comma"),
    *((f"[{wrong}]".encode(), f"write {right}; ") for wrong, right in NUMBERS.items()),
    (b'{"n_neighbors": NaN}', "give a value for n_neighbors, or leave n_neighbors out. Mend"),
    (b'{"C": -Infinity}', "give a value for C, or leave C out"),
    *(
        (body.replace("GAP", mark).encode(), says.replace("GAP", mark))
        for mark in ("N/A", "n/a", "#N/A", "#NA", "-", "--", "?", "N.A.", "n.a.", ".", "<NA>")
        for body, says in (
            ('{"X": [[1, GAP]]}', "JSON has no GAP: null is how a gap is sent, in a table"),
            ("[[GAP, 1]]", "JSON has no GAP: null"),
            (
                '{"alpha": GAP, "b": 1}',
                "JSON has no GAP: give a value for alpha, or leave",
            ),
        )
    ),
    *(
        (f'{before}"h": {word}}}'.encode(), f" for h, or leave {left} out")
        for word in ("NaN", "Infinity", "NA", "?")
        for before, left in (
            ('{"features": {"w": 1, ', "the row"),
            ('{"features": [{"w": 1, "h": 2}, {', "the row"),
            ('{"kwargs": {"X": [{', "the row"),
            ('[{"w": 1, ', "the row"),
            ('{"kwargs": {', "h"),
            ('{"kwargs": {"X": [{"w": 1, "h": 2}], ', "h"),
            ('{"features": [{"w": 1}, {"w": 2}], ', "h"),
        )
    ),
    *(
        (body.replace("GAP", mark).encode(), says)
        for mark in ("NaN", "N/A", "nan")
        for body, says in (
            (
                '{"kwargs": {"X": [[1]], "y": [1, GAP]}}',
                "; leave this row out of X and y, or write",
            ),
            ('{"kwargs": {"y": ["[", GAP], "X": [[1]]}}', "; leave this row out of X and y, or"),
            (
                '{"kwargs": {"X": [{"t": GAP}], "target": "t"}}',
                "; leave this row out of X, or write",
            ),
            ('{"kwargs": {"target": "t", "X": {"t": [1, GAP]}}}', "; leave this row out of X, or"),
            ('{"kwargs": {"target": "t", "X": {"a": [1, GAP]}}}', "null is how a gap is sent, in"),
            ('{"features": [[1]], "y": [GAP]}', "give the value, or leave the row out of features"),
            ('{"y": [1, GAP], "features": [[1]]}', "or leave the row out of features and y"),
            ('{"features": [[1, GAP]]}', "leave its row out. To a model that was registered with"),
            ('{"features": [{"a": GAP}]}', "or leave the row out. To a model that was registered"),
            ('{"kwargs": {"X": [{"a": GAP}]}}', "or leave the row out; of a table that is reg"),
        )
    ),
    (b"[A/B]", "'A' stands without quotes"),
    (b"[-x]", "is no number"),
    (b'{"a": ?x}', "a list or an object, not '?x'"),
    (b'{"a": <id>, "b": 1}', "a list or an object, not '<id>'"),
    (b'{"model_id": $ID}', """$ID is a shell's variable, which between single quotes stays"""),
    (b'{"model_id":${ID}, "a": 1}', """write "model_id": '"${ID}"'"""),
    (b"{$ID: 1}", """write "'"$ID"'"; or write what it holds"""),
    (b'{"model_type": $T}', """write "model_type": "'"$T"'\""""),
    (b'{"a": [1, $(cat b)]}', """write '"$(cat b)"'"""),
    (b'{"a": 1$ID}', "is a shell's variable"),
    (b"$BODY", 'write it in double quotes, -d "$BODY"'),
]


@pytest.mark.parametrize(("body", "says"), CASES)
def test_each_mistake_is_named(body: bytes, says: str) -> None:
    with pytest.raises(MalformedJson) as caught:
        parse_json(body)
    detail = caught.value.detail
    assert says in detail
    assert re.match(r"The body is not JSON at line \d+ column \d+: ", detail)
    assert detail.endswith("Mend it and send it again.")
    assert not JARGON.search(detail)
    assert len(detail) < 400


def test_a_byte_order_mark_is_skipped() -> None:
    assert parse_json(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
    with pytest.raises(MalformedJson, match="empty"):
        parse_json(b"\xef\xbb\xbf")


def test_line_and_column_are_where_it_is() -> None:
    with pytest.raises(MalformedJson, match="line 3 column 8: JSON has no NaN"):
        parse_json(b'{\n "a": 1,\n "b": [NaN]}')


@pytest.mark.parametrize("at", range(0, 300, 7))
def test_any_byte_anywhere_is_told(at: int) -> None:
    """Whatever stands in the place of whatever: the parser's words are never shown."""
    body = json.dumps(
        {"model_type": "knn", "kwargs": {"X": [[1.5, -2e3]] * 9, "y": ["a"]}}
    ).encode()
    at %= len(body)
    for byte in range(256):
        try:
            parse_json(body[:at] + bytes([byte]) + body[at + 1 :])
        except MalformedJson as error:
            assert not JARGON.search(error.detail), error.detail


@pytest.mark.parametrize(
    "body", [b"\n" * 20_000_000 + b"x", b"x" * 20_000_000, b"a=" * 10_000_000, b"a,b\n" * 5_000_000]
)
def test_a_long_text_is_told_as_soon(body: bytes) -> None:
    started = time.monotonic()
    with pytest.raises(MalformedJson):
        parse_json(body)
    assert time.monotonic() - started < 20  # against hanging; it takes a fraction of a second


@pytest.mark.parametrize("word", ["NaN", "None", "Infinity", "-inf", "nan", "NA", "True"])
@pytest.mark.parametrize(
    ("body", "more"),
    [
        ('[[@, "NaN, None"], ["\\"nan", null]]', None),
        ("[[@, 1], [true, @]]", "one more follows"),
        ('{"X": [[@, "@"], [@, 1], [null, @]], "y": [0, 1, 0]}', "2 more such words follow"),
        ("[[@], " + "[@], " * 2000 + "[1]]", "at least 1,000 more such words follow"),
        ('[@, "abc' + '\\"' * 100_000, None),  # as fast as any other
    ],
)
def test_words_that_json_does_not_have_are_all_told(word: str, body: str, more: str | None) -> None:
    with pytest.raises(MalformedJson) as raised:
        parse_json(body.replace("@", word).encode())
    behind = raised.value.detail.partition("Behind it ")[2]
    assert behind.startswith(f"{more}, {word}: mend all of them" if more else "")
    assert bool(behind) == (more is not None)


RIGHT = '{"model_type": "knn", "weights": [1, -2, -3], "b": true}'
STRANGE: dict[str, tuple[str, int]] = {
    **{
        quotes: (re.sub('"([^"]*)"', f"{quotes[0]}\\1{quotes[1]}", RIGHT), 7)
        for quotes in ("“”", "””", "‘’", "``", "«»", "„“")
    },
    "U+00A0": (RIGHT.replace(" ", "\u00a0"), 6),
    "U+200B": (RIGHT.replace(" ", "\u200b"), 6),
    "−": (RIGHT.replace("-", "−"), 1),
    "=": (RIGHT.replace(":", "="), 2),
    ";": (RIGHT.replace(",", ";"), 3),
}
INSTEAD = {"U+00A0": " ", "U+200B": "", "−": "-", "=": ":", ";": ","}


@pytest.mark.parametrize("sign", STRANGE)
@pytest.mark.parametrize("words", [False, True])
def test_signs_that_json_does_not_have_are_all_told(sign: str, words: bool) -> None:
    """With the words behind them; signs in a text of JSON are none of them."""
    body, more = STRANGE[sign]
    text = ', "text": "“it’s” −(;=\u00a0\u200b”"}'
    body = body.replace("true", "True")[:-1] + text if words else body
    with pytest.raises(MalformedJson) as raised:
        parse_json(body.encode())
    behind = raised.value.detail.partition("Behind it ")[2].partition(": mend all")[0]
    more += words
    follow = "one more follows, " if more == 1 else f"{more} more follow, "
    told = behind.removeprefix(follow).split(", ")
    assert behind.startswith(follow)
    assert ("True" in told) == words
    mended = body.removesuffix(text) if words else body
    for one in {sign} if sign in INSTEAD else {*sign}:
        found = chr(int(one[2:], 16)) if one.startswith("U+") else one
        mended = mended.replace(found, INSTEAD.get(one, '"'))
    whole = mended.replace("True", "true") + (text if words else "")
    parse_json(whole.encode())


@pytest.mark.parametrize("rest", ["”, ”b”: 1}", "”, “b”: 1}", "”}", '”, "b": 1}', "”", "” }"])
@pytest.mark.parametrize("begin", ['{"a": "x', '{"a'])
def test_a_text_that_a_curly_quote_was_to_end(begin: str, rest: str) -> None:
    body = begin + (rest if ":" in begin else "”: 2, " + rest[2:] if "b" in rest else "”: 2}")
    with pytest.raises(MalformedJson, match="instead of ” at the end of") as raised:
        parse_json(body.encode())
    assert "the body ends here" not in raised.value.detail
    left = body.count("”") + body.count("“") - 1
    more = {0: "", 1: "one more follows"}.get(left, f"{left} more follow")
    assert (f"Behind it {more}" in raised.value.detail) == (left > 0)


@pytest.mark.parametrize("whole", ['{"a": "x “b” c"', '{"t": "say “a”: b" 5}', '{"a": "”b"'])
def test_curly_quotes_in_a_text_are_no_mistake(whole: str) -> None:
    with pytest.raises(MalformedJson) as raised:
        parse_json(whole.encode())
    assert "straight" not in raised.value.detail


@pytest.mark.parametrize(
    ("held", "says"),
    [
        ("'b': False, 'c': [None, 'True']", "which writes False and None as false and null too."),
        ("'b': True", "which writes True as true too."),
        ("'b': 'None', \"c\": 'True'", "by json.dumps(body). Mend"),
        ("'b': [nan, True]", ". Behind it JSON has no nan, True either: mend all of them."),
    ],
)
@pytest.mark.parametrize("first", ["{'a': 1, ", "{\"a\": 'x', "])
def test_of_what_python_printed_quotes_and_words_are_told(first: str, held: str, says: str) -> None:
    with pytest.raises(MalformedJson) as raised:
        parse_json(f"{first}{held}}}".encode())
    assert "double quotes, not in single ones; in Python" in raised.value.detail
    assert says in raised.value.detail
