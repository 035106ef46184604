"""A model's description, as a person reads it."""

from collections.abc import Iterator, Mapping
from typing import Any

from fitserve.cli.problems import option
from fitserve.cli.tables import pairs, printable, shown, table

Told = Mapping[str, Any]
_MOST = 8  # entries of a list that are shown


def in_short(told: Told) -> str:
    """What has become of a registration."""
    name = f"{told['model_type']} {told['model_id']}"
    target, columns = told.get("target"), counted(told["n_features"], "column")
    learned = f"{told['task']} of {target} by" if target else f"{told['task']} by"
    of = f"{columns} of {counted(told['n_samples'], 'row')}"
    state = "is ready" if told["status"] == "ready" else f"is queued (`fitserve show {name}`)"
    lines = [f"{name} {state}: {printable(learned)} {of}\n"]
    lines += [pairs(scores(told), indent="  "), advice(told)]
    return "".join(lines)


def whole(told: Told) -> str:
    """All of it."""
    heads = [("model", f"{told['model_type']} {told['model_id']}"), ("status", told["status"])]
    lines = [pairs([*heads, *_facts(told), *_state(told), *scores(told)])]
    if told.get("problem"):
        lines += ["\nIt failed:\n", f"  {printable(told['problem']['detail'])}\n"]
    lines += ["\nHyperparameters\n", pairs(told["hyperparameters"].items(), indent="  ")]
    lines += [columns(told), advice(told)]
    return "".join(lines)


def rehearsed(told: Told) -> str:
    """What a dry run found out."""
    estimate = told["estimate"]
    facts = [*_facts(told), ("memory", f"about {estimate['memory_mb']} MiB to train")]
    name = f"{told['model_type']} {told['model_id']}"
    lines = [f"{name} may be trained so; nothing was.\n", pairs(facts, indent="  ")]
    return "".join([*lines, columns(told), advice(told)])


def advice(told: Told) -> str:
    """What is advised, with the options to write."""
    lines = []
    for one in told.get("advice") or []:
        lines.append(f"  {printable(one['words'])}\n")
        if one["set"]:
            lines.append(f"    {option(one['set'])}\n")
    return "".join(["\nAdvice\n", *lines]) if lines else ""


def columns(told: Told) -> str:
    """What was made of each column of a table."""
    made = told.get("columns")
    if not made:
        return ""
    rows = [
        [c["name"], c["kind"], c["missing"] or None, c["fill"] if c["missing"] else None, _range(c)]
        for c in made
    ]
    return f"\n{table(['column', 'kind', 'empty', 'filled with', 'values'], rows)}"


def scores(told: Told) -> Iterator[tuple[str, Any]]:
    """How good it is, each figure with where it was found."""
    training = told.get("training")
    if not training:
        return
    metric = training["metric"]
    yield f"{metric}, on the rows it was trained on", training["score"]
    if validation := training.get("validation"):
        method = "held-out rows" if validation["method"] == "holdout" else "rows it had not seen"
        spread = "" if validation["std"] is None else f" ± {validation['std']:.3g}"
        yield f"{validation['metric']}, on {method}", f"{shown(validation['mean'])}{spread}"
        yield "  by always answering the same", validation["baseline"]
    if not training["converged"]:
        yield "converged", "no"


def counted(n: int, thing: str) -> str:
    return f"{n:,} {thing}{'' if n == 1 else 's'}"


def _facts(told: Told) -> Iterator[tuple[str, Any]]:
    yield "task", told["task"]
    if told.get("target"):
        yield "learned", told["target"]
    yield "rows", told["n_samples"]
    encoded = told.get("n_encoded")
    more = f", {encoded} as they are encoded" if encoded not in (None, told["n_features"]) else ""
    yield "columns", f"{told['n_features']}{more}"
    if told.get("classes"):
        n = told.get("shortened", {}).get("classes", len(told["classes"]))
        yield "classes", _listed(told["classes"], n)


def _state(told: Told) -> Iterator[tuple[str, Any]]:
    if created := told.get("created"):
        yield "created", created
    if told["status"] == "training":
        if told.get("place"):
            yield "place", f"{told['place']} in the queue"
        if told.get("progress") is not None:
            yield "progress", f"{told['progress']:.0%}"
        yield "loss", told.get("loss")
    elif training := told.get("training"):
        yield "trained in", f"{training['seconds']:.3g} s"


def _range(column: Told) -> str:
    summary = column.get("summary") or {}
    if column["categories"]:
        return _listed(column["categories"], len(column["categories"]))
    if summary.get("min") is not None:
        return (
            f"{shown(summary['min'])} to {shown(summary['max'])}, median {shown(summary['median'])}"
        )
    return _listed(summary.get("values", []), len(summary.get("values", [])))


def _listed(values: list[Any], n: int) -> str:
    first = ", ".join(map(shown, values[:_MOST]))
    return f"{first}, ... ({n:,})" if n > _MOST else first
