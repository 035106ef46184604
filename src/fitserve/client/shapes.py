"""What an answer must hold to be one of fitserve's; beside that it may hold anything."""

from typing import Any

Shape = Any
"""A type (`float` is any number, `object` anything); None; a tuple of shapes, of which one will do;
a list of one shape, that of every entry; a dict of members, of which those in ? may be left out; or
`{str: shape}`, members of any name."""

_FAULT = {"loc": [(str, int)], "msg": str}
_REMEDY = {"set": (dict, None), "words": str}
PROBLEM = {
    "title": str,
    "type?": str,
    "status?": int,
    "detail?": str,
    "errors?": [_FAULT],
    "more_errors?": int,
    "remedies?": [_REMEDY],
    "request_id?": (str, None),
}
DESCRIPTION = {
    "status": str,
    "progress?": (float, None),
    "loss?": (float, None),
    "problem?": PROBLEM,
}
REGISTERED = {"model_type": str, "model_id": int}
TRAINED = {"training": {"n_iter": (int, None), "converged": bool}}
TYPE = {"kwargs": {"properties": {str: dict}}}
PREDICTED = ({"predictions": list}, {"prediction": object})
PROBABLE = (
    {"predictions": list, "probabilities": [{str: float}]},
    {"prediction": object, "probabilities": {str: float}},
)
EVALUATED = {"metrics": {str: (float, None)}}
TENSORS = {
    "outputs": [{"datatype": str, "shape": [int], "parameters": {"binary_data_size": int}}],
}


def fits(value: Any, shape: Shape) -> bool:
    """Whether the value is of this shape."""
    if isinstance(shape, tuple):
        return any(fits(value, one) for one in shape)
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(one, shape[0]) for one in value)
    if isinstance(shape, dict):
        return isinstance(value, dict) and _has(value, shape)
    if shape is None:
        return value is None
    if isinstance(value, bool):
        return shape in (bool, object)
    return isinstance(value, (int, float) if shape is float else shape)


def _has(value: dict[str, Any], members: dict[Any, Shape]) -> bool:
    if str in members:
        return all(fits(one, members[str]) for one in value.values())
    return all(
        fits(value[name.removesuffix("?")], shape)
        if name.removesuffix("?") in value
        else name.endswith("?")
        for name, shape in members.items()
    )
