"""The commands of the README and of docs/ against a server that runs already, which then has
no model any more: `tour.py http://127.0.0.1:PORT`.

Every bash block must succeed and give an answer of the shape that is shown below it; that the
values are those, too, is for `make test`.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parent.parent
STEP = re.compile(r"```bash\n(.*?)```\n(?:```(json|text)\n(.*?)```\n)?", re.DOTALL)


def shape(answer: Any) -> Any:
    return list(answer) if isinstance(answer, dict) else type(answer)


def empty(server: str) -> None:
    """Without the models of the page before."""
    for model in json.load(urlopen(f"{server}/models?limit=1000"))["models"]:
        path = f"/models/{model['model_type']}/{model['model_id']}"
        urlopen(Request(server + path, method="DELETE")).close()


def failures(document: Path, server: str) -> int:
    steps = STEP.findall(document.read_text())
    failed = 0
    for command, kind, shown in steps:
        here = command.replace("http://127.0.0.1:8000", server)
        done = subprocess.run(["bash", "-euc", here], cwd=ROOT, capture_output=True, text=True)
        same = done.returncode == 0
        if same and kind == "json":
            same = shape(json.loads(done.stdout)) == shape(json.loads(shown))
        elif same and kind == "text":
            same = done.stdout == shown
        if not same:
            failed += 1
            print(f"{command}gave {done.returncode}: {done.stdout}{done.stderr}not: {shown}")
    print(f"{document.name}: {len(steps) - failed} steps as shown, {failed} not")
    return failed


def main(server: str) -> int:
    documents = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    documents = [document for document in documents if STEP.search(document.read_text())]
    failed = 0
    for document in documents:
        failed += failures(document, server)
        empty(server)
    return failed > 0 or not documents


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
