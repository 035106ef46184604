"""Who may import whom: reading order is request order, downwards only, and no back door."""

import ast
from pathlib import Path

import pytest

from fitserve.models import catalog

SOURCE = Path(__file__).resolve().parent.parent / "src" / "fitserve"
MODULES = sorted(path.relative_to(SOURCE) for path in SOURCE.rglob("*.py"))

# The floors from the top down. A room may import of those below, and of its own; a file of the
# package itself (`directory`, `errors`) is a room too.
FLOORS = [
    {"gunicorn_conf", "__init__", "__main__"},
    {"app"},
    {"pages"},
    {"cli", "sklearn"},
    {"api", "serving", "client"},
    {"directory"},
    {"gallery"},
    {"predictor"},
    {"training"},
    {"observing"},
    {"evaluation"},
    {"processes"},
    {"storage"},
    {"models"},
    {"data"},
    {"errors", "headers", "version"},
]
# These read no request, and only these may ask them.
ASIDE = {"config": {"__init__", "app", "cli", "gunicorn_conf"}}
# Inside a room: what its files may import of it. A room that is not here: anything but a circle.
SHARED = {"models.base", "models.hyperparameters", "models.numerics", "models.overflow"}
INSIDE = {
    "models.__init__": {"models.base"},
    "models.base": {"models.hyperparameters", "models.overflow"},
    "models.numerics": {"models.hyperparameters"},
    "models.overflow": set[str](),
    "models.gmm": {*SHARED, "models.kmeans"},  # it starts from clusters
    "models.*": SHARED,
}
# Libraries that only these may import.
ONLY = {
    "flask": {"__init__", "app", "config", "api", "pages"},
    "werkzeug": {"api", "app", "pages"},
    "sqlalchemy": {"storage"},
    "gunicorn": {"serving"},
    "click": {"cli"},
    "prometheus_client": {"observing"},
    "sklearn": {"sklearn"},
    "pickle": set[str](),
}


def name_of(path: Path) -> str:
    return ".".join(path.with_suffix("").parts)


def room_of(module: str) -> str:
    return module.partition(".")[0]


def floor_of(module: str) -> int:
    return next(n for n, rooms in enumerate(FLOORS) if room_of(module) in rooms)


NAMES = {name_of(path): path for path in MODULES}


def imports(path: Path) -> set[str]:
    """What the file imports: our own modules by their names here, libraries by theirs."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((SOURCE / path).read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = node.module or ""
            submodules = {f"{module}.{alias.name}" for alias in node.names}
            known = {name for name in submodules if ours(name) in NAMES}
            found |= known or {module}
    return {ours(name) for name in found}


def ours(name: str) -> str:
    inside = name.removeprefix("fitserve").removeprefix(".")
    if not name.startswith("fitserve"):
        return f"<{name.partition('.')[0]}>"
    for known in (inside, f"{inside}.__init__".removeprefix(".")):
        if known in NAMES:
            return known
    return inside


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_run_downwards(path: Path) -> None:
    module = name_of(path)
    for name in imports(path):
        if name.startswith("<"):
            library = name.strip("<>")
            assert room_of(module) in ONLY.get(library, {room_of(module)}), (
                f"{module} imports {library}"
            )
        elif room_of(name) in ASIDE:
            assert room_of(module) in ASIDE[room_of(name)], f"{module} imports {name}"
        elif room_of(name) == room_of(module):
            allowed = INSIDE.get(module, INSIDE.get(f"{room_of(module)}.*"))
            assert allowed is None or name in allowed, f"{module} imports {name}"
        else:
            below = room_of(name) in FLOORS[-1] | FLOORS[-2]  # words for what is wrong
            assert room_of(module) not in ASIDE or below, f"{module} imports {name}"
            above = floor_of(module) if room_of(module) not in ASIDE else 0
            assert floor_of(name) > above, f"{module} imports {name}, upwards"


def test_no_circles() -> None:
    left = {name: {i for i in imports(path) if i in NAMES} for name, path in NAMES.items()}
    while free := {name for name, needed in left.items() if not needed & left.keys()}:
        left = {name: needed for name, needed in left.items() if name not in free}
    assert not left, f"these import each other in a circle: {sorted(left)}"


def test_a_type_is_one_file_and_one_test() -> None:
    tests = {path.stem for path in (Path(__file__).parent / "models").glob("test_*.py")}
    for model_type, cls in catalog().items():
        assert cls.model_type() == model_type
        assert f"test_{model_type}" in tests


def test_no_route_catches_exceptions() -> None:
    rooms = ("api.routes.", "pages.routes.")
    routes = [path for path in MODULES if name_of(path).startswith(rooms)]
    assert len(routes) > 5
    for path in routes:
        tree = ast.parse((SOURCE / path).read_text())
        assert not any(isinstance(node, ast.Try) for node in ast.walk(tree)), path
