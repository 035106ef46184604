"""Pages in a real browser: Debian's Chromium, where it is installed."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    Page,
    Response,
    expect,
    sync_playwright,
)

from tests.conftest import Server

CHROMIUM = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
PATIENCE = 30_000  # ms; a page is asked by many at once, on a machine that is busy
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here: apt-get install chromium, or CHROMIUM=/path/to/it")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield launched
        launched.close()


@dataclass
class Tab:
    """A page of the browser in a session of its own, and all that went wrong in it."""

    page: Page
    wrong: list[str] = field(default_factory=list)
    bytes: int = 0
    """Of all that was loaded."""

    def go(self, path: str) -> Page:
        self.page.goto(path)
        return self.page

    def watch(self) -> None:
        def heard(message: ConsoleMessage) -> None:
            # A page that is refused with its status is no fault of the browser's.
            if message.type == "error" and "Failed to load resource" not in message.text:
                self.wrong.append(message.text)

        def came(response: Response) -> None:
            self.bytes += int(response.headers.get("content-length", 0))

        def failed(error: Error) -> None:
            self.wrong.append(str(error))

        self.page.on("console", heard)
        self.page.on("pageerror", failed)
        self.page.on("response", came)
        self.page.on("dialog", lambda dialog: self.wrong.append(f"a dialog: {dialog.message}"))


Open = Callable[..., Tab]


@pytest.fixture
def tab_of(browser: Browser) -> Iterator[Callable[..., Tab]]:
    """Opens tabs of a server, each a visitor of its own; at the end nothing may have gone wrong."""
    tabs: list[Tab] = []

    def opened(server: Server, **options: Any) -> Tab:
        given = {"base_url": f"http://127.0.0.1:{server.port}", "reduced_motion": "reduce"}
        context = browser.new_context(**given | options)
        context.set_default_timeout(PATIENCE)
        tabs.append(Tab(context.new_page()))
        tabs[-1].watch()
        return tabs[-1]

    yield opened
    for tab in tabs:
        tab.page.context.close()
        assert tab.wrong == [], tab.wrong


@pytest.fixture
def tab(tab_of: Open, server: Server) -> Tab:
    return tab_of(server)


def faults(tab: Tab) -> list[str]:
    """What axe finds serious."""
    return [
        f"{one['id']} at {node['target']}: {node['failureSummary']}"
        for one in Axe().run(tab.page).response["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def post_csv(server: Server, csv: bytes | Path, query: str, **headers: str) -> tuple[int, Any]:
    """POST /register?query with a CSV."""
    body = csv.read_bytes() if isinstance(csv, Path) else csv
    asking = Server(server.port, server.process, server.log, headers | {"Content-Type": "text/csv"})
    return asking.ask("POST", f"/register?{query}", body)
