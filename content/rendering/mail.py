"""E-mails: subject, text part and HTML part in the look of the brand.

The frame and the author's text are drawn and inlined once per text; each message only fills in its
fields and cleans what came out.
"""

import html
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import css_inline

from content.engine import markup
from content.engine.brand import Brand
from content.rendering.pages import clean_mail
from content.rendering.templates import compile_source, render_line, render_text, run

BEGIN, END = "<!--body-->", "<!--/body-->"
UNSUBSCRIBE = "\ue002"
STYLE = """
body { margin: 0; padding: 0; background: #f4f5f7; }
.sheet { width: 100%; background: #f4f5f7; }
.page { width: 100%; max-width: 600px; margin: 0 auto; background: #ffffff; color: INK;
  font-family: -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;
  font-size: 16px; line-height: 1.55; }
.head { padding: 24px 32px 0; font-size: 15px; font-weight: 600; color: ACCENT; }
.body { padding: 16px 32px 24px; }
.body p { margin: 0 0 16px; }
.body h2 { font-size: 20px; line-height: 1.3; margin: 24px 0 8px; }
.body h3 { font-size: 17px; line-height: 1.3; margin: 20px 0 8px; }
.body ul { margin: 0 0 16px; padding: 0 0 0 20px; }
.body li { margin: 0 0 6px; }
.body a { color: ACCENT; text-decoration: underline; }
.foot { padding: 16px 32px 24px; border-top: 1px solid #e3e5ea; font-size: 12px; line-height: 1.5;
  color: #5d6474; }
.foot a { color: #5d6474; text-decoration: underline; }
"""


@dataclass(frozen=True)
class Mail:
    """One rendered e-mail: always both parts."""

    subject: str
    text: str
    html: str


def render_email(
    *,
    subject: str,
    body: str,
    context: Mapping[str, Any],
    brand: Brand,
    unsubscribe_url: str = "",
) -> Mail:
    """Fill in a text for one person; raises Invalid when it cannot be."""
    head, template, tail = _framed(body, brand, bool(unsubscribe_url))
    filled = clean_mail(run(compile_source(template, escapes=True), context))
    tail = tail.replace(UNSUBSCRIBE, html.escape(unsubscribe_url))
    text = render_text(body, context) + _text_foot(brand, unsubscribe_url)
    return Mail(subject=render_line(subject, context), text=text, html=head + filled + tail)


@lru_cache(maxsize=500)
def _framed(body: str, brand: Brand, has_link: bool) -> tuple[str, str, str]:
    """The inlined page in three parts: above the text, the text as a template, and below it."""
    hidden, tags = markup.hide_tags(body)
    page = css_inline.CSSInliner(load_remote_stylesheets=False).inline(
        _frame(clean_mail(markup.to_html(hidden, tags)), brand, has_link)
    )
    head, _, rest = page.partition(BEGIN)
    inner, _, tail = rest.partition(END)
    return head, markup.show_tags(inner, tags), tail


def _frame(inner: str, brand: Brand, has_link: bool) -> str:
    style = STYLE.replace("INK", brand.ink).replace("ACCENT", brand.accent)
    name, address = html.escape(brand.name), html.escape(", ".join(brand.address_lines))
    link = (
        f'<br><a href="{UNSUBSCRIBE}">Unsubscribe or choose what you receive</a>'
        if has_link
        else ""
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{name}</title><style>{style}</style></head><body>"
        '<table role="presentation" class="sheet" cellpadding="0" cellspacing="0">'
        '<tr><td align="center">'
        '<table role="presentation" class="page" cellpadding="0" cellspacing="0">'
        f'<tr><td class="head" align="left">{name}</td></tr>'
        f'<tr><td class="body" align="left">{BEGIN}{inner}{END}</td></tr>'
        f'<tr><td class="foot" align="left">{name}<br>{address}{link}</td></tr>'
        "</table></td></tr></table></body></html>"
    )


def _text_foot(brand: Brand, unsubscribe_url: str) -> str:
    lines = ["", "", "-- ", brand.name, ", ".join(brand.address_lines)]
    if unsubscribe_url:
        lines.append(f"Unsubscribe or choose what you receive: {unsubscribe_url}")
    return "\n".join(lines) + "\n"
