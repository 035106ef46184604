"""What a command is told twice: click, and a request, would take the last of it."""

from collections.abc import Iterator

from fitserve.cli.options import NAMES
from fitserve.cli.words import Line


def told_twice(line: Line) -> Iterator[str]:
    """What to do of options, and of hyperparameters, that are given more than one value."""
    flags: dict[str, set[str]] = {}
    given: dict[str, list[tuple[str, str]]] = {}
    for one in line.options:
        option = one.option
        if option is None:
            continue
        name, value = str(option.name), one.value or ""
        if option.is_flag:
            flags.setdefault(name, set()).add(one.word)
        elif name == "assigned":
            name, _, said = (part.strip() for part in value.partition("="))
            said = f"--set {name}={said}" if name in NAMES else said
            given.setdefault(name, []).append((f"--set {name}", said))
        elif not option.multiple:
            given.setdefault(name, []).append((one.word, value))
    for several in given.values():
        if len({said for _, said in several}) > 1:
            each = " and ".join(said for _, said in several)
            yield f"{several[0][0]} is given {len(several)} times, {each}; give one"
    for words in flags.values():
        if len(words) > 1:
            yield f"{' and '.join(sorted(words))} are given; give one"
