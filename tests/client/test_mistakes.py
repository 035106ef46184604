"""A call of a `Client` that there is not is told which there is."""

import ast
import copy
import inspect
import pickle
import re
from collections.abc import Iterator

import pytest

from fitserve.client import Client

CLIENT = Client("http://127.0.0.1:1")  # asks nobody: what is wrong shows before
METHODS = [name for name in dir(Client) if name[0] != "_" or name == "__init__"]
OTHERS = {
    "model_type": "model type algorithm estimator",
    "model_id": "id version modelid",
    "X": "data features rows x X_train inputs",
    "y": "target labels y_true y_train",
    "probabilities": "proba predict_proba return_proba probs",
    "source": "file path csv filename src",
    "target": "y label target_column",
    "wait": "block sync",
    "progress": "callback verbose on_progress",
    "dry_run": "dry check",
    "out": "output out_path outfile",
    "url": "base_url host server uri",
    "key": "api_key token auth",
    "timeout": "timeout_seconds read_timeout seconds",
    "patience": "retries max_retries",
}
"""What others call an argument."""
ATTRIBUTES = {
    "register": "fit train learn create add fit_predict fit_transform cross_val_score set_params",
    "predict": "predict_proba predict_log_proba proba transform infer classify decision_function",
    "evaluate": "score test validate metrics accuracy confusion_matrix feature_importances_",
    "register_csv": "fit_csv train_csv read_csv train_file upload_csv csv",
    "evaluate_csv": "score_csv test_csv",
    "predict_csv": "infer_csv predict_proba_csv",
    "describe": "get show info status get_params save load coef_ intercept_ get_model descrbe",
    "delete": "remove unregister drop delete_model",
    "cancel": "stop abort cancel_training",
    "wait": "join wait_for",
    "models": "list list_models get_models",
    "types": "list_types listtypes model_types",
    "ids": "list_ids model_ids",
    "classes": "classes_ labels",
    "health": "ping ready is_alive healthcheck",
    "request": "post",
}
"""What others call a method."""
LEFT = ("kwargs", "options")


def taken(method: str) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(getattr(CLIENT, method)).parameters)


def misnamed() -> Iterator[tuple[str, str, str]]:
    """Of each method each argument by each other name; but one that may be left out of what the
    server is sent as it is, which knows all that may be sent."""
    for method in METHODS:
        others = [one.kind is one.VAR_KEYWORD for one in taken(method).values()]
        for name, one in taken(method).items():
            if one.default is one.empty or not any(others):
                for other in OTHERS.get(name, "").split():
                    if other not in taken(method):
                        yield method, name, other


@pytest.mark.parametrize(("method", "name", "other"), list(misnamed()))
def test_an_argument_by_another_name_is_told_ours(method: str, name: str, other: str) -> None:
    needed = [one.name for one in taken(method).values() if one.default is one.empty]
    given = dict.fromkeys({*needed, other} - {name, "kwargs", "options"}, "1")
    shown = "Client" if method == "__init__" else method
    with pytest.raises(TypeError) as raised:
        getattr(CLIENT, method)(**given)
    said = f"{shown}: there is no {other!r}; write {name}, if that is meant; it is {shown}("
    assert str(raised.value).startswith(said)


@pytest.mark.parametrize("method", METHODS)
def test_what_a_method_takes_is_told(method: str) -> None:
    with pytest.raises(TypeError, match=r"8 given without a name, where it takes \d"):
        getattr(CLIENT, method)(*range(8))
    needed = [one for one in taken(method).values() if one.default is one.empty]
    needed = [one for one in needed if one.kind is one.POSITIONAL_OR_KEYWORD]
    if needed:
        with pytest.raises(TypeError, match=f"{' and '.join(one.name for one in needed)} (is|are)"):
            getattr(CLIENT, method)()
        with pytest.raises(TypeError, match=f"{needed[0].name} is given twice"):
            getattr(CLIENT, method)(*map(str, range(len(needed))), **{needed[0].name: "1"})


@pytest.mark.parametrize("method", [name for name in METHODS if "model_type" in taken(name)])
@pytest.mark.parametrize(
    ("wrong", "shown"), [(Client, "the class Client"), (5, "int"), ([], "list")]
)
def test_a_type_that_is_no_text_is_said(method: str, wrong: object, shown: str) -> None:
    needed = [n for n, one in taken(method).items() if one.default is one.empty][1:]
    given = {name: 1 if name != "source" else b"" for name in needed if name not in LEFT}
    said = f"^{method}: model_type: a text is needed, such as 'knn', not {shown}; it is {method}"
    with pytest.raises(TypeError, match=said):
        getattr(CLIENT, method)(wrong, **given)


@pytest.mark.parametrize(
    ("method", "other"), [(name, one) for name, of in ATTRIBUTES.items() for one in of.split()]
)
def test_an_attribute_by_another_name_is_told_what_to_call(method: str, other: str) -> None:
    assert not hasattr(CLIENT, other)
    with pytest.raises(AttributeError, match=f"no attribute '{other}'; ") as raised:
        getattr(CLIENT, other)
    called = re.findall(r"\w+\([^)]*\)", str(raised.value))
    assert called or f"; write {method}, if that is meant" in str(raised.value)
    assert not called or called[0].startswith(f"{method}(")
    for call in map(ast.parse, called):  # each can be made
        (made,) = (one for one in ast.walk(call) if isinstance(one, ast.Call))
        assert isinstance(made.func, ast.Name)
        names = [one.arg for one in made.keywords if one.arg]
        inspect.signature(getattr(CLIENT, made.func.id)).bind(*made.args, **dict.fromkeys(names))


def test_the_table_of_names_leaves_python_be() -> None:
    with pytest.raises(AttributeError, match="there are: cancel, classes, ") as raised:
        CLIENT.nothing_like_it  # type: ignore[attr-defined]  # noqa: B018
    assert (raised.value.name, raised.value.obj) == ("nothing_like_it", CLIENT)
    with pytest.raises(AttributeError, match=r"no attribute '_hidden'$"):
        CLIENT._hidden  # type: ignore[attr-defined]  # noqa: B018
    for made in (copy.copy(CLIENT), copy.deepcopy(CLIENT), pickle.loads(pickle.dumps(CLIENT))):  # noqa: S301
        assert vars(made).keys() == vars(CLIENT).keys()

    with pytest.raises(TypeError, match=r"^a CSV is needed"):  # raised within the method
        CLIENT.register_csv("knn", 1, None)  # type: ignore[arg-type]
