"""A shell's variable that was sent as it was typed, since it stood between single quotes."""

import re

from fitserve.errors import clip

_VARIABLE = re.compile(r"\$(?:\w+|\{\w+\}|\([^\n]+\))").fullmatch
_AMOUNT = re.compile(r"\$\d").match
_TEXTS = ("model_type", "target")


def unexpanded(
    word: object, name: str = "", *, quoted: bool = False, in_place: bool = False
) -> str:
    """What to do where a shell's variable stands, as the value of this name, or ''. It is `quoted`
    where a text is needed, such as a name; a text `in_place` of a number, or rows, may be $5."""
    if not isinstance(word, str) or not _VARIABLE(word.strip()[:200]):
        return ""
    if in_place and _AMOUNT(word.strip()):
        return ""
    word = clip(word.strip(), 40)
    such = f"""'"{word}"'"""
    such = f'"{such}"' if quoted or name in _TEXTS else such
    such = f'"{name}": {such}' if name else such
    such += f' in place of "{word}"' if in_place else ""
    return (
        f"{word} is a shell's variable, which between single quotes stays as it is; end these "
        f"before it and begin them again behind it, write {such}; or write what it holds"
    )
