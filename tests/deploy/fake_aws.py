"""As much of S3 and Elastic Beanstalk as a deploy calls, for the real boto3 to talk to on loopback.

boto3 checks every request against AWS's own service model before it gets here, and parses every
answer by it.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

Answer = tuple[int, str]


@dataclass
class FakeAws:
    """One environment. The sets say which versions misbehave, the counts which calls fail first."""

    port: int = 0
    label: str = "before"
    status: str = "Ready"
    health: str = "Green"
    ill: set[str] = field(default_factory=set)  # never Green
    silent: set[str] = field(default_factory=set)  # Green, but /health answers 500
    refused: set[str] = field(default_factory=set)  # Beanstalk itself stays with the version before
    busy: int = 0  # so many looks at the environment find it Updating
    slow: int = 0  # so many looks more, once an update has begun
    throttled: dict[str, int] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)  # Green and ok, but without a store
    open: set[str] = field(default_factory=set)  # what it does without a key
    versions: dict[str, str] = field(default_factory=lambda: {"before": "replaces older"})
    # In the order in which they were made.
    objects: dict[str, bytes] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, action: str, given: dict[str, str]) -> Answer:
        self.calls.append(action)
        if self.throttled.get(action, 0) > 0:
            self.throttled[action] -= 1
            return error(400, "Throttling", "Rate exceeded")
        if action in self.denied:
            return error(403, "AccessDenied", f"not authorized to perform {action}")
        result: str = getattr(self, action)(given)
        return (
            200,
            f"<{action}Response><{action}Result>{result}</{action}Result></{action}Response>",
        )

    def DescribeEnvironments(self, given: dict[str, str]) -> str:  # noqa: N802
        assert given["ApplicationName"] == "shop"
        if given["EnvironmentNames.member.1"] != "shop-dev":
            return "<Environments/>"
        if self.busy:
            self.busy -= 1
        facts = {
            "EnvironmentName": "shop-dev",
            "VersionLabel": self.label,
            "CNAME": f"127.0.0.1:{self.port}",
            "Status": "Updating" if self.busy else self.status,
            "Health": "Grey" if self.busy else self.health,
        }
        return f"<Environments><member>{xml(facts)}</member></Environments>"

    def DescribeApplicationVersions(self, given: dict[str, str]) -> str:  # noqa: N802
        asked = given.get("VersionLabels.member.1")
        found = "".join(
            f"<member>{xml(facts)}</member>"
            for number, (label, description) in enumerate(self.versions.items())
            if asked in (None, label)
            for facts in [
                {
                    "VersionLabel": label,
                    "Description": description,
                    "DateCreated": f"2026-11-27T00:00:{number:02}Z",
                }
            ]
        )
        return f"<ApplicationVersions>{found}</ApplicationVersions>"

    def CreateApplicationVersion(self, given: dict[str, str]) -> str:  # noqa: N802
        key = f"{given['SourceBundle.S3Bucket']}/{given['SourceBundle.S3Key']}"
        assert key in self.objects, "the version comes after its bundle"
        self.versions[given["VersionLabel"]] = given["Description"]
        return ""

    def UpdateEnvironment(self, given: dict[str, str]) -> str:  # noqa: N802
        assert self.status == "Ready"
        assert not self.busy
        label = given["VersionLabel"]
        assert label in self.versions
        if label not in self.refused:
            self.label = label
            self.health = "Red" if label in self.ill else "Green"
        self.busy = 3 + self.slow
        return xml({"EnvironmentName": "shop-dev", "Status": "Updating"})

    def DescribeEvents(self, given: dict[str, str]) -> str:  # noqa: N802
        message = "[Instance: i-0] Command failed on instance."
        facts = {"Message": message, "Severity": "ERROR"}
        return f"<Events><member>{xml(facts)}</member></Events>"


def xml(facts: dict[str, str]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in facts.items())


def error(status: int, code: str, message: str) -> Answer:
    return (
        status,
        f"<ErrorResponse><Error>{xml({'Code': code, 'Message': message})}</Error></ErrorResponse>",
    )


@contextmanager
def fake_aws(**start: Any) -> Iterator[FakeAws]:
    aws = FakeAws(**start)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # boto3 waits for "100 Continue"
        disable_nagle_algorithm = True  # or each answer waits 40 ms for an acknowledgement

        def body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))

        def reply(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def do_POST(self) -> None:
            given = {name: values[0] for name, values in parse_qs(self.body().decode()).items()}
            self.reply(*aws.answer(given["Action"], given))

        def do_PUT(self) -> None:
            aws.calls.append("PutObject")
            aws.objects[urlsplit(self.path).path.removeprefix("/")] = self.body()
            self.reply(200, "")

        def do_GET(self) -> None:
            if self.path == "/listtypes":
                self.reply(200 if "reading" in aws.open else 401, "{}")
                return
            assert self.path == "/health"
            if aws.label in aws.silent:
                self.reply(500, "{}")
            else:
                store = "unreachable" if aws.label in aws.lost else "ok"
                self.reply(200, json.dumps({"status": "ok", "store": store}))

        def do_DELETE(self) -> None:
            assert self.path == "/models/no-such-type/0"
            self.reply(404 if "writing" in aws.open else 401, "{}")

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    aws.port = server.server_port
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield aws
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
