"""Addresses to hand out: they say which campaign somebody came by."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from leadflow.core.errors import Invalid

LONGEST = 2_000


def tag_address(url: str, *, campaign: str, source: str = "", medium: str = "") -> str:
    """The address of a page with the marks that tracking reads; raises Invalid naming the field.

    What the address asks for besides stays, also its fragment.
    """
    url = url.strip()
    if url and "://" not in url:
        url = f"https://{url}"
    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.port != 0 else None  # reading a port that is none raises
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"} or len(url) > LONGEST:
        words = "Paste the whole address of the page, like https://www.example.com/offer"
        raise Invalid(words, field="url")
    marks = {"utm_source": source, "utm_medium": medium, "utm_campaign": campaign}
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in marks]
    said = [(name, value) for name, value in marks.items() if value]
    return urlunsplit(parts._replace(query=urlencode([*kept, *said])))
