"""What to say of a path that no route has: which one was meant."""

import re
from collections.abc import Iterable, Iterator

from werkzeug.routing import MapAdapter, Rule

from fitserve.api.observed import shown
from fitserve.data.names import closest
from fitserve.errors import clip

_PREFIX = re.compile(r"(?:/api)?(?:/v\d+)?(?=/)")
_OF_A_MODEL = re.compile(
    r"(?:/models/[^/]+|/v2/models/[^/]+/versions)/(?!(?:0|[1-9]\d*)(?:/|$))([^/]+)"
    r"(?:/(?:classes|pictures|infer|ready|stats))?"
).fullmatch
_OF_A_TYPE = re.compile(r"/models/([^/]+)").fullmatch
_CALLED = {
    "/register": re.compile(r"/(?:train|fit|create|upload|models?/new)").fullmatch,
    "/predict": re.compile(r"/(?:infer|inference|predictions?|invocations|score)").fullmatch,
    "/listtypes": re.compile(r"/(?:model_?)?types|/algorithms").fullmatch,
    "/health": re.compile(r"/(?:healthz|livez|readyz|ping|status|healthcheck)").fullmatch,
    "/docs": re.compile(r"/(?:swagger|redoc|api-?docs|documentation|help)").fullmatch,
    "/openapi.json": re.compile(r"/(?:swagger|openapi)(?:\.json|\.ya?ml)?").fullmatch,
}
"""By route of ours, what others call it."""


def no_route(path: str, adapter: MapAdapter, rules: Iterable[Rule]) -> str:
    """That there is no such route, and what to ask instead; `rules` are the routes there are."""
    rules = sorted(rules, key=lambda rule: rule.rule)
    here = f"There is no route {clip(path)!r}"
    near = next((one for one in _spelled(path) if adapter.allowed_methods(one)), None)
    if near is not None:
        return f"{here}; write {near}."
    model = _OF_A_MODEL(path)
    if model is not None:
        return (
            f"{here}: a model's id is a whole number in plain digits, without zeros in front. "
            f"Write one instead of {clip(model[1], 40)!r}."
        )
    of_type = _OF_A_TYPE(path)
    if of_type is not None:
        return (
            f"{here}; GET /models?model_type=knn lists the models of a type, GET /models/knn/1 "
            "describes one."
        )
    for part in reversed(path.split("/")):  # /models/knn/1/predict
        for one in ("/register", "/predict", "/evaluate", "/list"):
            if one[1:] == part and not path.startswith("/v2"):
                return f"{here}; write {one}, and name the model in the body."
    plain = [rule.rule for rule in rules if not rule.arguments]
    for one in closest(path, plain):
        return f"{here}; write {one}."
    return f"{here}. The routes are: {', '.join(_listed(rules))}."


def _spelled(path: str) -> Iterator[str]:
    """The path in other spellings, and by our names."""
    plain = re.sub("/+", "/", f"/{path.strip('/')}")
    for one in (plain, _PREFIX.sub("", plain, count=1)):
        yield one
        yield one.lower()
        for ours, called in _CALLED.items():
            if called(one.lower()):
                yield ours


def _listed(rules: Iterable[Rule]) -> Iterator[str]:
    for rule in rules:
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield f"{method} {shown(rule)}"
