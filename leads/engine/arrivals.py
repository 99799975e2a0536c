"""How somebody came to a page: the marks in its address, and the page that linked to it."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from leads.engine.identity import clean

TOKEN = "lf"  # the parameter of a personal link; it is kept nowhere
MARKS = {"source": 80, "medium": 80, "campaign": 120, "term": 120, "content": 120}
MOST_FIELDS = 50
LONGEST = 500
HOST = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?")


@dataclass(frozen=True)
class Arrival:
    """One arrival at a page: the marks of a campaign, or the outside page that linked here."""

    source: str
    medium: str
    campaign: str
    term: str
    content: str
    referrer: str
    landing_url: str

    @property
    def way(self) -> tuple[str, ...]:
        """What tells one way of coming from another, wherever it led."""
        return self.source, self.medium, self.campaign, self.term, self.content, self.referrer


def read_arrival(url: str, referrer: str, *, inside: Collection[str] = ()) -> Arrival | None:
    """The arrival that a page view is; None where it only goes on within our own pages.

    `inside`: host names of our own (`is_covered`), besides that of the page itself.
    """
    marks = {name: read_parameter(url, f"utm_{name}", most) for name, most in MARKS.items()}
    site = site_of(referrer)
    is_outside = site not in {"", site_of(url)} and not is_covered(host_of(referrer), inside)
    if not (is_outside or any(marks.values())):
        return None
    return Arrival(
        **marks | {"source": marks["source"] or (site if is_outside else "")},
        referrer=tidy_url(referrer) if is_outside else "",
        landing_url=tidy_url(url),
    )


def source_of(url: str, referrer: str, *, host: str) -> str:
    """Where a visit came from: what the address says, else the site that linked here."""
    named = read_parameter(url, "utm_source", 80)
    return named or next((site for site in [site_of(referrer)] if site != site_of(f"//{host}")), "")


def read_parameter(url: str, name: str, most: int) -> str:
    """A parameter of an address on one line; "" where there is none."""
    try:
        found = parse_qs(urlsplit(url).query, max_num_fields=MOST_FIELDS).get(name, [""])
    except ValueError:
        return ""
    return clean(found[0], most=most)


def host_of(url: str) -> str:
    """The host name in an address, in lower case; "" where there is none."""
    try:
        return clean(urlsplit(url).hostname or "", most=253)
    except ValueError:
        return ""


def site_of(url: str) -> str:
    """The host name as people say it: without www."""
    return host_of(url).removeprefix("www.")[:80]


def tidy_url(url: str) -> str:
    """An address to be kept: one line, without the token of a personal link."""
    try:
        parts = urlsplit(url)
        if f"{TOKEN}=" in parts.query:
            fields = parse_qs(parts.query, keep_blank_values=True, max_num_fields=MOST_FIELDS)
            fields.pop(TOKEN, None)
            url = urlunsplit(parts._replace(query=urlencode(fields, doseq=True)))
    except ValueError:
        return ""
    return clean(url, most=LONGEST)


def read_host(text: str) -> str:
    """The host name in what somebody typed (a name, perhaps with *. in front, or an address); "" for none."""
    text = text.strip().lower()
    host = host_of(text if "//" in text else f"//{text}")
    try:
        host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        return ""
    is_name = len(host) <= 253 and HOST.fullmatch(host) is not None
    return host if is_name or ":" in host else ""


def is_covered(host: str, patterns: Collection[str]) -> bool:
    """Whether a host name is one of `patterns`; *.example.com covers all names below example.com."""
    return host in patterns or any(
        pattern.startswith("*.") and host.endswith(pattern[1:]) for pattern in patterns
    )
