"""Where somebody came from, as the address and the referrer of a page tell it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from leads.engine.identity import clean

LONGEST = {"source": 80, "medium": 80, "campaign": 120, "term": 120, "content": 120}
MOST_URL = 500
MOST_FIELDS = 100
TOKEN = "lf"  # the parameter of a personal link, which is kept nowhere
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Arrival:
    """The campaign marks of an address, and the page that linked to it."""

    source: str = ""
    medium: str = ""
    campaign: str = ""
    term: str = ""
    content: str = ""
    referrer: str = ""
    landing_url: str = ""

    @classmethod
    def of(cls, said: Any) -> "Arrival":
        """The arrival that stored values tell of."""
        known = said if isinstance(said, dict) else {}
        return cls(**{name: str(known.get(name, "")) for name in cls.__dataclass_fields__})

    @property
    def is_known(self) -> bool:
        """Whether they came from somewhere."""
        marks = (self.source, self.medium, self.campaign, self.term, self.content)
        return any(marks) or bool(self.referrer)

    @property
    def origin(self) -> str:
        """One word for it: the source that is named, else the site that linked."""
        return self.source or site_of(self.referrer)[:80]

    @property
    def way(self) -> tuple[str, ...]:
        """What tells one way of coming from another, wherever it led."""
        return self.source, self.medium, self.campaign, self.term, self.content, self.referrer

    def written(self) -> dict[str, str]:
        """What is known of it, to be stored."""
        return {name: value for name, value in vars(self).items() if value}


def read_arrival(url: str, referrer: str, *, host: str, inside: Collection[str] = ()) -> Arrival:
    """The arrival at the page `url`; a referrer on the same `host`, or on one `inside`, tells nothing."""
    marks = {
        name: clean(_parameter(url, f"utm_{name}"), most=most) for name, most in LONGEST.items()
    }
    is_outside = site_of(referrer) not in {"", site_of(f"//{host}")}
    is_outside = is_outside and not is_covered(host_of(referrer), inside)
    return Arrival(
        **marks,
        referrer=tidy_url(referrer) if is_outside else "",
        landing_url=tidy_url(url),
    )


def tidy_url(url: str) -> str:
    """An address as it is kept: one line, without the token of a personal link."""
    try:
        parts = urlsplit(url)
        if f"{TOKEN}=" in parts.query:
            fields = parse_qs(parts.query, keep_blank_values=True, max_num_fields=MOST_FIELDS)
            fields.pop(TOKEN, None)
            url = urlunsplit(parts._replace(query=urlencode(fields, doseq=True)))
    except ValueError:
        return ""
    return clean(url, most=MOST_URL)


def is_covered(host: str, allowed: Collection[str]) -> bool:
    """Whether a host is one of `allowed`: named with its port or for all ports, by name or as *.example.com."""
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return any(
        one in allowed or any(wide.startswith("*.") and one.endswith(wide[1:]) for wide in allowed)
        for one in {host, name}
        if one
    )


def site_of(url: str) -> str:
    """The host name of an address without “www.”; "" where there is none."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _parameter(url: str, name: str) -> str:
    try:
        return parse_qs(urlsplit(url).query, max_num_fields=MOST_FIELDS).get(name, [""])[0]
    except ValueError:
        return ""


def host_of(url: str) -> str:
    """The host of an address as a list of allowed hosts names it: with its port unless that is usual."""
    try:
        parts = urlsplit(url if "//" in url else f"//{url}")
        name, port = (parts.hostname or "").encode("idna").decode().rstrip("."), parts.port
    except (ValueError, UnicodeError):
        return ""
    is_usual = port is None or port == DEFAULT_PORTS.get(parts.scheme)
    literal = f"[{name}]" if ":" in name else name
    return literal if is_usual else f"{literal}:{port}"
