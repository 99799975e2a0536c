"""Patterns of page addresses: "/pricing*", "*/contact", "www.example.com/shop/*".

A pattern that begins with / is about the path on any site, any other about site and path. The star
stands for anything, upper and lower case are alike; protocol, query and fragment do not count.
"""

import re

from leadflow.core.errors import Invalid

LONGEST = 300
MOST_STARS = 8
SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://")


def normalize_pattern(text: str) -> str:
    """The pattern as rules keep it, "" for none; raises Invalid when it would match everything."""
    pattern = SCHEME.sub("", text.strip().lower()).split("#")[0].split("?")[0]
    pattern = re.sub(r"\*+", "*", pattern)
    if not pattern:
        if text.strip():
            raise Invalid("Name a page, like /pricing or /shop/*.", field="url_pattern")
        return ""
    if not pattern.strip("*/. "):
        if pattern == "/":
            return pattern
        raise Invalid("This would be about every page: name a part of it.", field="url_pattern")
    if re.search(r"\s", pattern) or len(pattern) > LONGEST or pattern.count("*") > MOST_STARS:
        raise Invalid(
            f"A page is named in {LONGEST} characters without spaces, with {MOST_STARS} stars at most.",
            field="url_pattern",
        )
    return _closed(pattern)


def _closed(pattern: str) -> str:
    """A slash at the end says nothing; a site alone means its front page."""
    bare = pattern.rstrip("/")
    return bare if "/" in bare or bare.endswith("*") else bare + "/"
