"""A command line that is wrong is told how it is typed, and what is told works."""

import io
import json
import re
import shlex
import sys
from pathlib import Path

import click
import pytest

from fitserve.cli import command
from fitserve.cli.problems import by_options
from fitserve.models import catalog
from tests.cli.conftest import IRIS, Command

TYPES = {
    name: cls.schema()["properties"][cls.aliases.get(name, name)].get("type")
    for cls in catalog().values()
    for name in cls.names()
}
"""Of every hyperparameter, by all its names, what it is."""

OBEYED = [  # what is typed, and what is to be typed instead
    ("--n-neighbors 3", "--set n_neighbors=3"),
    ("--n_neighbors=3", "--set n_neighbors=3"),
    ("-k 3", "--set k=3"),
    ("--weights distance --n-neighbors 3", "--set weights=distance"),
    ("--weights distance --n-neighbors 3", "--set n_neighbors=3"),
    ("--set n_neighbors 3", "--set n_neighbors=3"),
    ("--set n_neighbors = 3", "--set n_neighbors=3"),
    ("--set n_neighbors= 3", "--set n_neighbors=3"),
    ("--set n_neighbors =3", "--set n_neighbors=3"),
    ("--set n_neighbors: 3", "--set n_neighbors=3"),
    ("--set n_neighbors:3", "--set n_neighbors=3"),
    ("--set 'n_neighbors 3'", "--set n_neighbors=3"),
    ("--set n_neighbors=3 weights=distance", "--set weights=distance"),
    ("n_neighbors=3", "--set n_neighbors=3"),
    ("--standardize true", "--standardize"),
    ("--standardize=1", "--standardize"),
    ("--standardize 1", "--standardize"),
    ("--importance 5", "--importance"),
    ("--header yes", "--header"),
    ("--header=True", "--header"),
    ("--no-header off", "--header"),
    ("--drop sepal_length sepal_width", "--drop sepal_length,sepal_width"),
    ("--drop sepal_length, sepal_width", "--drop sepal_length,sepal_width"),
    ("--na-values x ? y", "--na-values 'x,?,y'"),
    ("--kinds sepal_width category", "--kinds sepal_width:category"),
    ("--kinds sepal_width: category", "--kinds sepal_width:category"),
    ("--kinds sepal_width=category", "--kinds sepal_width:category"),
    (
        "--kinds sepal_width:category petal_width:number",
        "--kinds sepal_width:category,petal_width:number",
    ),
    ("--max_words 5", "--max-words 5"),
    ("--folds 3", "--cv 3"),
    ("--sep ,", "--delimiter ,"),
    ("--missing median", "--missing impute"),
    ("--scale", "--standardize"),
    ("-i", "--importance"),
    ("-k=3", "--set k=3"),
    ("-p k=3", "--set k=3"),
    ("-p=n_neighbors=3", "--set n_neighbors=3"),
    ("-p weights=distance -p k=3", "--set weights=distance"),
    ("-pk=3", "--set k=3"),
    ("-p k 3", "--set k=3"),
    ("-o k=3", "--set k=3"),
    ("--hyper-parameter k=3", "--set k=3"),
    ("--kwargs=k=3", "--set k=3"),
]
TOLD = [
    *(
        (f"{name} knn 1 {word}", f"; write {right}\n")
        for name in ("register", "predict", "evaluate")
        for word, right in (
            ("@table.csv", "table.csv"),
            ("'@my table.csv'", "'my table.csv'"),
            ("@-", "-"),
            ("file:///data/none.csv", "/data/none.csv"),
            ("'<none.csv'", "none.csv"),
            ("'~/none x.csv'", "~/'none x.csv'"),
        )
    ),
    ("register knn x.csv --standardize", "2^53 - 1 is needed, not 'x.csv'; write one, such as 1"),
    ("show knn null", "2^53 - 1 is needed, not 'null'; write one, such as 1\n"),
    ("predict knn 1.5 FILE", "2^53 - 1 is needed, not '1.5'; write one, such as 1\n"),
    ("predict knn 1.0 FILE", "is needed, not '1.0'; write 1"),
    ("register knn 1 FILE --header no", "write --no-header alone"),
    ("register knn 1 FILE --no-header 1", "write --no-header alone"),
    ("register knn 1 FILE --standardize=false", "leave --standardize out"),
    ("register knn 1 FILE --set n_neighbors", "write --set n_neighbors=VALUE"),
    ("register knn 1 FILE --blah x", "a hyperparameter goes by --set blah=x"),
    ("register svm 1 FILE --no-fit-intercept", "write --set fit_intercept=false"),
    ("register knn 1 FILE --target sepal length", "write --target 'sepal length', else leave"),
    ("register knn 1 FILE --cv 3 4", "--cv takes one value; leave 4 out"),
    (
        "register --type knn --id 1 --file FILE",
        "a place and no name; write fitserve register knn 1 FILE\n",
    ),
    ("predict knn 1 FILE --target y", "it belongs to register and evaluate; leave it out"),
    ("predict knn 1 FILE --n-neighbors 3", "is said when a model is registered; leave it out"),
    ("predict knn 1 FILE -o out.csv", "fitserve predict knn 1 FILE > out.csv"),
    ("predict knn 1 FILE --table yes", "write --table alone"),
    ("register knn -1 FILE", "ID is a whole number from 0; one below 0 is none; write one, such a"),
    ("predict knn -12 FILE", "ID is a whole number from 0"),
    ("register knn 1 FILE --holdout 20%", "write --holdout 0.2\n"),
    ("register knn 1 FILE --holdout 12,5%", "write --holdout 0.125\n"),
    ("register knn 1 FILE --holdout 0,2", "write --holdout 0.2\n"),
    ("register knn 1 FILE --cv 20%", "a share is held out by --holdout 0.2\n"),
    ("copy --from a --to b", "write fitserve copy a b\n"),
    ("copy --source=a b", "write fitserve copy a b\n"),
    ("copy a --dest b", "write fitserve copy a b\n"),
    ("show knn 1 --blah", "`fitserve show --help` lists those there are"),
    ("--json list knn", "write fitserve list knn --json"),
    ("--target y register knn 1 FILE", "write fitserve register knn 1 FILE --target y"),
    ("--port=9000 serve", "write fitserve serve --port=9000"),
    ("train knn 1 FILE", "write fitserve register knn 1 FILE"),
    ("register knn 1 FILE -t species", "write --target species\n"),
    ("evaluate knn 1 FILE -t=species -y species", "-y; write --target species\n"),
    ("predict knn 1 FILE -p", "write --probabilities\n"),
    ("register knn 1 FILE -c 3", "write --categories 3 or --cv 3, whichever is meant\n"),
    ("register knn 1 FILE -n 3", "--no-wait or --set n_neighbors=3, whichever is meant\n"),
    ("register -t knn -i 1 -f FILE", "and no name; write fitserve register knn 1 FILE\n"),
    ("copy -s a -d b", "write fitserve copy a b\n"),
    ("register knn 1 FILE -v", "`fitserve register --help` lists those there are"),
    ("register FILE", "write fitserve register knn 1 FILE --target COLUMN\n"),
    ("register kmeans FILE --cv 3", "write fitserve register kmeans 1 FILE --cv 3\n"),
    ("register FILE svm 7 --target y", "write fitserve register svm 7 FILE --target y\n"),
    ("predict FILE", "is a file; TYPE and ID stand before it; write fitserve predict knn 1 FILE\n"),
    ("evaluate 3 FILE", "write fitserve evaluate knn 3 FILE\n"),
    ("predict knn 1 [[1,2]] --csv", "write echo '[[1,2]]' | fitserve predict knn 1 - --csv\n"),
    ("predict knn 1 '{\"a\": 1}'", """write echo '{"a": 1}' | fitserve predict knn 1 -\n"""),
    ("predict knn 1 5.1 3.5", "write echo '[5.1, 3.5]' | fitserve predict knn 1 -\n"),
    ("evaluate knn 1 5.1,-3e2", "write echo '[5.1, -3e2]' | fitserve evaluate knn 1 -\n"),
    ("predict knn 1 5.1 -3.5", "write echo '[5.1, -3.5]' | fitserve predict knn 1 -\n"),
    ("models", "write fitserve list\n"),
    ("list knn 1", "a model is told by fitserve show knn 1\n"),
    ("list --json knn 1", "a model is told by fitserve show knn 1\n"),
    ("register knn 1 FILE --set a=1,b=2", "write --set a=1 --set b=2\n"),
    ("register knn 1 FILE --set 'k=1; p=2'", "write --set k=1 --set p=2\n"),
    ("register knn 1 FILE --kinds 'a:number;b'", "names: --kinds a:number,b:KIND\n"),
    ("register knn 1 FILE --kinds 'a b:text; c:number'", "names: --kinds 'a b:text,c:number'\n"),
    ("serve --url http://127.0.0.1:9", "write fitserve serve --host 127.0.0.1 --port 9\n"),
    ("serve --server=0.0.0.0", "write fitserve serve --host 0.0.0.0 --port PORT\n"),
    ("serve --url 9000", "write fitserve serve --port 9000\n"),
    ("serve 9000", "write fitserve serve --port 9000\n"),
    ("serve :9000", "write fitserve serve --port 9000\n"),
    ("serve 127.0.0.1:9000", "write fitserve serve --host 127.0.0.1 --port 9000\n"),
    ("serve --threads 8 9000", "write fitserve serve --port 9000\n"),
    ("serve -p 9000", "write fitserve serve --port 9000\n"),
    ("serve -p9000", "write fitserve serve --port 9000\n"),
    ("register 200 knn FILE --cv 3", "ID; write fitserve register knn 200 FILE --cv 3\n"),
    ("predict 2 svm FILE", "TYPE stands before ID; write fitserve predict svm 2 FILE\n"),
    ("show 2 knn --json", "TYPE stands before ID; write fitserve show knn 2 --json\n"),
    ("delete 2 knn", "TYPE stands before ID; write fitserve delete knn 2\n"),
    ("register knn 1 FILE --cv 0.2", "2 to 20, not '0.2'; write one, as in --cv 5, or for a"),
    ("register knn 1 FILE --cv .2", "share of the rows --holdout 0.2\n"),
    ("register knn 1 FILE --cv 3.0", "write --cv 3\n"),
    ("register knn 1 FILE --cv abc", "folds, 2 to 20, not 'abc'; write one, as in --cv 5\n"),
    ("register knn 1 FILE --holdout x", "between 0 and 1, not 'x'; write one, as in --holdout 0.2"),
    ("register knn 1 FILE --sample 1.5", "not '1.5'; write one, as in --sample 200\n"),
    ("register knn 1 FILE --max-words many", "not 'many'; write one, as in --max-words 100\n"),
    ("evaluate knn 1 FILE --repeats 1e1", "not '1e1'; write --repeats 10\n"),
    (
        "register knn 3 https://x.org/t.csv --target t",
        "write curl -sL https://x.org/t.csv | fitserve register knn 3 - --target t\n",
    ),
    ("predict knn 3 'http://x.org/a?b&c'", "'http://x.org/a?b&c' | fitserve predict knn 3 -\n"),
    ("register knn 1 FILE --missing", "Write --missing impute or --missing drop\n"),
    ("register knn 1 FILE --decimal", "Write --decimal ,\n"),
    ("register knn 1 FILE --unknown", "Write --unknown ignore\n"),
    ("register knn 1 FILE --target", "Write --target COLUMN\n"),
    ("register knn 1 FILE --cv", "Write --cv 5\n"),
    ("register", "write fitserve register knn 1 FILE.csv --target COLUMN\n"),
    ("register pca", "ID and FILE lack; write fitserve register pca 1 FILE.csv\n"),
    ("register knn 7 --target a", "FILE lacks; write fitserve register knn 7 FILE.csv --target a"),
    ("predict knn", "write fitserve predict knn 1 FILE.csv; fitserve list knn shows the ids"),
    ("show knn", "ID lacks; write fitserve show knn 1; fitserve list knn shows the ids there are"),
    ("delete", "write fitserve delete knn 1; fitserve list TYPE shows the ids there are\n"),
    ("copy", "write fitserve copy sqlite:///fitserve.sqlite3 postgresql://user:password@HOST/"),
    ("copy sqlite:///a", "DESTINATION lacks; write fitserve copy sqlite:///a postgresql://user"),
    ("serve --port --workers 3", "write --port 8000, or"),
    (
        "evaluate knn 1 FILE --target --importance",
        "write --target COLUMN, or --target=--importance",
    ),
    ("predict knn 1 FILE --delimiter --table", "write --delimiter ';', or --delimiter=--table if"),
    ("serve --base-url", "write fitserve serve --host HOST --port PORT\n"),
]
BY_OPTIONS = [  # what a server says, and the same for who types
    (
        "(missing='impute' or 'drop' beside X does so)",
        "(--missing impute or --missing drop does so)",
    ),
    ("(missing='drop' beside X does so)", "(--missing drop does so)"),
    (
        """send df.to_dict('list'), or without pandas {"age": [22, 38]}""",
        """write what df.to_csv(FILE, index=False) makes, or in JSON {"age": [22, 38]}""",
    ),
    (
        'or write null and "missing": "drop" beside X, which',
        "or write null and --missing drop, which",
    ),
    ('out ("drop": ["1"] beside X does so)', "out (--drop 1 does so)"),
    ('leave penalty out and write "C": 1e10', "leave penalty out and write --set C=1e10"),
    ('"p": 2 (euclidean) or "p": 1 (', "--set p=2 (euclidean) or --set p=1 ("),
    ('as {"sex": ["male", "female"]}, or', 'as {"sex": ["male", "female"]}, or'),
    ('such as {"model_type": "knn", "k": 1}', 'such as {"model_type": "knn", "k": 1}'),
    ("leave this line out, and add header=false", "leave this line out, and add --no-header"),
    ("write header=true.", "write --header."),
    ("write delimiter=tab, or delimiter=%7C", "write --delimiter tab, or --delimiter '|'"),
    ("write delimiter=; it", "write --delimiter ';' it"),
    (
        "the body is JSON inside of JSON, and was declared CSV; send the object alone, with the",
        "send it without the quotes around it, and without backslashes in it",
    ),
    ("name by delimiter= what", "name by --delimiter what"),
    ("add decimal=, if", "add --decimal , if"),
    ("with decimal=, write", "with --decimal , write"),
    ("leave decimal= out", "leave --decimal out"),
    ("fill them (missing=impute), or (missing='drop')", "(--missing impute), or (--missing drop)"),
    ("say kinds=a b:category to take", "say --kinds 'a b:category' to take"),
    ("say kinds=a:number,b:text, or", "say --kinds a:number,b:text, or"),
    ("Add drop=%5B%22a,b%22%5D.", """Add --drop '["a,b"]'."""),
    ("such as target=2 for", "such as --target 2 for"),
    ("in ?model_type=knn&header=false", "in ?model_type=knn&header=false"),
    ("not 'drop=a'", "not 'drop=a'"),
    (
        """not the text '{"n_neighbors": 5, "X": [[…'; write "p": 2""",
        """not the text '{"n_neighbors": 5, "X": [[…'; write --set p=2""",
    ),
    (
        """not the text "it's a, cv=3"; write cv=5""",
        """not the text "it's a, cv=3"; write --cv 5""",
    ),
    (
        """not the text 'it\\'s "k": 3'; add k=5""",
        """not the text 'it\\'s "k": 3'; add --set k=5""",
    ),
    ("there are: target=y, k=3; write target=y", "there are: target=y, k=3; write --target y"),
    ("known are: cv=1. A model with unknown=ignore", "cv=1. A model with --unknown ignore"),
    ("FITSERVE_STORE=a, n_init=3", "FITSERVE_STORE=a, --set n_init=3"),
    ("y.argmax(axis=1), or data=json.dumps(b)", "y.argmax(axis=1), or data=json.dumps(b)"),
    ("write p=2 (euclidean) or p=1 (", "write --set p=2 (euclidean) or --set p=1 ("),
    ("alpha=0.1 and beside it penalty=l2 or", "--set alpha=0.1 and beside it --set penalty=l2 or"),
]
AS_BEFORE = [  # what shows no more than click says
    ("register knn 1 FILE FILE --target y", "unexpected extra argument"),
    ("register knn 1 --target y FILE FILE", "unexpected extra argument"),
    ("register knn 1 -- FILE extra", "unexpected extra argument"),
    ("register knn --standardize 1 none.csv", "'none.csv' does not exist"),
    ("register --drop a knn 1 none.csv", "'none.csv' does not exist"),
    ("register --target y knn 1 FILE extra", "unexpected extra argument"),
    ("register --drop a knn 1 FILE extra", "unexpected extra argument"),
    ("nix", "No such command 'nix'"),
    ("--nix list", "No such option '--nix'"),
]


@pytest.mark.parametrize(
    "option",
    [one for one in command.commands["register"].params if isinstance(one, click.Option)],
    ids=lambda one: one.opts[0],
)
@pytest.mark.parametrize("following", ["--sample 7", "--standardize", "--sample=7"])
def test_an_option_without_its_value_is_told_from_the_next(
    option: click.Option, following: str, fitserve: Command
) -> None:
    word = option.opts[0]
    if option.is_flag or following.startswith(word):
        return
    words = ["register", "knn", 1, IRIS, word, *following.split(), "--dry-run"]
    done = fitserve(*words)
    assert done.code == 2
    assert f"{word} was given no value, {following.split()[0]} is the next option; w" in done.err
    (right,) = re.findall(rf"; write {word} (\S+?)(?:,? or |\n)", done.err)
    of_this_file = {
        "--target": "species",
        "--drop": "sepal_width",
        "--kinds": "sepal_width:category",
        "--set": "k=3",
        "--delimiter": ",",
        "--decimal": ".",
    }
    words.insert(5, of_this_file.get(word) or shlex.split(right)[0])
    words += [] if word == "--target" else ["--target", "species"]
    done = fitserve(*words)
    assert done.code == 0, done.err


@pytest.mark.parametrize("name", sorted(TYPES))
@pytest.mark.parametrize("form", ["--{} 3", "--{}=3", "--{} -0.5"])
def test_a_hyperparameter_is_no_option(name: str, form: str, fitserve: Command) -> None:
    for spelled in {name, name.replace("_", "-")}:
        words = form.format(spelled).split()
        value = re.split("[ =]", form)[-1] if TYPES[name] != "boolean" else "true"
        for typed in ((IRIS, *words), (*words, IRIS)):
            done = fitserve("register", "knn", 1, *typed)
            assert done.code == 2
            assert f"There is no option --{spelled}; write --set {name}={value}\n" in done.err


@pytest.mark.parametrize(("wrong", "right"), OBEYED)
def test_what_is_told_works(wrong: str, right: str, fitserve: Command) -> None:
    words = ["knn", 1, IRIS, "--cv", 3, "--dry-run", "--target", "species"]
    typed = shlex.split(wrong)
    before = [*typed, *words] if wrong.startswith("-") else [words[0], *typed, *words[1:]]
    for all_words in ([*words, *typed], before):
        done = fitserve("register", *all_words)
        assert done.code == 2
        assert re.search(rf"write {re.escape(right)}( alone)?\n", done.err), done.err
    done = fitserve("register", *words, *shlex.split(right))
    assert done.code == 0, done.err


@pytest.mark.parametrize(("typed", "says"), TOLD)
def test_what_was_meant_is_told(typed: str, says: str, fitserve: Command) -> None:
    done = fitserve(*shlex.split(typed.replace("FILE", IRIS)))
    assert done.code == 2
    assert re.sub(r"FILE(?= >)|(?<=\d )FILE(?!\.csv)", IRIS, says) in done.err


@pytest.mark.parametrize(("said", "typed"), BY_OPTIONS)
def test_parameters_of_a_query_are_told_as_options(said: str, typed: str) -> None:
    assert by_options(said).endswith(typed)


def test_what_a_server_says_of_a_file_is_typed_as_it_is_told(
    fitserve: Command, tmp_path: Path
) -> None:
    rows, bare = tmp_path / "rows.json", tmp_path / "rows.csv"
    rows.write_text('{"X": [[1, 2], [2, 1], [3, 4]], "y": [0, 1, 0], "k": 1}')
    bare.write_text("5,6,0\n6,5,1\n")
    assert fitserve("register", "knn", 71, rows).code == 0
    for name in ("predict", "evaluate"):
        assert "add --no-header\n" in fitserve(name, "knn", 71, bare).err
    assert "add --no-header, which" in fitserve("register", "knn", 72, bare, "--target", "y").err
    words = ("register", "knn", 72, bare, "--target", 2, "--no-header", "--set", "k=1")
    assert fitserve(*words).code == 0
    bare.write_text("5,6\n")
    assert fitserve("predict", "knn", 71, bare, "--no-header").code == 0


@pytest.mark.parametrize(("typed", "says"), AS_BEFORE)
def test_what_does_not_show_is_not_guessed(typed: str, says: str, fitserve: Command) -> None:
    done = fitserve(*shlex.split(typed.replace("FILE", IRIS)))
    assert done.code == 2
    assert says in done.err
    assert "write" not in done.err


def test_a_name_with_a_space_stands_in_quotes(fitserve: Command, tmp_path: Path) -> None:
    file = tmp_path / "my own rows.csv"
    file.write_bytes(Path(IRIS).read_bytes())
    words = ["register", "knn", 1, *str(file).split(" "), "--dry-run", "--target", "species"]
    done = fitserve(*words)
    assert done.code == 2
    (right,) = re.findall(r"write ('.*')\n", done.err)
    assert fitserve(*words[:3], *shlex.split(right), *words[-3:]).code == 0


@pytest.mark.parametrize("form", [" {}", "{} ", "\t{}\n"])
@pytest.mark.parametrize("name", ["register", "predict", "evaluate"])
def test_a_blank_around_a_name_is_said(
    name: str, form: str, fitserve: Command, tmp_path: Path
) -> None:
    for file in (IRIS, tmp_path / "none.csv"):
        done = fitserve(name, "knn", 1, form.format(file))
        assert done.code == 2
        assert re.search(r"; its name (begins|ends|begins and ends) with a blank; wr", done.err)
        assert f"write {file}\n" in done.err
    file = tmp_path / form.format("rows.csv")
    file.write_bytes(Path(IRIS).read_bytes())
    done = fitserve("register", "knn", 1, file, "--target", "species", "--dry-run")
    assert done.code == 0


@pytest.mark.parametrize("option", ["--url", "--server", "--base-url", "--host", "--port"])
@pytest.mark.parametrize("form", ["{} {} list --json", "list {} {} --json", "list --json {}={}"])
def test_where_the_server_is_is_said_by_a_variable(
    option: str, form: str, url: str, fitserve: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FITSERVE_URL")
    value = url.rpartition(":")[2] if option == "--port" else url
    done = fitserve(*form.format(option, value if option != "--host" else url[7:]).split())
    assert done.code == 2
    ((told, typed),) = re.findall(r"write FITSERVE_URL=(\S+) fitserve (.*)\n", done.err)
    monkeypatch.setenv("FITSERVE_URL", told)
    assert fitserve(*typed.split()).code == 0


@pytest.mark.parametrize("name", sorted(set(command.commands) - {"serve", "copy"}))
@pytest.mark.parametrize("option", ["--key", "--api-key", "--token", "--fitserve_key"])
def test_a_key_is_said_by_a_variable_and_never_shown(
    option: str, name: str, fitserve: Command
) -> None:
    for typed in ([option, "sesame", name, "knn"], [name, "knn", f"{option}=sesame"]):
        done = fitserve(*typed)
        assert done.code == 2
        assert f"write FITSERVE_KEY=KEY fitserve {name} knn\n" in done.err
        assert "sesame" not in done.err


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        *(
            (
                form.replace("=1", f"={one}"),
                f"--set n_neighbors is given 2 times, {one} and 2; give one",
            )
            for form in (
                "--set n_neighbors=1 --set n_neighbors=2",
                "--set=n_neighbors=1 --set 'n_neighbors = 2'",
            )
            for one in (1, 30)
        ),
        (
            "--set k=1 --set weights=uniform --set k=3",
            "--set k is given 2 times, 1 and 3; give one",
        ),
        ("--target petal_width", "--target is given 2 times, species and petal_width; give one"),
        ("--set target=a", "--target is given 2 times, species and --set target=a; give one"),
        ("--cv 3 --set cv=4", "--cv is given 2 times, 3 and --set cv=4; give one"),
        ("--header --no-header", "--header and --no-header are given; give one"),
        *(
            (f"{option} {a} {option}={b}", f"{option} is given 2 times, {a} and {b}; give one")
            for option, a, b in (
                ("--missing", "drop", "impute"),
                ("--delimiter", ",", ";"),
                ("--decimal", ".", ","),
                ("--holdout", "0.2", "0.3"),
                ("--sample", "5", "6"),
                ("--max-categories", "5", "6"),
            )
        ),
        (
            "--kinds sepal_length:number --kinds petal_length:number,sepal_length:category",
            "sepal_length is given two kinds, number and category; give one",
        ),
    ],
)
def test_what_is_told_twice(typed: str, says: str, fitserve: Command) -> None:
    words = ["register", "knn", 1, IRIS, "--target", "species", "--dry-run", *shlex.split(typed)]
    done = fitserve(*words)
    assert done.code == 2
    assert says in done.err


def test_what_may_be_told_twice(fitserve: Command) -> None:
    words = ["register", "knn", 1, IRIS, "--target", "species", "--dry-run"]
    for typed in (
        "--standardize --standardize",
        "--target species --set n_neighbors=3 --set n_neighbors=3",
        "--drop sepal_length --drop sepal_width,sepal_length",
        "--kinds sepal_length:number --kinds sepal_width:number,sepal_length:number",
        "--na-values x --na-values y",
    ):
        assert fitserve(*words, *shlex.split(typed)).code == 0
    done = fitserve("predict", "knn", 1, IRIS, "--csv", "--table")
    assert (done.code, "--csv and --table are given; give one" in done.err) == (2, True)


@pytest.mark.parametrize("way", ["-", "list.txt", "list"])
@pytest.mark.parametrize("form", ["{}", "{}\n", '"{}"', "@{}", "'{}'", " {}\n"])
def test_a_name_in_place_of_what_the_file_holds(
    form: str, way: str, fitserve: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table = Path(IRIS).read_bytes()
    rows = {"features": [[5.1, 3.5, 1.4, 0.2], [6, 3, 5, 2]], "y": ["setosa", "virginica"]}
    Path("small.csv").write_bytes(table)
    Path("ask.json").write_text(json.dumps(rows))
    model = fitserve("register", "knn", 31, IRIS, "--target", "species")
    assert model.code == 0 or "There is a knn model" in model.err

    for words, name in (
        (["register", "knn", 32, "FILE", "--target", "species", "--dry-run"], "small.csv"),
        (["predict", "knn", 31, "FILE"], "small.csv"),
        (["evaluate", "knn", 31, "FILE"], "small.csv"),
        (["predict", "knn", 31, "FILE"], "ask.json"),
        (["evaluate", "knn", 31, "FILE"], "ask.json"),
    ):
        typed = form.format(name).encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed)))
        Path("list.txt").write_bytes(typed)
        Path("list").write_bytes(typed)
        done = fitserve(*(way if one == "FILE" else one for one in words))
        assert done.code == 2
        assert "curl" not in done.err
        found = re.search(rf"write (\S+) in place of {way}\n", done.err)
        assert found is not None
        assert fitserve(*(found[1] if one == "FILE" else one for one in words)).code == 0


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("book.xlsx", "export it as CSV, and write book.csv in place of -"),
        ("https://127.0.0.1/a.csv", "by curl -sLo FILE https://127.0.0.1/a.csv, and write FILE in"),
        ("-", "write the name of the file in place of -"),
    ],
)
def test_what_else_is_no_table_by_standard_input(
    typed: str, says: str, fitserve: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
    done = fitserve("register", "knn", 1, "-", "--target", "species")
    assert (done.code, says in done.err) == (2, True)
