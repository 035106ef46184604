"""What to call instead, of a `Client`, where a method or an argument has another name there."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Any, TypeVar

C = TypeVar("C", bound=type[object])

_MODEL = "model_type, model_id"
_CSV = "(from_|read_|upload_)?(csv|file)"
_INSTEAD = {
    f"(fit|train|learn|register|create|add)_{_CSV}|{_CSV}": f"register_csv({_MODEL}, source)",
    f"(score|test|validate)_{_CSV}": f"evaluate_csv({_MODEL}, source)",
    f"(infer|transform|apply)_{_CSV}": f"predict_csv({_MODEL}, source)",
    f"predict_proba_{_CSV}": f"predict_csv({_MODEL}, source, probabilities=True)",
    "fit_(predict|transform)": f"register({_MODEL}, X), then predict({_MODEL}, X)",
    "(partial_)?fit|(fit|train|create|add|register|new)(_model)?|learn": (
        f"register({_MODEL}, X, y)"
    ),
    "(predict_)?(log_)?prob(a|abilities|s)?|predict_log_proba|decision_function|predict_prob": (
        f"predict({_MODEL}, X, probabilities=True)"
    ),
    "transform|infer(ence)?|ask|apply|classify|cluster|predict_(one|many|batch|model)|labels_": (
        f"predict({_MODEL}, X)"
    ),
    "score(_samples)?|test|validate|eval|metrics|(r2|accuracy|f1)(_score)?|confusion_matrix": (
        f"evaluate({_MODEL}, X, y)"
    ),
    "classification_report|mean_squared_error|log_loss|roc_auc(_score)?": (
        f"evaluate({_MODEL}, X, y)"
    ),
    "cross_val(idat(e|ion)|_score|_predict)?|cv": f"register({_MODEL}, X, y, cv=5)",
    "(permutation_|feature_)?importances?_?": f"evaluate({_MODEL}, X, y, importance=True)",
    "get_params|(hyper_?)?param(eter)?s": f'describe({_MODEL})["hyperparameters"]',
    "set_params|update(_model)?|patch|put|retrain|refit": (
        f"register({_MODEL}, X, y) with another id: a model never changes"
    ),
    "(get|load|show|fetch|find|describe)(_model)?|info|status|model|summary|result": (
        f"describe({_MODEL})"
    ),
    "save|dump|export|persist|store": (
        f"describe({_MODEL}) to look: a model is kept once it is registered"
    ),
    "(remove|unregister|drop|delete|rm|destroy)(_model)?": f"delete({_MODEL})",
    "(stop|abort|cancel)(_training)?": f"cancel({_MODEL})",
    "(wait_(for|until_ready)|join|poll)(_model)?": f"wait({_MODEL})",
    "(get_|list_?)?(model_?)?ids": "ids(model_type)",
    "(get_|list_?|model_?|list_model_)types": "types()",
    "list|ls|(list|get)_?models|all": "models()",
    "classes_|labels|get_classes": f"classes({_MODEL})",
    "ping|ready|live|alive|is_(alive|ready)|(health_?)check": "health()",
    "(get|post|send|call)_?(request|json)|post": 'request("POST", path)',
}
"""What others call a method, by a pattern, and how it is called here."""


class Unknown:
    """Base of what says, of an attribute that it has not, what to write instead."""

    if not TYPE_CHECKING:  # which would take any name for one that there is

        def __getattr__(self, name: str) -> Any:
            said = f"{type(self).__name__!r} object has no attribute {name!r}"
            if not name.startswith("_"):
                said = f"{said}; {_instead(type(self), name)}"
            raise AttributeError(said, name=name, obj=self)


def explained(cls: C) -> C:
    """Have each public method of the class say which arguments it takes where others are given."""
    for name, method in list(vars(cls).items()):
        if callable(method) and (name == "__init__" or name[0] != "_"):
            setattr(cls, name, _explained(method))
    return cls


def _explained(method: Callable[..., Any]) -> Callable[..., Any]:
    model_type = signature(method).parameters.get("model_type")

    @wraps(method)
    def called(self: Any, *args: Any, **given: Any) -> Any:
        try:
            if model_type is not None and not _is_text(model_type, args, given):
                raise TypeError
            return method(self, *args, **given)
        except TypeError:
            name = type(self).__name__ if method.__name__ == "__init__" else method.__name__
            if said := "; ".join(_wrong(_own(method), args, given)):
                said = f"{name}: {said}; it is {name}{_own(method)}"
                raise TypeError(said) from None
            raise

    return called


def _is_text(model_type: Parameter, args: tuple[Any, ...], given: Mapping[str, Any]) -> bool:
    """Whether the type of a model, which stands first, is a text, or what is taken without it."""
    sent = args[0] if args else given.get("model_type", "")
    return isinstance(sent, str) or (sent is None and model_type.default is None)


def _own(method: Callable[..., Any]) -> Signature:
    """What the method takes, as it is typed."""
    _, *parameters = signature(method).parameters.values()
    return Signature([one.replace(annotation=Parameter.empty) for one in parameters])


def _wrong(own: Signature, args: tuple[Any, ...], given: Mapping[str, Any]) -> Iterator[str]:
    """What of a call does not fit; nothing where the fault is another."""
    from fitserve.data.names import meant

    known = own.parameters.values()
    placed = [one.name for one in known if one.kind is Parameter.POSITIONAL_OR_KEYWORD]
    by_name = [one.name for one in known if one.kind is Parameter.KEYWORD_ONLY]
    taken, filled = [*placed, *by_name], [*given, *placed[: len(args)]]
    more = any(one.kind is Parameter.VAR_KEYWORD for one in known)
    free = [one for one in taken if one not in filled]
    needed = [one for one in free if own.parameters[one].default is Parameter.empty]
    yield from (f"{one} is given twice" for one in placed[: len(args)] if one in given)
    if len(args) > len(placed):
        those = ", ".join(f"{one}=..." for one in by_name) or ("NAME=..." if more else "")
        rest = f"give the others by name, {those}" if those else "leave the others out"
        yield f"{len(args)} given without a name, where it takes {len(placed)}; {rest}"
    for name in (one for one in given if one not in taken):
        if found := meant(name, needed or free if more else free):
            if not more or found[0] in needed or callable(given[name]):
                needed = [one for one in needed if one != found[0]]
                yield f"there is no {name!r}; write {found[0]}, if that is meant"
        elif not more:
            yield f"there is no {name!r}; leave it out"
    if needed:
        yield f"{' and '.join(needed)} {'is' if len(needed) == 1 else 'are'} missing"
    model_type = own.parameters.get("model_type")
    if model_type is not None and not _is_text(model_type, args, given):
        sent = args[0] if args else given["model_type"]
        is_class = isinstance(sent, type)
        kind = f"the class {sent.__name__}" if is_class else type(sent).__name__
        yield f"model_type: a text is needed, such as 'knn', not {kind}"


def _instead(cls: type[object], name: str) -> str:
    from fitserve.data.names import closest

    ours = [one for one in dir(cls) if one[0] != "_"]
    for theirs, call in _INSTEAD.items():
        if re.fullmatch(theirs, name.lower()):
            return f"write {call}"
    for one in closest(name, ours):
        return f"write {one}, if that is meant"
    if name.endswith("_"):
        return f"describe({_MODEL}) tells what is told of a model"
    return f"there are: {', '.join(ours)}"
