"""The blocks of `console` in a document: commands after `$ `, and below each what it says.

`python -m tests.transcripts DOCUMENT` runs them with the `fitserve` that is on PATH, against the
server that FITSERVE_URL names. With `--write` the document gets what they said instead.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

BLOCK = re.compile(r"(?<=```console\n)(?:(?!```).*\n)+", re.MULTILINE)
_CHANGING = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z|\d[\de.-]* s$", re.MULTILINE)


class Step(NamedTuple):
    """A command, and what it says, on either output."""

    command: str
    said: str

    @property
    def steady(self) -> str:
        """What it says, without times."""
        return _CHANGING.sub("TIME", self.said)

    def __str__(self) -> str:
        return f"$ {self.command}\n{self.said}"


def steps(block: str) -> Iterator[Step]:
    """Those of a block."""
    for part in block.removeprefix("$ ").split("\n$ "):
        command, _, said = part.partition("\n")
        yield Step(command, f"{said.rstrip()}\n" if said.strip() else "")


def done(command: str, folder: Path, environment: dict[str, str]) -> Step:
    """What the command says now."""
    run = subprocess.run(
        ["bash", "-uc", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return Step(command, run.stdout)


def differing(
    document: Path, folder: Path, environment: dict[str, str]
) -> Iterator[tuple[Step, Step]]:
    """Of all steps of the document those that say something else now, as shown and as done."""
    for block in BLOCK.findall(document.read_text()):
        for shown in steps(block):
            found = done(shown.command, folder, environment)
            if found.steady != shown.steady:
                yield shown, found


def rewrite(document: Path, folder: Path, environment: dict[str, str]) -> None:
    """Have the document show what its steps say now."""

    def anew(block: re.Match[str]) -> str:
        return "".join(str(done(one.command, folder, environment)) for one in steps(block[0]))

    document.write_text(BLOCK.sub(anew, document.read_text()))


def main(document: str, *options: str) -> int:
    """0 where every step says what is shown."""
    path, environment = Path(document), dict(os.environ)
    if options == ("--write",):
        rewrite(path, Path.cwd(), environment)
        return 0
    wrong = list(differing(path, Path.cwd(), environment))
    sys.stdout.writelines(f"{found}not:\n{shown}\n" for shown, found in wrong)
    n = sum(len(list(steps(block))) for block in BLOCK.findall(path.read_text()))
    sys.stdout.write(f"{n - len(wrong)} steps of {path.name} as shown, {len(wrong)} not\n")
    return 1 if wrong or not n else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
