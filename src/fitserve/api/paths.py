"""What to say of a path that no route has: which one was meant."""

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import chain

from werkzeug.routing import MapAdapter, Rule

from fitserve.api.observed import shown
from fitserve.data.names import closest
from fitserve.data.numerals import whole
from fitserve.errors import clip

_PREFIX = re.compile(r"(?:/api)?(?:/v\d+)?(?=/)")
_INFER = re.compile("^(/v2/models/.+)/(?:predict|inference|invocations)$")
_VERSION = re.compile(r"^(/v2/models/[^/]+)(/\d+(?:/[a-z]+)?)$")
_NAMED = re.compile(r"/v2/models/[^/]+(?:/versions/(\d+))?(/[a-z]+)?").fullmatch
_OF_A_MODEL = re.compile(
    r"(?:/models/[^/]+|/v2/models/[^/]+/versions)/(?!(?:0|[1-9]\d*)(?:/|$))([^/]+)"
    r"(?:/(?:classes|pictures|infer|ready|stats))?"
).fullmatch
_ACTIONS = {
    **{one: f"/{one}" for one in ("register", "predict", "evaluate", "list")},
    **dict.fromkeys(("infer", "invocations"), "/predict"),
    **dict.fromkeys(("score", "test", "eval"), "/evaluate"),
    **dict.fromkeys(("train", "fit"), "/register"),
}
"""By what a path ends in, the route that does that."""
_REMOVAL = re.compile(
    r"(?!/v2/).*?(?:([a-z_]+)/(\d+))?/(?:unregister|deregister|delete|remove|destroy|forget)"
    r"(?:[_-]?models?)?(?:/([a-z_]+)/(\d+))?/?"
).fullmatch
_LOADING = re.compile(
    r"(?:/v2)?(?:/repository)?/models/([^/]+)(?:/versions/\d+|/\d+)?/(un)?load/?"
).fullmatch
_WRITING = ("POST", "PUT", "PATCH")
_MEANT = (
    (
        _WRITING,
        re.compile("/models|/types/[^/]+|/listtypes").fullmatch,
        "POST /register trains a model.",
    ),
    (
        _WRITING,
        re.compile("/models/[^/]+/[^/]+(?:/[a-z]+)?").fullmatch,
        "POST /predict asks the model that its body names; POST /register trains another one.",
    ),
    (
        _WRITING,
        re.compile(r"(/v2/models/[^/]+(?:/versions/\d+)?)(?:/[a-z]+)?").fullmatch,
        r"POST \1/infer asks the model.",
    ),
    (
        ("GET",),
        re.compile("/(?:register|predict|evaluate)").fullmatch,
        "curl posts by -d or --data-binary; a URL with & goes in quotes: a shell ends it there.",
    ),
    (
        ("PUT", "PATCH"),
        re.compile("/(?:register|predict|evaluate)").fullmatch,
        "Of curl write, in place of -T FILE, -H 'Content-Type: text/csv' --data-binary @FILE.",
    ),
    (("GET",), re.compile("/list").fullmatch, "GET /models?model_type=knn lists models as well."),
    (
        ("DELETE",),
        re.compile("/(?:models|register|list|v2/models/.*)").fullmatch,
        "DELETE /models/knn/1 removes the model knn 1.",
    ),
)
"""By method and path, which other request may have been meant."""
_OF_A_TYPE = re.compile(r"/models/([^/:]+)").fullmatch
_CALLED = {
    "/register": re.compile(r"/(?:train|fit|create|upload|models?/new)").fullmatch,
    "/predict": re.compile(
        r"/(?:infer|inference|predictions?|predict_?proba|batch_?predict|invocations)"
    ).fullmatch,
    "/evaluate": re.compile(r"/(?:scores?|test|eval|evaluation|validate)").fullmatch,
    "/listtypes": re.compile(r"/(?:model_?)?types|/algorithms").fullmatch,
    "/v2/health/ready": re.compile(r"/v2/(?:health|ready)").fullmatch,
    "/v2/repository/index": re.compile(r"/v2/(?:models|repository|index)").fullmatch,
    "/health": re.compile(r"/(?:healthz|livez|readyz|ping|status|healthcheck)").fullmatch,
    "/docs": re.compile(r"/(?:swagger|redoc|api-?docs|documentation|help)").fullmatch,
    "/openapi.json": re.compile(r"/(?:swagger|openapi)(?:\.json|\.ya?ml)?").fullmatch,
}
"""By route of ours, what others call it."""


def no_route(method: str, path: str, adapter: MapAdapter, rules: Iterable[Rule]) -> str:
    """That there is no such route, and what to ask instead; `rules` are the routes there are."""
    rules = sorted(rules, key=lambda rule: rule.rule)
    here = f"There is no route {clip(path)!r}"
    removal = _REMOVAL(path.lower())
    if removal is not None:
        of, number = removal[1] or removal[3] or "knn", removal[2] or removal[4] or "1"
        return f"{here}; write DELETE /models/{of}/{number}, which removes the model {of} {number}."
    loading = _LOADING(path)
    if loading is not None:
        if loading[2]:
            return f"{here}: a model is not unloaded; write DELETE /models/knn/1 to remove knn 1."
        asked = clip(f"/v2/models/{loading[1]}/infer", 100)
        return f"{here}: a model needs no loading, it answers once trained; write POST {asked}."
    ways = chain(_spelled(path), _alike(path, rules))
    near = next((one for one in ways if adapter.allowed_methods(one)), None)
    if near is not None:
        return f"{here}; write {_with_method(method, near, adapter)}."
    model = _OF_A_MODEL(path)
    if model is not None and model[1] not in _ACTIONS:
        number = whole(model[1][:80])
        near_number = "one, such as 1," if number is None else number
        return (
            f"{here}: a model's id is a whole number in plain digits, without zeros in front. "
            f"Write {near_number} instead of {clip(model[1], 40)!r}."
        )
    of_type = _OF_A_TYPE(_PREFIX.sub("", path.rstrip("/"), count=1))
    if of_type is not None:
        return (
            f"{here}; GET /models?model_type=knn lists the models of a type, GET /models/knn/1 "
            "describes one and DELETE removes it, POST /register trains one."
        )
    for part in reversed(re.split("[/:]", path)):  # /models/knn/1/predict, /v1/models/knn:predict
        if part in _ACTIONS and not path.startswith("/v2"):
            ours = _with_method(method, _ACTIONS[part], adapter)
            return f"{here}; write {ours}, and name the model in the body."
    plain = [rule.rule for rule in rules if not rule.arguments]
    for one in closest(path, plain):
        return f"{here}; write {_with_method(method, one, adapter)}."
    return f"{here}. The routes are: {', '.join(_listed(rules))}."


def _spelled(path: str) -> Iterator[str]:
    """The path in other spellings, and by our names."""
    plain = re.sub("/+", "/", f"/{path.strip('/')}")
    of_version = _INFER.sub(r"\1/infer", _VERSION.sub(r"\1/versions\2", plain))
    for one in (plain, of_version, _PREFIX.sub("", plain, count=1)):
        yield one
        yield one.lower()
        for ours, called in _CALLED.items():
            if called(one.lower()):
                yield ours


def wrong_method(method: str, path: str, allowed: Collection[str]) -> str:
    """That the route has no such method, which it has, and what may have been meant."""
    said = f"{method} is not allowed here; use {' or '.join(allowed)}."
    for methods, looks, meant in _MEANT:
        found = looks(path)
        if method in methods and found is not None:
            return f"{said} {found.expand(meant)}"
    return said


def in_protocol(path: str) -> str:
    """What a name is in a path of the inference protocol that names no type, or ''."""
    found = _NAMED(path)
    if found is None:
        return ""
    at = f"/v2/models/knn/versions/{found[1] or 'ID'}{found[2] or ''}"
    return f" A model's name is its type here, and its version the id; write {at}."


def _with_method(method: str, path: str, adapter: MapAdapter) -> str:
    """The path, with its method where that is another."""
    allowed = set(adapter.allowed_methods(path))
    return path if method in allowed else f"{min(allowed - {'HEAD', 'OPTIONS'})} {path}"


def _alike(path: str, rules: Iterable[Rule]) -> Iterator[str]:
    """The path as the routes write it whose parts are nearly its own."""
    parts = path.strip("/").split("/")
    for rule in rules:
        ours = rule.rule.strip("/").split("/")
        if len(ours) == len(parts) > 1:
            found = [_part(ours_, theirs) for ours_, theirs in zip(ours, parts, strict=True)]
            if None not in found:
                yield f"/{'/'.join(filter(None, found))}"


def _part(ours: str, theirs: str) -> str | None:
    if ours.startswith("<"):
        return theirs
    return next(iter(closest(theirs, [ours])), None)


def _listed(rules: Iterable[Rule]) -> Iterator[str]:
    for rule in rules:
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield f"{method} {shown(rule)}"
