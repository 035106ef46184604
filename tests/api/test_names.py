"""Names that are unknown where they stand: misspelled, another library's, or in another place."""

import json
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import ElasticNet, LogisticRegression, Perceptron
from sklearn.mixture import GaussianMixture
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from fitserve.api.request import Request
from fitserve.api.schemas import EvaluateRequest, ListRequest, PredictRequest, RegisterRequest
from fitserve.data.options import NAMES
from fitserve.evaluation.plan import OPTIONS
from fitserve.models import catalog
from tests.api.words import judge_problem
from tests.conftest import Api

X = [[0.0, 1.0], [0.5, 1.5], [8.0, 9.0], [8.5, 9.5]]
Y = [0, 0, 1, 1]
CSV = b"a,b,y\n0,1,u\n1,1,u\n8,9,v\n9,9,v\n"
GOOD: dict[str, dict[str, Any]] = {
    "/register": {"model_type": "knn", "model_id": 1, "kwargs": {"X": X, "y": Y, "k": 1}},
    "/predict": {"model_type": "knn", "model_id": 1, "features": X},
    "/evaluate": {"model_type": "knn", "model_id": 1, "features": X, "y": Y},
    "/list": {"model_type": "knn"},
}
BODIES: dict[str, type[Request]] = {
    "/register": RegisterRequest,
    "/predict": PredictRequest,
    "/evaluate": EvaluateRequest,
    "/list": ListRequest,
}
IN_CSV = {
    "/register": {"model_type": "knn", "model_id": "1", "target": "y", "n_neighbors": "1"},
    "/predict": {"model_type": "knn", "model_id": "1"},
    "/evaluate": {"model_type": "knn", "model_id": "1"},
}
LIKE: dict[str, list[Any]] = {
    "decision_tree": [DecisionTreeClassifier, RandomForestClassifier],
    "gauss_naive_bayes": [GaussianNB],
    "gmm": [GaussianMixture],
    "kmeans": [KMeans],
    "knn": [KNeighborsClassifier],
    "linear_regression": [ElasticNet],
    "logistic_regression": [LogisticRegression],
    "multi_naive_bayes": [MultinomialNB],
    "pca": [PCA],
    "perceptron": [Perceptron],
    "svm": [LinearSVC, SVC],
}
OTHERS = {
    "model_type": ["model", "type", "algorithm", "Model_Type", "model_typ", "model-type"],
    "model_id": ["id", "version", "modelid", "modelId"],
    "features": ["data", "instances", "inputs", "rows", "feature"],
    "y": ["labels", "targets"],
    "kwargs": ["params", "kwarg"],
    "probabilities": ["proba", "probability", "predict_proba"],
    "importance": ["importances", "Importance"],
}


def fault(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 422, answer.text
    judge_problem(answer.json)
    found: dict[str, Any] = answer.json["errors"][0]
    return found


@pytest.mark.parametrize("route", GOOD)
def test_a_member_by_another_name_is_told_its_own(api: Api, route: str) -> None:
    for ours in BODIES[route].model_fields:
        for name in OTHERS.get(ours, []):
            body = {n: value for n, value in GOOD[route].items() if n != ours} | {
                name: GOOD[route].get(ours, True)
            }
            told = fault(api.client.post(route, json=body))
            assert told["loc"] == [name]
            assert f"write {ours}" in told["msg"] or "inside of kwargs" in told["msg"]


@pytest.mark.parametrize("route", IN_CSV)
def test_a_parameter_by_another_name_is_told_its_own(api: Api, route: str) -> None:
    for ours in ("model_type", "model_id", "dry_run", "probabilities", "importance", "target"):
        others = {"dry_run": ["dryrun", "dry-run"], "target": ["targte", "Target"]}
        for name in others.get(ours, OTHERS.get(ours, [])):
            asked = {n: text for n, text in IN_CSV[route].items() if n != ours}
            asked[name] = IN_CSV[route].get(ours, "true")
            told = fault(api.raw(f"{route}?{urlencode(asked)}", CSV, Content_Type="text/csv"))
            assert told["loc"] == ["query", name]
            known = "known are: " in told["msg"] and ours in told["msg"].partition("known are")[2]
            assert not known or f"write {ours}, if that is meant" in told["msg"]


@pytest.mark.parametrize("model_type", sorted(catalog()))
def test_every_option_is_known_by_its_neighbours(api: Api, model_type: str) -> None:
    """Beside a matrix and beside a table; as an alias; with a letter too few or too many."""
    cls = catalog()[model_type]
    ours = {*cls.names(), *NAMES, *OPTIONS}
    ours -= set() if cls.supervised() else {"cv", "holdout", "importance"}
    for name in (name for name in ours if len(name) > 3):
        wrongs = (name[:-1], name + "s", name.upper() + "_", name.replace("z", "s") + "e")
        for wrong in (one for one in wrongs if one not in ours):
            kwargs = {"X": X, wrong: None} | ({"y": Y} if cls.supervised() else {})
            told = fault(api.register(model_type, 1, **kwargs))
            assert told["loc"] == ["kwargs", wrong]
            meant = re.search(r'; write "?(\w+)(?:,| as |": )', told["msg"])
            assert meant is not None
            assert meant[1] in ours


def test_what_holds_the_members_is_not_needed(api: Api) -> None:
    kwargs = {"X": X, "y": Y}
    for wrapped in ("params", "hyperparameters", "options"):
        told = fault(api.register("knn", 1, **kwargs, **{wrapped: {"n_neighbors": 1}}))
        assert told["loc"] == ["kwargs", wrapped]
        assert "write what it holds (n_neighbors) in its place" in told["msg"]
        body = GOOD["/register"] | {wrapped: {"n_neighbors": 1}}
        told = fault(api.client.post("/register", json=body))
        assert '"kwargs": {"n_neighbors": ...}' in told["msg"]


def test_data_beside_kwargs_is_told_its_name_and_place(api: Api) -> None:
    for data, labels in (("data", "labels"), ("X", "y"), ("rows", "targets")):
        body = {"model_type": "knn", "model_id": 1, data: X, labels: Y}
        answer = api.client.post("/register", json=body)
        told = fault(answer)
        assert '"kwargs": {"X": ...}' in told["msg"]
        assert '"kwargs": {"y": ...}' in answer.json["errors"][1]["msg"]  # type: ignore[index]


@pytest.mark.parametrize("route", GOOD)
def test_what_is_in_the_query_of_json_is_told_its_place(api: Api, route: str) -> None:
    written = {"model_type": '"1"', "features": "[1]", "y": "[1]", "X": "[[1]]"}
    for name in (*BODIES[route].model_fields, "n_neighbors", "missing", "X", "cv"):
        msg = fault(api.client.post(f"{route}?{name}=1", json=GOOD[route]))["msg"]
        one = written.get(name, "true" if name in ("importance", "probabilities") else "1")
        if name in BODIES[route].model_fields:
            assert f'into the body, "{name}": {one}' in msg
        elif route == "/register":
            assert f'into the body, "kwargs": {{"{name}": {one}}}' in msg
        elif name in ("n_neighbors", "X") and route != "/list":
            assert f"{route} takes no " in msg
        elif route != "/list":
            assert f"{name} belongs to /register; leave it out here" in msg
        else:
            assert f"there is no '{name}'" in msg
    answer = api.client.post("/register?dry_run=true&dry_run=false", json=GOOD["/register"])
    assert fault(answer)["msg"] == "2 values are given; give one"


@pytest.mark.parametrize("name", ["key", "api_key", "X-Api-Key", "access_token", "authorization"])
def test_a_key_is_told_where_it_stands_and_is_not_told_again(api: Api, name: str) -> None:
    answers = [
        api.client.get(f"/models?{name}=hush"),
        *(api.client.post(f"{route}?{name}=hush", json=body) for route, body in GOOD.items()),
        *(api.client.post(route, json=body | {name: "hush"}) for route, body in GOOD.items()),
        *(
            api.raw(f"{route}?{urlencode(query | {name: 'hush'})}", CSV, Content_Type="text/csv")
            for route, query in IN_CSV.items()
        ),
    ]
    for answer in answers:
        assert "Authorization: Bearer KEY" in fault(answer)["msg"]
        assert "hush" not in answer.text


@pytest.mark.parametrize("route", GOOD)
def test_what_is_needed_is_shown(api: Api, route: str) -> None:
    """What is said of a member that is missing is an example of it that is right."""
    faults = api.client.post(route, json={}).json["errors"]  # type: ignore[index]
    for told in faults:
        example = told["msg"].rpartition("such as ")[2] if "such as" in told["msg"] else "7"
        assert json.loads(example.split(" or ")[0]) is not None
    needed = [name for name, of in BODIES[route].model_fields.items() if of.is_required()]
    assert [told["loc"] for told in faults] == [[name] for name in needed]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/listtypes"),
        ("GET", "/types/knn"),
        ("GET", "/models/knn/1"),
        ("GET", "/models/knn/1/pictures"),
        ("DELETE", "/models/knn/1"),
    ],
)
def test_a_query_that_nothing_reads_is_not_ignored(api: Api, method: str, path: str) -> None:
    assert api.client.post("/register", json=GOOD["/register"]).status_code == 201
    told = fault(api.client.open(f"{path}?fields=task", method=method))
    assert told["msg"] == "fields is read by GET /models alone; leave it out here"
    assert "leave it out" in fault(api.client.open(f"{path}?zzz=1", method=method))["msg"]
    assert api.client.open(path, method=method).status_code in (200, 204)


def test_a_column_by_nearly_its_name_is_told_so(api: Api) -> None:
    table = {"age": [1, 2, 3, 4], "height": [2, 1, 4, 3], "label": ["u", "v", "u", "v"]}
    csv = "age,height,label\n1,2,u\n2,1,v\n3,4,u\n"
    query = {"model_type": "knn", "model_id": "1", "target": "label", "k": "1"}

    def by_csv(route: str, body: str, **more: str) -> str:
        path = f"{route}?{urlencode(query | more)}"
        said: str = fault(api.raw(path, body.encode(), Content_Type="text/csv"))["msg"]
        return said

    for wrong in ({"target": "Label"}, {"drop": "hieght"}, {"kinds": "agee:number"}):
        assert re.search("write (label|height|age), if that", by_csv("/register", csv, **wrong))
    body = {"X": table, "target": "labels", "k": 1}
    assert "write label, if that is meant" in fault(api.register("knn", 1, **body))["msg"]
    assert api.register("knn", 1, **body | {"target": "label"}).status_code == 201
    rows = {"X": [[1, 2], [2, 1]], "y": [0, 1], "k": 1, "feature_names": ["age", "height"]}
    assert api.register("knn", 2, **rows).status_code == 201
    query = {"model_type": "knn", "model_id": "1"}
    renamed = csv.replace("age", "Age", 1)
    assert "rename 'Age' so, if that is meant" in by_csv("/predict", renamed)
    assert "rename 'Age' so, if that is meant" in by_csv("/evaluate", renamed)
    assert "write it" not in by_csv("/predict", "height,weight\n1,2\n")
    for model_id in (1, 2):
        for features in ({"Age": 1, "height": 2}, [{"Age": 1, "height": 2}]):
            answer = api.predict("knn", model_id, features)
            assert "write age" in fault(answer)["msg"]
            assert fault(answer)["loc"][-1] == "Age"


@pytest.mark.parametrize("odd", [0, 1, 3])
def test_a_row_with_nearly_the_names_of_the_others_is_told_so(api: Api, odd: int) -> None:
    rows = [{"age": i, "height": i * i} for i in range(4)]
    mended = {"X": rows, "y": [0, 0, 1, 1], "k": 1}
    sent = [{"Age": 9, "height": 2} if i == odd else row for i, row in enumerate(rows)]
    answer = api.register("knn", 1, **mended | {"X": sent})
    found = fault(answer)
    assert answer.json is not None
    assert [one["loc"] for one in answer.json["errors"]] == [["kwargs", "X", odd, "Age"]]
    assert f"row {0 if odd else 1} has no such column; write age, as there" in found["msg"]
    assert api.register("knn", 1, **mended).status_code == 201


@pytest.mark.parametrize(
    ("member", "sent", "meant"),
    [
        ("missing", "mean", "impute"),
        ("missing", "skip", "drop"),
        ("categories", "one-hot", "onehot"),
        ("standardize", "yes", True),
        ("importance", "no", False),
        ("drop", "age", ["age"]),
        ("holdout", "20%", 0.2),
        ("cv", "2", 2),
        ("max_words", "1,000", 1000),
        ("weights", "Distance", "distance"),
        ("task", "regressor", "regression"),
    ],
)
def test_a_value_by_another_name_is_told_ours(
    api: Api, member: str, sent: str, meant: object
) -> None:
    table = {"age": [1, 2, 3, 4], "height": [2.5, 1, 4, 3], "sex": ["u", "v", "u", "v"]}
    kwargs: dict[str, Any] = {"X": table, "y": [0, 1, 0, 1], "k": 1}
    told = fault(api.register("knn", 1, **kwargs, **{member: sent}))
    assert f"; write {json.dumps(meant)}" in told["msg"]
    quoted = told["msg"].endswith("without quotes")
    assert quoted == (json.dumps(meant) == sent)


def test_what_belongs_elsewhere_is_told_where(api: Api) -> None:
    body = GOOD["/register"]
    told = fault(api.client.post("/register", json=body | {"dry_run": True}))
    assert "write POST /register?dry_run=true" in told["msg"]
    told = fault(api.client.post("/register", json=body | {"async": True}))
    assert "Prefer: respond-async" in told["msg"]
    assert api.client.post("/register?dry_run=true", json=body).status_code == 200


@pytest.mark.parametrize("model_type", sorted(catalog()))
@pytest.mark.parametrize("how", ["matrix", "table", "csv"])
def test_a_hyperparameter_of_others_is_told_whose_it_is(
    api: Api, model_type: str, how: str
) -> None:
    cls = catalog()[model_type]
    data: dict[str, Any] = {"X": X if how == "matrix" else {"a": [1, 2, 3, 4]}}
    data |= {"y": Y} if cls.supervised() else {}
    data |= {"k": 1} if "k" in cls.names() else {}
    for name in sorted({name for one in catalog().values() for name in one.names()}):
        if name in cls.names():
            continue
        if how == "csv":
            target = "&target=y" if cls.supervised() else ""
            asked = f"/register?model_type={model_type}&model_id=1{target}&{name}=2"
            told = fault(api.raw(asked, CSV, Content_Type="text/csv"))
        else:
            answer = api.register(model_type, 1, **data | {name: 2})
            told = fault(answer)
        assert told["loc"][-1] == name
        have = [other for other, one in catalog().items() if name in one.names()]
        if not told["msg"].startswith(f"{model_type} has no {name} ({', '.join(have[:3])}"):
            assert re.search(f"leave {name} out|write ", told["msg"])
        elif "leave it out" in told["msg"] and how != "csv":
            (remedy,) = answer.json["remedies"]  # type: ignore[index]
            assert remedy["set"] == {name: None}
        else:
            assert "; write " in told["msg"] or how == "csv"
        assert "categories" not in told["msg"]  # what is of tables stays unsaid
    assert api.register(model_type, 1, **data).status_code == 201


@pytest.mark.parametrize("model_type", sorted(LIKE))
def test_a_parameter_of_scikit_learn_is_left_out(api: Api, model_type: str) -> None:
    cls = catalog()[model_type]
    given: dict[str, Any] = {"X": X} | ({"y": Y} if cls.supervised() else {})
    given |= {"k": 1} if "k" in cls.names() else {}
    query = f"/register?model_type={model_type}&model_id=2" + "&target=y" * cls.supervised()
    theirs = {name for one in LIKE[model_type] for name in one().get_params()} - {*cls.names()}
    for name in sorted(theirs):
        answer = api.register(model_type, 1, **given, **{name: True})
        for told in (
            fault(answer),
            fault(api.raw(f"{query}&{name}=1", CSV, Content_Type="text/csv")),
        ):
            assert told["loc"][-1] == name
            assert re.search(f"leave ({name}|it) out|; write ", told["msg"])
            assert "known are" not in told["msg"] or "; write " in told["msg"]
        if "leave it out; " in told["msg"]:
            assert told["msg"].startswith(f"{model_type} has no {name}")
            assert answer.json["remedies"][0]["set"] == {name: None}  # type: ignore[index]


@pytest.mark.parametrize("model_type", sorted(LIKE))
def test_a_parameter_of_scikit_learn_is_known_by_its_neighbours(api: Api, model_type: str) -> None:
    cls = catalog()[model_type]
    given: dict[str, Any] = {"X": X} | ({"y": Y} if cls.supervised() else {})
    theirs = {name for one in LIKE[model_type] for name in one().get_params()} - {*cls.names()}
    for name in sorted(one for one in theirs if len(one) > 5):
        for wrong in (name[:-2] + name[-1], name.replace("i", "y", 1), name + "s"):
            if wrong in (*theirs, *cls.names()):
                continue
            told = fault(api.register(model_type, 1, **given, **{wrong: True}))
            assert told["loc"] == ["kwargs", wrong]
            assert told["msg"].startswith(f"there is no {wrong!r}") or wrong == "alphas"
            assert re.search(f"leave ({wrong}|it) out|; write ", told["msg"]), told["msg"]


@pytest.mark.parametrize(
    ("model_type", "name", "says"),
    [
        ("svm", "k", "svm has no k (kmeans, knn have it); leave it out; svm has: C, class_weight"),
        ("kmeans", "n_neighbors", "(knn has it); write n_clusters, if that is meant; kmeans has:"),
        ("knn", "n_clusters", "(kmeans has it); write n_neighbors, if that is meant; knn has:"),
        ("gmm", "n_neighbors", "gmm has no n_neighbors (knn has it); leave it out; gmm has:"),
        ("kmeans", "n_neighbors", "n_clusters (or k), n_init"),
    ],
)
def test_what_counts_neighbours_or_clusters_is_told_apart(
    api: Api, model_type: str, name: str, says: str
) -> None:
    kwargs = {"X": X, name: 2} | ({"y": Y} if catalog()[model_type].supervised() else {})
    assert says in fault(api.register(model_type, 1, **kwargs))["msg"]


@pytest.mark.parametrize("model_type", ["kmeans", "gmm", "pca"])
def test_a_type_that_learns_from_x_alone_does_not_list_what_is_of_y(
    api: Api, model_type: str
) -> None:
    for X in ([[1, 2], [2, 1]], {"a": [1, 2], "b": [2, 1]}):
        said = fault(api.register(model_type, 1, X=X, zzz=1))["msg"].partition("known are: ")[2]
        assert {"X", "standardize", "sample"} <= set(said.split(", "))
        assert not {"y", "target", "cv", "holdout"} & set(said.split(", "))


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("model=knn&id=5", {"model": "write model_type", "id": "write model_id"}),
        ("id=5&algorithm=knn", {"algorithm": "write model_type", "id": "write model_id"}),
        ("model_type=knn&model=5", {"model": "write model_id"}),
        ("model_type=knn", {"model_id": "put the URL in quotes: a shell ends it at &"}),
        ("target=y", {"model_type": "put the URL in quotes", "model_id": "put the URL in quotes"}),
        ("target=y&model_id=5", {"model_type": "model_type is needed, such as knn"}),
    ],
)
def test_each_part_of_a_key_is_asked_for_at_its_own_place(
    api: Api, query: str, told: dict[str, str]
) -> None:
    answer = api.raw(f"/register?{query}", CSV, Content_Type="text/csv")
    fault(answer)
    found = {one["loc"][1]: one["msg"] for one in answer.json["errors"]}  # type: ignore[index]
    assert found.keys() == told.keys()
    for name, says in told.items():
        assert says in found[name]
        assert ("quotes" in found[name]) == ("quotes" in says)


@pytest.mark.parametrize("sign", [";", ",", "%20", ", "])
def test_hyperparameters_in_one_another_are_told_what_parts_them(api: Api, sign: str) -> None:
    start = "/register?model_type=knn&model_id=5&target=y&n_neighbors=1"
    told = fault(api.raw(f"{start}{sign}weights=distance", CSV, Content_Type="text/csv"))
    assert told["loc"] == ["query", "n_neighbors"]
    assert told["msg"].endswith("; write & between them, n_neighbors=1&weights=distance")
    answer = api.raw(f"{start}&weights=distance", CSV, Content_Type="text/csv")
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("sign", [";", "%3B", ",", "?", "%26", "%2526", "%20", "&amp;", ";amp;"])
def test_a_parameter_that_holds_the_next_is_told_what_parts_them(api: Api, sign: str) -> None:
    query = f"model_type=knn{sign}model_id=5&target=y&n_neighbors=1"
    told = fault(api.raw(f"/register?{query}", CSV, Content_Type="text/csv"))
    if sign != "&amp;":  # which a query takes for & and the name amp;model_id
        assert told["loc"] == ["query", "model_type"]
        assert told["msg"].endswith("; write & between them, model_type=knn&model_id=5")
    assert "model_id" in told["msg"]
    obeyed = query.replace(sign, "&", 1)
    assert api.raw(f"/register?{obeyed}", CSV, Content_Type="text/csv").status_code == 201


def test_a_column_may_be_called_as_two_parameters(api: Api) -> None:
    body = CSV.replace(b"a,b", b"a;target=u,b t=1").replace(b"y", b"of target=v", 1)
    for more in ({}, {"drop": "b t=1"}, {"kinds": "a;target=u:number"}):
        query = IN_CSV["/register"] | {"target": "of target=v", "delimiter": ","} | more
        answer = api.raw(f"/register?{urlencode(query)}", body, Content_Type="text/csv")
        assert answer.status_code == 201, answer.text
        api.client.delete("/models/knn/1")


@pytest.mark.parametrize(
    ("model_type", "sent", "right"),
    [
        ("logistic_regression", {"lambda": 0.1}, {"C": 10}),
        ("logistic_regression", {"penalty": 4}, {"C": 0.25}),
        ("logistic_regression", {"l2": 2.0}, {"C": 0.5}),
        ("logistic_regression", {"regularization": 2}, {"C": 0.5}),
        ("logistic_regression", {"penalty": "l2"}, {}),
        ("svm", {"penalty": "l2"}, {}),
        *(
            (model_type, {"penalty": value}, right)
            for value in (None, "none", "None", False)
            for model_type, right in (
                ("logistic_regression", {"C": "1e10"}),
                ("svm", {"C": "1e10"}),
                ("linear_regression", {"alpha": 0}),
            )
        ),
        ("svm", {"penalty": None, "lam": 0.1}, {"C": "1e10"}),
        ("logistic_regression", {"penalty": "l2", "alpha": 10}, {"C": 0.1}),
        ("logistic_regression", {"penalty": None, "alpha": 10}, {"C": "1e10"}),
        ("linear_regression", {"penalty": "l1", "ALPHA": 10}, {"alpha": 10}),
        ("logistic_regression", {"lambda": "4"}, {"C": 0.25}),
        ("svm", {"alpha": "4"}, {"lam": 4}),
        ("svm", {"probability": True}, {}),
        ("svm", {"kernel": "linear"}, {}),
        ("svm", {"gamma": "scale"}, {}),
        ("svm", {"lambda": 0.1}, {"lam": 0.1}),
        ("svm", {"alpha": 0.1}, {"lam": 0.1}),
        ("linear_regression", {"lam": 0.1}, {"alpha": 0.1}),
        ("linear_regression", {"C": 4}, {"alpha": 0.25}),
        ("perceptron", {"C": 4}, {"alpha": 0.25, "penalty": '"l2"'}),
        ("perceptron", {"lam": 4}, {"alpha": 4, "penalty": '"l2"'}),
        ("logistic_regression", {"lam": 4}, {"C": 0.25}),
        ("gauss_naive_bayes", {"alpha": 0.0001}, {"var_smoothing": 0.0001}),
        ("gauss_naive_bayes", {"alpha": 1}, {}),
        ("multi_naive_bayes", {"var_smoothing": 0.1}, {}),
        ("perceptron", {"early_stopping": True}, {}),
        ("perceptron", {"learning_rate": "constant"}, {}),
        ("linear_regression", {"lambda": 0.1}, {"alpha": 0.1}),
        ("linear_regression", {"l2": 0.1}, {"alpha": 0.1}),
        ("linear_regression", {"penalty": 0.1}, {"alpha": 0.1}),
        ("linear_regression", {"penalty": "l2"}, {}),
        ("perceptron", {"lambda": 0.1}, {"alpha": 0.1, "penalty": '"l2"'}),
        ("perceptron", {"l2": 1}, {"alpha": 1, "penalty": '"l2"'}),
        ("multi_naive_bayes", {"smoothing": 1}, {"alpha": 1}),
        ("multi_naive_bayes", {"laplace": 1}, {"alpha": 1}),
        ("multi_naive_bayes", {"lambda": 1}, {"alpha": 1}),
        ("gmm", {"cov_type": "full"}, {"covariance_type": "full"}),
        ("gmm", {"n": 2}, {"n_components": 2}),
        ("pca", {"n": 1}, {"n_components": 1}),
        ("pca", {"dims": 1}, {"n_components": 1}),
        ("pca", {"n_dims": 1}, {"n_components": 1}),
        ("pca", {"variance": 0.9}, {"n_components": 0.9}),
        ("pca", {"variance": 1}, {"n_components": 0.95}),
        ("pca", {"explained_variance": "95%"}, {"n_components": 0.95}),
        ("kmeans", {"n": 2}, {"n_clusters": 2}),
        ("decision_tree", {"min_leaf": 1}, {"min_samples_leaf": 1}),
        ("knn", {"metric": "euclidean"}, {"p": 2}),
        ("knn", {"metric": "Manhattan"}, {"p": 1}),
        ("knn", {"metric": "cosine"}, {"p": 2}),
        ("knn", {"metric": 2}, {"p": 2}),
        ("knn", {"metrik": "cosine"}, {"p": 2}),
        *(
            ("knn", {name: 2}, {"cv": 2})
            for name in ("cv_folds", "n_folds", "num_folds", "kfolds", "n_cv", "cross_val")
        ),
    ],
)
def test_what_others_call_a_hyperparameter_is_told_and_taken(
    api: Api, model_type: str, sent: dict[str, Any], right: dict[str, Any]
) -> None:
    given: dict[str, Any] = {"X": X}
    given |= {"y": Y} if catalog()[model_type].supervised() else {}
    given |= {"k": 1} if model_type == "knn" else {}
    if model_type == "kmeans" and "n" not in sent:
        given["n_clusters"] = 2
    told = fault(api.register(model_type, 1, **given, **sent))["msg"]
    if not right:
        assert f"leave {next(iter(sent))} out" in told or "leave it out" in told
    for name, value in right.items():
        assert f'"{name}": {value}' in told or f"write {name}, if that is meant" in told
    obeyed = {
        n: json.loads(v) if isinstance(v, str) and v != "full" else v for n, v in right.items()
    }
    answer = api.register(model_type, 1, **given, **obeyed)
    assert answer.status_code in (200, 201)
    assert "does nothing" not in answer.text


def test_a_strength_without_a_penalty_is_advised_of(api: Api) -> None:
    advice = api.register("perceptron", 1, X=X, y=Y, alpha=0.1).json["advice"]  # type: ignore[index]
    (mended,) = [one["set"] for one in advice if "does nothing without penalty" in one["words"]]
    answer = api.register("perceptron", 2, X=X, y=Y, alpha=0.1, **mended)
    assert answer.status_code == 201
    assert "does nothing" not in answer.text


@pytest.mark.parametrize(
    ("model_type", "sent", "said"),
    [
        ("linear_regression", {"max_iter": 5}, "max_iter does nothing without learning_rate"),
        ("linear_regression", {"N_ITER": 5}, "N_ITER does nothing without learning_rate"),
        ("linear_regression", {"tol": 0.1}, "tol does nothing without learning_rate"),
        ("gmm", {"n_init": 5}, "n_init does nothing where n_components is 1; leave it out"),
        ("kmeans", {"k": 1, "tol": 5}, "tol does nothing where k is 1; leave it out"),
        ("knn", {"k": 1, "weights": "distance"}, "weights does nothing where k is 1"),
        ("perceptron", {"tol": None, "n_iter_no_change": 9}, "does nothing without tol"),
        ("svm", {"fit_intercept": False, "intercept_scaling": 9}, "where fit_intercept is false"),
        ("svm", {"C": 1.0, "lam": 1.0}, "C does nothing here"),
    ],
)
def test_what_does_nothing_beside_others_is_advised_of(
    api: Api, model_type: str, sent: dict[str, Any], said: str
) -> None:
    given: dict[str, Any] = {"X": X} | sent
    given |= {"y": Y} if catalog()[model_type].supervised() else {}
    advice = api.register(model_type, 1, **given).json["advice"]  # type: ignore[index]
    (mended,) = [one["set"] for one in advice if said in one["words"]]
    mended = {n: v for n, v in (given | mended).items() if v is not None}
    answer = api.register(model_type, 2, **mended)
    assert answer.status_code == 201, answer.text
    assert "does nothing" not in answer.text


@pytest.mark.parametrize("model_type", sorted(catalog()))
def test_what_is_sent_as_it_is_by_default_is_not(api: Api, model_type: str) -> None:
    cls = catalog()[model_type]
    usual = cls().hyperparameters() | {"knn": {"k": 1}, "kmeans": {"k": 2}}.get(model_type, {})
    usual = {
        name: value for name, value in usual.items() if name not in ("n_neighbors", "n_clusters")
    }
    answer = api.register(model_type, 1, X=X, **({"y": Y} if cls.supervised() else {}), **usual)
    assert answer.status_code == 201, answer.text
    assert "does nothing" not in answer.text


@pytest.mark.parametrize("model_type", ["kmeans", "gmm", "pca"])
def test_what_is_compared_with_y_is_left_out_where_there_is_none(api: Api, model_type: str) -> None:
    given = {"X": X, "n_components": 2, "n_clusters": 2}
    own = {
        name: value
        for name, value in given.items()
        if name in ("X", *catalog()[model_type].names())
    }
    asked = {"importance": True, "cv": 2, "holdout": 0.5}
    for names in (["importance"], ["cv", "importance"], list(asked)):
        answer = api.register(model_type, 1, **own, **{name: asked[name] for name in names})
        fault(answer)
        said = {one["loc"][-1]: one["msg"] for one in answer.json["errors"]}  # type: ignore[index]
        assert said.keys() == set(names)
        assert all(f"leave {name} out" in msg for name, msg in said.items())
    assert api.register(model_type, 1, **own, importance=False).status_code == 201


@pytest.mark.parametrize("model_type", ["kmeans", "gmm", "pca"])
def test_what_is_compared_with_y_is_told_beside_all_else(api: Api, model_type: str) -> None:
    asked = {"importance": True, "cv": 2, "holdout": 0.5}
    table = [{"a": 1, "b": "u"}, {"a": 2, "b": "v"}]
    size = {"kmeans": {"n_clusters": 9}}.get(model_type, {"n_components": 9})
    for others in (size, {"zzz": 1}, {"X": "x"}, {"X": [[1], ["x"]]}, {"cv": "x"}, {"cv": 99}):
        for rows in (X, table):
            answer = api.register(model_type, 1, **{"X": rows} | asked | others)
            fault(answer)
            said = [one["loc"][1] for one in answer.json["errors"]]  # type: ignore[index]
            assert {*asked, *others} <= set(said)
            assert len(said) == len({tuple(one["loc"]) for one in answer.json["errors"]})  # type: ignore[index]
    query = f"/register?model_type={model_type}&model_id=1&importance=true&zzz=1"
    told = api.raw(query, b"a,b\n1,2\n3,4\n", Content_Type="text/csv").json
    assert [one["loc"] for one in told["errors"]] == [["query", "zzz"], ["query", "importance"]]  # type: ignore[index]
    assert "The second is query.importance: " in told["detail"]  # type: ignore[index]
    query = query.replace("true&zzz=1", "false")
    answer = api.raw(query, b"a,b\n" + b"1,2\n3,4\n" * 9, Content_Type="text/csv")
    assert "importance" not in answer.text


def test_alpha_is_told_to_be_the_step_where_it_is(api: Api) -> None:
    is_step = "is learning_rate here, the step of gradient descent; "
    out = "for a penalty leave {} out and write"
    for model_type, name, means in (
        ("logistic_regression", "alpha", '"C": 0.01, its inverse'),
        ("linear_regression", "ALPHA", '"alpha": 100'),
    ):
        answer = api.register(model_type, 1, X=X, y=Y, **{name: 100})
        told = fault(answer)
        assert told["loc"] == ["kwargs", name]
        assert told["msg"].startswith(
            f"{name} {is_step}{out.format(name)} {means}. As a step: gradient descent "
        )
        remedy = answer.json["remedies"][0]["set"]  # type: ignore[index]
        assert told["msg"].endswith(f"try learning_rate {remedy['learning_rate']}")
        assert remedy.pop(name) is None
        assert api.register(model_type, 1, X=X, y=Y, **remedy).status_code == 201
        for value in (-1, "x"):
            told = fault(api.register(model_type, 2, X=X, y=Y, **{name: value}))
            assert f"{name} {is_step}" in told["msg"]
        for none in (0, 0.0, "0", False):
            answer = api.register(model_type, 2, X=X, y=Y, **{name: none})
            assert f"to have no penalty, leave {name} out and write" in fault(answer)["msg"]
            (remedy,) = answer.json["remedies"]  # type: ignore[index]
            assert remedy["set"].pop(name) is None
            assert api.register(model_type, 4, X=X, y=Y, **remedy["set"]).status_code == 201
            assert api.client.delete(f"/models/{model_type}/4").status_code == 204
        answer = api.register(model_type, 2, X=X, y=Y, **{name: "100"})
        assert fault(answer)["msg"].startswith(
            f"{name} {is_step}{out.format(name)} {means}. As a step: a number"
        )
        (remedy,) = answer.json["remedies"]  # type: ignore[index]
        assert remedy["set"].pop(name, 1) is None
        assert api.register(model_type, 3, X=X, y=Y, **remedy["set"]).status_code == 201
        told = fault(api.register(model_type, 2, X=X, y=Y, learning_rate=100))
        assert told["msg"].startswith("gradient descent diverged")
    for model_type, sent, advised in (
        ("logistic_regression", {"alpha": 0.01}, f'alpha {is_step}{out.format("alpha")} "C": 100,'),
        ("logistic_regression", {"alpha": None}, ""),
        (
            "linear_regression",
            {"alpha": 1.0, "ALPHA": 0.001},
            f"ALPHA {is_step}for a penalty leave ALPHA out: alpha says",
        ),
        ("linear_regression", {"alpha": 1.0}, ""),
        ("svm", {"C": 1.0, "lam": 1.0}, "C does nothing here"),
        ("svm", {"C": 1, "lam": None}, ""),
        ("svm", {"lam": 1.0}, ""),
    ):
        answer = api.register(model_type, 9, X=X, y=Y, **sent)
        assert answer.status_code == 201, answer.text
        words = " ".join(one["words"] for one in answer.json["advice"])  # type: ignore[index]
        assert (
            (advised in words)
            if advised
            else "here, the step" not in words and "nothing here" not in words
        )
        assert api.client.delete(f"/models/{model_type}/9").status_code == 204


TWICE = {
    "learning_rate": ("lr", "eta", "eta0", "step_size", "learning_rate_init"),
    "eta0": ("lr", "eta", "learning_rate"),
    "max_iter": ("n_iters", "n_iter", "epochs", "iterations", "num_iters", "max_iterations"),
    "n_clusters": ("K", "n_components", "clusters"),
    "n_components": ("k", "dim", "n_clusters", "n"),
    "n_neighbors": ("K", "n_neighbours", "neighbors"),
    "alpha": ("lambda", "l2", "lam", "C", "smoothing"),
    "lam": ("lambda", "l2", "alpha"),
    "C": ("lambda", "l2", "lam", "c", "alpha"),
    "max_depth": ("depth", "tree_depth"),
    "min_samples_leaf": ("min_leaf",),
    "var_smoothing": ("smoothing", "alpha"),
    "random_state": ("seed", "random_seed"),
    "tol": ("tolerance", "eps"),
    "n_init": ("restarts", "n_starts"),
    "reg_covar": ("regularization",),
    "fit_intercept": ("intercept", "bias"),
    "class_weight": ("class_weights", "weights"),
    "p": ("metric", "distance"),
}
"""By hyperparameter, what others call it; a few of them mean it in some types alone."""
GIVEN: dict[str, Any] = {
    "var_smoothing": 1e-4,
    "max_iter": 500,
    "n_clusters": 2,
    "n_neighbors": 2,
    "n_components": 1,
    "max_depth": 2,
    "min_samples_leaf": 1,
    "random_state": 1,
    "n_init": 1,
    "p": 2,
    "fit_intercept": True,
    "class_weight": "balanced",
}
PAIRS = [
    (model_type, ours, other)
    for model_type, cls in catalog().items()
    for ours, others in TWICE.items()
    if ours in cls.names() and not (ours in cls.aliases or (model_type, ours) == ("svm", "C"))
    for other in others
    if other not in cls.names()
    and not (other == "smoothing" and model_type != "multi_naive_bayes")
    and not (other == "C" and model_type == "multi_naive_bayes")
]


@pytest.mark.parametrize(("model_type", "ours", "other"), PAIRS)
def test_another_name_of_what_is_given_is_left_out(
    api: Api, model_type: str, ours: str, other: str
) -> None:
    cls = catalog()[model_type]
    kwargs: dict[str, Any] = {"X": X} | ({"y": Y} if cls.supervised() else {})
    sized = model_type in ("knn", "kmeans") and ours not in ("n_neighbors", "n_clusters")
    kwargs |= {"k": 2} if sized else {}
    value = GIVEN.get(ours, 0.01)
    alone = fault(api.register(model_type, 1, **kwargs | {other: value}))
    assert "; write " in alone["msg"], "none is guessed"
    for spelled in [ours, *(one for one, name in cls.aliases.items() if name == ours)]:
        body = {other: value, spelled: value} | kwargs
        answer = api.register(model_type, 1, **body)
        told = fault(answer)
        assert len(answer.json["errors"]) == 1  # type: ignore[index]
        assert told["loc"] == ["kwargs", other]
        assert "which is given already" in told["msg"]
        assert told["msg"].endswith(f"; leave {other} out")
        assert answer.json["remedies"][0]["set"] == {other: None}  # type: ignore[index]
        del body[other]
        dry = {"model_type": model_type, "model_id": 1, "kwargs": body}
        assert api.raw("/register?dry_run=true", json.dumps(dry).encode()).status_code == 200


@pytest.mark.parametrize(
    ("model_type", "sent", "left"),
    [
        ("kmeans", {"K": 1, "n_clusters": 2}, "K"),
        ("svm", {"C": 1, "lambda": 2}, "lambda"),
        ("svm", {"lam": 1, "alpha": 2}, "alpha"),
        ("knn", {"k": 1, "n_neighbors": None}, "n_neighbors"),
        ("knn", {"k": None, "n_neighbors": 1}, "k"),
        ("knn", {"k": 1, "n_neighbours": 2}, "n_neighbours"),
        ("knn", {"k": 1, "p": 2, "metric": "manhattan"}, "metric"),
        ("logistic_regression", {"max_iterations": 500, "max_iter": None}, "max_iter"),
        ("pca", {"n_components": 1, "variance": 0.5}, "variance"),
        ("knn", {"k": 1, "labels": Y}, "labels"),
        ("knn", {"k": 1, "data": X}, "data"),
    ],
)
def test_of_two_that_mean_one_thing_the_other_stays(
    api: Api, model_type: str, sent: dict[str, Any], left: str
) -> None:
    supervised = catalog()[model_type].supervised()
    kwargs = {"X": X} | ({"y": Y} if supervised else {})
    kept = {name: value for name, value in sent.items() if name != left}
    said = [fault(api.register(model_type, 1, **kwargs | sent))]
    assert api.register(model_type, 1, **kwargs | kept).status_code == 201
    if left not in ("labels", "data") and None not in sent.values():
        query = {"model_type": model_type, "model_id": 2, "target" if supervised else "drop": "y"}
        where = "/register?dry_run=true&"
        said += [fault(api.raw(where + urlencode(query | sent), CSV, Content_Type="text/csv"))]
        obeyed = api.raw(where + urlencode(query | kept), CSV, Content_Type="text/csv")
        assert obeyed.status_code == 200, obeyed.text
    for told in said:
        assert told["loc"][1:] == [left]
        assert told["msg"].endswith(f"; leave {left} out")


@pytest.mark.parametrize("moved", [["model_id"], ["model_type"], ["model_type", "model_id"]])
@pytest.mark.parametrize("twice", [False, True])
def test_what_stands_inside_of_kwargs_belongs_beside(
    api: Api, moved: list[str], twice: bool
) -> None:
    good = GOOD["/register"]
    inside = {name: good[name] for name in moved}
    body = {name: held for name, held in good.items() if twice or name not in moved}
    answer = api.raw("/register", json.dumps(body | {"kwargs": body["kwargs"] | inside}).encode())
    fault(answer)
    errors = answer.json["errors"]  # type: ignore[index]
    assert [one["loc"] for one in errors] == [["kwargs", name] for name in moved]
    for name, one in zip(moved, errors, strict=True):
        says = f'write it beside kwargs, "{name}": {json.dumps(good[name])}'
        assert one["msg"].endswith("leave it out inside of kwargs" if twice else says)
    assert api.raw("/register", json.dumps(body | inside).encode()).status_code == 201


@pytest.mark.parametrize(
    ("model_type", "wrong", "right"),
    [
        ("knn", "n_neighbours", "n_neighbors"),
        ("knn", "K", "k"),
        ("svm", "lambda", "lam"),
        ("kmeans", "n_components", "n_components"),
        ("gmm", "dim", "n_components"),
        ("decision_tree", "depth", "max_depth"),
        ("decision_tree", "folds", "cv"),
        ("no_such_type", "n_neighbours", "n_neighbors"),
        ("pca", "column_names", "feature_names"),
    ],
)
def test_another_name_beside_kwargs_is_told_its_name_and_place(
    api: Api, model_type: str, wrong: str, right: str
) -> None:
    body = GOOD["/register"] | {"model_type": model_type, wrong: 2}
    told = fault(api.raw("/register", json.dumps(body).encode()))
    assert told["loc"] == [wrong]
    if wrong == "n_components":  # of which kwargs have what it means already
        assert told["msg"].endswith("as k; leave n_components out")
    else:
        assert told["msg"].endswith(f'"kwargs": {{"{right}": ...}}')


def test_a_null_is_not_what_is_given(api: Api) -> None:
    told = fault(api.register("gmm", 1, X=X, k=1, n_components=None))
    assert "write n_components, if that is meant" in told["msg"]


STRANGE = (
    "penalty",
    "lambda",
    "l2",
    "regularization",
    "metric",
    "kernel",
    "gamma",
    "variance",
    "n",
)
EXTREME = (f"1{'0' * 400}", f"-1{'0' * 400}", "5e-324", "1e308", "0", "-1", "true", "null", '""')


@pytest.mark.parametrize(
    ("model_type", "name"),
    [(one, name) for one, cls in catalog().items() for name in STRANGE if name not in cls.names()],
)
def test_whatever_value_a_name_has_what_is_said_of_it_can_be_said(
    api: Api, model_type: str, name: str
) -> None:
    for value in EXTREME:
        kwargs = f'{{"X": {json.dumps(X)}, "{name}": {value}}}'
        body = f'{{"model_type": "{model_type}", "model_id": 1, "kwargs": {kwargs}}}'
        answer = api.client.post("/register", data=body, content_type="application/json")
        assert answer.status_code == 422, (value, answer.text)
        assert "inf" not in fault(answer)["msg"].split("known are")[0]
