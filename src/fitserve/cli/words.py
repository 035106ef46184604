"""The words of a command line that click refused, each option with those that stand behind it."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import click

_LONG = re.compile(r"--[A-Za-z]")
_NUMBER = re.compile(r"-[\d.]")


class Typed(NamedTuple):
    """An option as it was typed."""

    word: str
    option: click.Option | None
    """None where the command has no such one."""
    value: str | None
    at: int
    behind: list[int]
    """Where the words stand between that and the next option."""

    @property
    def name(self) -> str:
        return self.word.lstrip("-").replace("-", "_")


class Line:
    """The words of the command; of a group, those before the name of a command."""

    def __init__(self, ctx: click.Context, words: Sequence[str]) -> None:
        self.ctx = ctx
        self.words = list(words)
        params = ctx.command.get_params(ctx)
        self.known = {
            name: one
            for one in params
            if isinstance(one, click.Option)
            for name in (*one.opts, *one.secondary_opts)
        }
        self.arguments = [one for one in params if isinstance(one, click.Argument)]
        self.options: list[Typed] = []
        self.places: list[int] = []
        """Where the words stand that are neither options nor their values."""
        self._read()

    def _read(self) -> None:
        group = self.ctx.command if isinstance(self.ctx.command, click.Group) else None
        commands = group.commands if group is not None else {}
        name = self.ctx.info_name
        at = self.words.index(name) + 1 if group is None and name in self.words else 0
        while at < len(self.words):
            word, at = self.words[at], at + 1
            if word in commands:
                return
            if word == "--":
                self.places += range(at, len(self.words))
                return
            if not _is_option(word):
                self.places.append(at - 1)
                if self.options:
                    self.options[-1].behind.append(at - 1)
                continue
            typed, sign, joined = word.partition("=")
            option = self.known.get(typed)
            value = joined if sign else None
            begun = at - 1
            if not sign and at < len(self.words) and self._takes(option, self.words[at], commands):
                value, at = self.words[at], at + 1
            self.options.append(Typed(typed, option, value, begun, []))

    def _takes(self, option: click.Option | None, word: str, commands: Iterable[str]) -> bool:
        """Whether the word is the value of the option before it."""
        if option is not None:
            return not option.is_flag and not self._for_itself(option, word)
        return not _is_option(word) and word not in commands

    def _for_itself(self, option: click.Option, word: str) -> bool:
        """Whether the word behind an option is the next one, though click takes it for a value."""
        if not _LONG.match(word):
            return False
        text = isinstance(option.type, click.types.StringParamType)
        return not text or word.partition("=")[0] in self.known

    @property
    def room(self) -> int:
        """How many arguments the command has."""
        return sum(one.nargs if one.nargs > 0 else len(self.places) for one in self.arguments)

    def fits(self, places: Sequence[int]) -> bool:
        """Whether the words at these places can be the arguments, or the first of them."""
        return len(places) <= self.room and all(
            self.takes(str(one.name), self.words[at])
            for one, at in zip(self.arguments, places, strict=False)
        )

    def takes(self, name: str, word: str | None) -> bool:
        """Whether the word, if there is one, can be the argument of this name."""
        one = next(one for one in self.arguments if one.name == name)
        try:
            if word is not None:
                one.type.convert(word, one, self.ctx)
        except click.UsageError:
            return False
        return True

    def of(self, one: Typed) -> slice:
        """Where the option stands, its value included."""
        apart = one.value is not None and self.words[one.at] == one.word
        return slice(one.at, one.at + (2 if apart else 1))

    def without(self, one: Typed) -> list[str]:
        """All words but these."""
        rest = self.words[:]
        del rest[self.of(one)]
        return rest


def _is_option(word: str) -> bool:
    return word[:1] == "-" and word != "-" and not _NUMBER.match(word)
