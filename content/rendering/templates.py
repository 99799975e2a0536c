"""Liquid on plain dicts: a short list of tags and filters, hard limits, errors in words."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from liquid import BoundTemplate, Environment
from liquid.exceptions import LiquidError, ResourceLimitError
from liquid.undefined import StrictDefaultUndefined

from content.engine import markup
from leadflow.core.errors import Invalid

# Filters that multiply what they get (join over a range, replace by a long text) are left out.
FILTERS = frozenset(
    [
        "append",
        "capitalize",
        "date",
        "default",
        "divided_by",
        "downcase",
        "escape",
        "minus",
        "plus",
        "prepend",
        "remove",
        "round",
        "size",
        "strip",
        "times",
        "truncate",
        "truncatewords",
        "upcase",
        "url_encode",
    ]
)
TAGS = frozenset(
    [
        "assign",
        "break",
        "capture",
        "case",
        "comment",
        "content",
        "continue",
        "for",
        "if",
        "output",
        "unless",
        "#",
        "illegal",
    ]
)
LONGEST_SOURCE = 100_000

# Every field a text may use, with an example: the authors' reference and the check of their texts.
FIELDS: dict[str, Any] = {
    "lead": {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "phone": "+442079460000",
        "job_title": "Head of Operations",
        "company": "Analytical Engines",
        "country": "GB",
        "persona": "decision_maker",
        "products": ["our product"],
    },
    "product": {"key": "product", "name": "our product"},
    "sender": {"name": "Sam Field", "title": "Account manager", "phone": "+4930123456"},
    "brand": {"name": "LeadFlow", "site_url": "https://example.com"},
    "links": {
        "unsubscribe": "https://example.com/u",
        "confirm": "https://example.com/f/confirm",
        "site": "https://example.com",
    },
}


class _Environment(Environment):
    loop_iteration_limit = 1_000
    output_stream_limit = 200_000
    local_namespace_limit = 50_000
    context_depth_limit = 10

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Keep the short list only."""
        super().setup_tags_and_filters(extra=extra)
        self.tags = {name: tag for name, tag in self.tags.items() if name in TAGS}
        self.filters = {name: call for name, call in self.filters.items() if name in FILTERS}


_plain = _Environment(autoescape=False)
_escaping = _Environment(autoescape=True)
_checking = _Environment(autoescape=False, undefined=StrictDefaultUndefined)


@lru_cache(maxsize=2_000)
def compile_source(source: str, *, escapes: bool) -> BoundTemplate:
    """A template ready to render; raises Invalid saying what is wrong and where."""
    return _parse(_escaping if escapes else _plain, source)


def _parse(environment: Environment, source: str) -> BoundTemplate:
    if len(source) > LONGEST_SOURCE:
        raise Invalid(f"This text is longer than {LONGEST_SOURCE:,} characters.", field="body")
    try:
        return environment.from_string(source)
    except (LiquidError, RecursionError, ValueError) as error:
        raise _in_words(error) from None


def run(template: BoundTemplate, context: Mapping[str, Any]) -> str:
    """Render within the limits; raises Invalid in words."""
    try:
        return template.render(**context)
    except (LiquidError, RecursionError, ValueError, OverflowError, TypeError) as error:
        raise _in_words(error) from None


def render_text(source: str, context: Mapping[str, Any]) -> str:
    """Plain text with its fields filled in."""
    hidden, tags = markup.hide_tags(source)
    if markup.is_html(source):
        filled = run(compile_source(source, escapes=True), context)
        return markup.text_of_html(filled)
    template = markup.show_tags(markup.to_text(hidden, tags), tags)
    return re.sub(r"\n{3,}", "\n\n", run(compile_source(template, escapes=False), context)).strip()


def render_line(source: str, context: Mapping[str, Any]) -> str:
    """One line, such as a subject: no line break or control character survives."""
    filled = run(compile_source(source, escapes=False), context)
    line = "".join(char if char.isprintable() else " " for char in filled)
    return " ".join(line.split())[:200]


def check_template(source: str, *, field: str = "body") -> None:
    """Raise Invalid naming `field` when a text could not be sent: broken, unknown fields, no end."""
    try:
        run(_parse(_checking, source), FIELDS)
    except Invalid as error:
        raise Invalid(str(error), field=field) from None


def _in_words(error: Exception) -> Invalid:
    if isinstance(error, ResourceLimitError):
        return Invalid("This text runs in too long a loop or grows too large.", field="body")
    if isinstance(error, RecursionError):
        return Invalid("This text is nested too deeply.", field="body")
    if not isinstance(error, LiquidError):
        return Invalid("This text cannot be filled in; check the fields it uses.", field="body")
    lines = str(error).splitlines()
    place = re.search(r"(\d+):\d+\s*$", lines[1]) if len(lines) > 1 else None
    where = f" (line {place[1]})" if place else ""
    return Invalid(f"The text cannot be read: {lines[0]}{where}.", field="body")
