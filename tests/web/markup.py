"""What a page's HTML must keep to under the Content-Security-Policy, read with a real parser."""

from html.parser import HTMLParser

DATA_SCRIPTS = {"application/json"}


class Markup(HTMLParser):
    """Collects what the policy would refuse, and what a blind person would miss."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.forms_without_token: list[str] = []
        self.labels: set[str] = set()
        self.fields: set[str] = set()
        self._form: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.faults += [f"<{tag} {name}>" for name in given if name == "style" or name[:2] == "on"]
        if tag == "style" or (tag == "script" and self._is_refused(given)):
            self.faults.append(f"<{tag}> {given}")
        source = given.get("href") if tag == "link" else given.get("src")
        if (source or "").startswith(("http:", "https:", "//")):
            self.faults.append(f"<{tag}> loads {given}")
        self._note_field(tag, given)
        if tag == "form" and (given.get("method") or "get").lower() == "post":
            self._form = given.get("action") or "?"
        if given.get("name") == "csrfmiddlewaretoken":
            self._form = None

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form is not None:
            self.forms_without_token.append(self._form)
            self._form = None

    @property
    def unlabelled(self) -> set[str]:
        return self.fields - self.labels

    def _is_refused(self, given: dict[str, str | None]) -> bool:
        return not (given.get("src") or given.get("nonce") or given.get("type") in DATA_SCRIPTS)

    def _note_field(self, tag: str, given: dict[str, str | None]) -> None:
        if tag == "label" and given.get("for"):
            self.labels.add(str(given["for"]))
        is_field = tag in {"input", "select", "textarea"} and given.get("type") != "hidden"
        if is_field and "aria-label" not in given:
            self.fields.add(str(given.get("id")))
