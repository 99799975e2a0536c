"""HTML that people wrote, made safe to show."""

from collections.abc import Mapping
from typing import Any

import nh3

from content.engine import markup
from content.rendering.templates import compile_source, run

TAGS = frozenset(
    [
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "code",
        "dd",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "h2",
        "h3",
        "h4",
        "hr",
        "i",
        "img",
        "li",
        "ol",
        "p",
        "pre",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "u",
        "ul",
    ]
)
STYLES = frozenset(
    [
        "background",
        "background-color",
        "border",
        "border-radius",
        "border-top",
        "border-bottom",
        "color",
        "font-family",
        "font-size",
        "font-style",
        "font-weight",
        "line-height",
        "margin",
        "margin-top",
        "margin-bottom",
        "max-width",
        "padding",
        "padding-left",
        "text-align",
        "text-decoration",
        "vertical-align",
        "width",
        "height",
    ]
)
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "width", "height"}}
MAIL_ATTRIBUTES = {
    **ATTRIBUTES,
    "*": {"style", "align"},
    "td": {"width", "colspan"},
    "th": {"width"},
}
SCHEMES = {"http", "https", "mailto", "tel"}


def clean_page(source: str) -> str:
    """HTML for our own pages: no script, no style, no frame."""
    return nh3.clean(source, tags=set(TAGS), attributes=dict(ATTRIBUTES), url_schemes=SCHEMES)


def clean_mail(source: str) -> str:
    """HTML for an e-mail: harmless inline styles stay."""
    return nh3.clean(
        source,
        tags=set(TAGS),
        attributes=dict(MAIL_ATTRIBUTES),
        url_schemes=SCHEMES,
        filter_style_properties=set(STYLES),
        link_rel=None,
    )


def render_page(body: str, context: Mapping[str, Any]) -> str:
    """The body of a public page as clean HTML."""
    hidden, tags = markup.hide_tags(body)
    template = markup.show_tags(markup.to_html(hidden, tags), tags)
    return clean_page(run(compile_source(template, escapes=True), context))
