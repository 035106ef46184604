"""A page as a browser without a script has it: its text, its ids, and what its form would send."""

from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "hr", "img"}


class Page(HTMLParser):
    """Refuses tags that are not closed, ids that stand twice, and what the policy would."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.fields: list[tuple[str, str]] = []
        """What would be sent, in order, whatever button is pressed."""
        self.buttons: dict[str, tuple[str, str]] = {}
        """Name and value of each button, by what it says or is labelled."""
        self.choices: dict[str, list[str]] = {}
        """Values of each `select`, and of radios, by their names."""
        self.described: set[str] = set()
        self.words = ""
        self._open: list[tuple[str, dict[str, str]]] = []
        self._select: tuple[str, list[tuple[str, bool]]] | None = None
        self._button: tuple[str, str, str] | None = None
        self.feed(text)
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        assert not any(name.startswith("on") or name == "style" for name in given), (tag, given)
        if "id" in given:
            assert given["id"] not in self.ids, given["id"]
            self.ids.add(given["id"])
        for name in ("for", "aria-describedby", "aria-labelledby"):
            self.described |= set(given.get(name, "").split())
        if tag == "a":
            self.links.append(given["href"])
        if tag == "input":
            self._input(given)
        if tag == "select":
            self._select = (given["name"], [])
        if tag == "option" and self._select:
            self._select[1].append((given["value"], "selected" in given))
        if tag == "button":
            self._button = (given.get("name", ""), given.get("value", ""), "")
            if "aria-label" in given:
                self.buttons[given["aria-label"]] = self._button[:2]
        if tag not in VOID:
            self._open.append((tag, given))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._open.pop()

    def _input(self, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        if kind == "file" or "name" not in given:
            return
        if kind == "radio":
            self.choices.setdefault(given["name"], []).append(given["value"])
        if kind not in ("radio", "checkbox") or "checked" in given:
            self.fields.append((given["name"], given.get("value", "on")))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag, tag
        if tag == "select" and self._select:
            name, options = self._select
            values = [value for value, _ in options]
            assert len(values) == len(set(values)), (name, values)
            self.choices[name] = values
            chosen = [value for value, selected in options if selected]
            assert len(chosen) < 2, (name, chosen)
            self.fields.append((name, (chosen or values)[0]))
            self._select = None
        if tag == "button" and self._button:
            name, value, said = self._button
            self.buttons.setdefault(said.strip(), (name, value))
            self._button = None

    def handle_data(self, data: str) -> None:
        if self._button:
            self._button = (*self._button[:2], self._button[2] + data)
        self.words += data

    def value(self, name: str) -> str:
        """What the form would send under a name that it sends once."""
        (value,) = (value for known, value in self.fields if known == name)
        return value
