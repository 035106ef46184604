"""What an answer must hold to be shown, as `fitserve.client.shapes` writes it."""

from typing import Any

_ADVICE = [{"words": str, "set": (dict, None)}]
_SCORED = {"metric": str, "score": object, "converged": bool}
_VALIDATED = {
    "validation?": {
        "metric": str,
        "method": str,
        "mean": object,
        "std": (float, None),
        "baseline": object,
    }
}
_COLUMN = {
    "name": str,
    "kind": str,
    "missing": int,
    "fill": object,
    "categories": (list, None),
    "summary?": (
        {"min": float, "median": object, "max": object},
        {"values?": list, "min?": None},
        None,
    ),
}
_MODEL = {"model_type": str, "model_id": int}
_DESCRIBED = {
    **_MODEL,
    "task": str,
    "n_samples": int,
    "n_features": int,
    "hyperparameters": dict,
    "target?": (str, None),
    "classes?": list,
    "shortened?": {"classes?": int},
    "columns?": [_COLUMN],
    "advice?": _ADVICE,
}
REHEARSAL = {**_DESCRIBED, "estimate": {"memory_mb": object}}
DESCRIPTION = {
    **_DESCRIBED,
    "status": str,
    "training?": {**_SCORED, **_VALIDATED, "seconds": float},
    "problem?": {"detail": str},
    "progress?": (float, None),
}
SUMMARY = {
    **_MODEL,
    **dict.fromkeys(("status", "task", "target", "n_samples", "metric", "created"), object),
    "training": (dict, None),
    "validation": (dict, None),
}
_VALUES: dict[str, Any] = {"enum?": list, "maximum?": float, "exclusiveMaximum?": float}
_VALUES["anyOf?"] = [_VALUES]
TYPE = {
    "model_type": str,
    "summary": str,
    "tasks": [str],
    "needs": dict,
    "probabilities": object,
    "kwargs": {"properties": {str: _VALUES}},
}
EVALUATION = {
    **_MODEL,
    "n_samples": int,
    "metrics": dict,
    "classes?": {str: dict},
    "confusion_matrix?": ([list], None),
    "importance?": [{"column": str, "mean": object, "std": object}],
}
