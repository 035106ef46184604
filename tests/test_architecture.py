"""Who may import whom: routes -> schemas -> directory -> model, and no back door."""

import ast
from pathlib import Path

import pytest

from fitserve.models import catalog

SOURCE = Path(__file__).resolve().parent.parent / "src" / "fitserve"
MODULES = sorted(path.relative_to(SOURCE) for path in SOURCE.rglob("*.py"))

# What each room may import of the package itself; `models.*` are the types.
ALLOWED = {
    "__init__": {"app", "config"},
    "apart": {"codec", "errors", "models", "models.base", "training"},
    "app": {
        "apart",
        "config",
        "directory",
        "models",
        "problems",
        "routes",
        "sql_store",
        "store",
        "trainer",
    },
    "cache": {"models.base", "store"},
    "codec": {"errors"},
    "cli": {"errors", "sql_store", "store"},
    "config": set(),
    "errors": set(),
    "gunicorn_conf": {"app", "config"},
    "problems": {"errors"},
    "schema": set(),
    "schemas": {"cache", "errors", "models.base", "store", "training", "validation"},
    "sql_store": {"codec", "errors", "schema", "store"},
    "store": {"errors"},
    "trainer": {"apart", "errors", "training"},
    "training": {"errors", "models.base", "store", "validation"},
    "trainings": {"errors", "models.base", "store", "trainer", "training"},
    "worker": {"directory"},
    "validation": {"errors"},
    "directory": {"cache", "errors", "models.base", "store", "trainer", "training", "trainings"},
    "models": {"models.base"},
    "models.base": {"errors", "validation"},
    "models.numerics": {"errors", "validation"},
    "models.*": {"errors", "models.base", "models.numerics", "validation"},
    "models.gmm": {"models.kmeans"},  # it starts from clusters
    "routes": set(),
    "routes.*": {"directory", "errors", "routes", "schemas", "validation"},
}
# Libraries that only these may import.
ONLY = {
    "flask": {"__init__", "app", "config", "problems", "routes.*"},
    "werkzeug": {"problems"},
    "sqlalchemy": {"schema", "sql_store"},
    "sklearn": set[str](),
    "pickle": set[str](),
}


def name_of(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def rooms(module: str) -> list[str]:
    """The entries that speak of this module."""
    package, _, leaf = module.rpartition(".")
    general = [f"{package}.*"] if package and leaf not in ("base", "numerics") else []
    return [module, *general]


def imports(path: Path) -> set[str]:
    tree = ast.parse((SOURCE / path).read_text())
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            if node.module in ("fitserve", "fitserve.models", "fitserve.routes"):
                package = node.module
                for alias in node.names:
                    inside = f"{package}.{alias.name}".removeprefix("fitserve.")
                    known = inside in map(name_of, MODULES)
                    found.add(f"fitserve.{inside}" if known else package)
            else:
                found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_the_walls_stand(path: Path) -> None:
    module = name_of(path)
    allowed = set().union(*(ALLOWED.get(room, set()) for room in rooms(module)))
    assert any(room in ALLOWED for room in rooms(module)), f"{module} has no room"
    for name in imports(path):
        if name.startswith("fitserve"):
            inside = name.removeprefix("fitserve").removeprefix(".")
            room = inside if inside in allowed else inside.partition(".")[0]
            assert room in allowed, f"{module} imports {name}"
        library = name.partition(".")[0]
        if library in ONLY:
            assert set(rooms(module)) & ONLY[library], f"{module} imports {library}"


def test_a_type_is_one_file_and_one_test() -> None:
    tests = {path.stem for path in (Path(__file__).parent / "models").glob("test_*.py")}
    for model_type, cls in catalog().items():
        assert cls.model_type() == model_type
        assert f"test_{model_type}" in tests


def test_no_route_catches_exceptions() -> None:
    for path in MODULES:
        if name_of(path) in ("routes.models", "routes.health"):
            tree = ast.parse((SOURCE / path).read_text())
            assert not any(isinstance(node, ast.Try) for node in ast.walk(tree))
