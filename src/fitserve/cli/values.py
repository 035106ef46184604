"""Words of a command line that were meant for the option before them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click

from fitserve.cli.words import Line, Typed

YES, NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_KINDS = ("number", "category", "text")
_PAIR = re.compile(r"([^=:\s]+)\s*[:\s]\s*(\S.*)")
_SETTING = re.compile(r"[A-Za-z_]\w*=")


def misplaced(line: Line) -> Iterator[str]:
    """How each value is typed that does not stand where it counts; nothing where the rest of the
    line would be wrong all the same."""
    values = _Values(line)
    setting = [one for one in line.options if one.option and one.option.name == "assigned"]
    others = [one for one in line.options if one.option and one not in setting]
    said = [
        *filter(None, map(values.setting, setting)),
        *values.settings(),
        *filter(None, map(values.right, others)),
        *values.file(),
    ]
    if line.fits(values.rest):
        yield from said


class _Values:
    """The words that are neither options nor their values, less those whose option is found."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.rest = list(line.places)

    @property
    def _left(self) -> int:
        """How many words there are too many."""
        return max(0, len(self.rest) - self._line.room)

    def _next(self, one: Typed) -> str:
        """The word behind the option, or ''."""
        return next((self._line.words[at] for at in one.behind if at in self.rest), "")

    def _taken(self, one: Typed, n: int) -> list[str]:
        taken = [at for at in one.behind if at in self.rest][:n]
        self.rest = [at for at in self.rest if at not in taken]
        return [self._line.words[at] for at in taken]

    def right(self, one: Typed) -> str | None:
        """What to type instead of the option; None where nothing shows that it is wrong."""
        if one.option is None:
            return None
        if one.option.is_flag:
            return self._flag(one, one.option)
        if one.option.name == "kinds" and (kinds := self._kinds(one)) is not None:
            return f"A kind stands behind a colon; write {one.word} {shlex.quote(kinds)}"
        more = self._taken(one, self._left)
        if not more or any(Path(word).exists() for word in more):
            return None
        words = [one.value or "", *more]
        if one.option.multiple:
            listed = shlex.quote(",".join(filter(None, (word.strip(",") for word in words))))
            return f"{one.word} takes one word, with commas in it; write {one.word} {listed}"
        if isinstance(one.option.type, click.types.StringParamType):
            text, rest = shlex.quote(" ".join(words)), " ".join(more)
            return (
                f"{one.word} takes one word; if {rest} belongs to it, write {one.word} {text}, "
                f"else leave {rest} out"
            )
        return f"{one.word} takes one value; leave {' '.join(more)} out"

    def _flag(self, one: Typed, option: click.Option) -> str | None:
        said = self._next(one) if one.value is None else one.value
        word = said.lower()
        if one.value is None:
            if not said or not (self._left or word in (*YES[:-1], *NO[:-1])):
                return None
            self._taken(one, 1)
        right = [one.word]
        if word in (*YES, *NO):
            truth = (word in YES) == (one.word in option.opts)
            right = option.opts if truth else option.secondary_opts
        instead = f"write {right[0]} alone" if right else f"leave {one.word} out"
        return f"{one.word} takes no value, and {said!r} is one; {instead}"

    def setting(self, one: Typed) -> str | None:
        """The same of --set."""
        value = one.value or ""
        name, sign, said = value.partition("=")
        if not said and self._left:
            more = "".join(self._taken(one, 2 if self._next(one) in ("=", ":") else 1))
            value = f"{name.rstrip(':')}={more.lstrip('=:')}"
        elif not said and (pair := _PAIR.fullmatch(value)):
            value = "=".join(pair.groups())
        elif not sign:
            value = f"{value or 'NAME'}=VALUE"
        if value == one.value:
            return None
        return f"A hyperparameter is one word with = in it; write --set {shlex.quote(value)}"

    def settings(self) -> Iterator[str]:
        """Hyperparameters that lack their --set."""
        for at in self.rest[:]:
            word = self._line.words[at]
            if self._left and "--set" in self._line.known and _SETTING.match(word):
                self.rest.remove(at)
                yield f"A hyperparameter stands behind a --set; write --set {shlex.quote(word)}"

    def file(self) -> Iterator[str]:
        """A file's name that the shell took apart."""
        line = self._line
        name = " ".join(line.words[at] for at in self.rest[line.room - 1 :])
        if self._left and line.arguments[-1].name == "file" and Path(name).exists():
            del self.rest[line.room - 1 :]
            yield f"What has a space stands in quotes; write {shlex.quote(name)}"

    def _kinds(self, one: Typed) -> str | None:
        value = one.value or ""
        if value.rpartition(":")[2] not in _KINDS and self._next(one) in _KINDS:
            return f"{value.rstrip(':=')}:{self._taken(one, 1)[0]}"
        return value.replace("=", ":") if "=" in value and ":" not in value else None
