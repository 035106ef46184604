"""How much memory a value takes, with all that it refers to."""

import sys
from types import FunctionType, ModuleType

import numpy as np

_SCALARS = (int, float, str, bytes)
_SHARED = frozenset(range(-5, 257))  # ints that Python keeps one of


def footprint(value: object) -> int:
    """Bytes of the value and of all that it refers to, each counted once: arrays, text, lists,
    and the members of objects. Classes, functions and modules are there anyway."""
    total, seen = 0, set[int]()
    left = [value]
    while left:
        one = left.pop()
        if one is None or isinstance(one, (bool, type, FunctionType, ModuleType)):
            continue
        if isinstance(one, int) and one in _SHARED:
            continue
        if id(one) in seen:
            continue
        seen.add(id(one))
        total += sys.getsizeof(one)
        if isinstance(one, _SCALARS):
            continue
        if isinstance(one, np.ndarray):
            left.append(one.base)  # whose memory it is, where it is a part of another
            if one.dtype == object:
                left.extend(one.tolist())
        elif isinstance(one, dict):
            left.extend(one.keys())
            left.extend(one.values())
        elif isinstance(one, (list, tuple, set, frozenset)):
            left.extend(one)
        elif hasattr(one, "__dict__"):
            total += sys.getsizeof(vars(one))
            left.extend(vars(one).values())  # the names of attributes are their class's
    return total
