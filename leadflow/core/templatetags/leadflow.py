"""Tags every page has without loading them: figures, times, query strings, icons."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

import lucide
from django.conf import settings
from django.template import Context, Library
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

register = Library()
logger = logging.getLogger(__name__)

NOTHING = "–"
MINUTE, HOUR, DAY = 60, 3600, 86_400
CURRENCY_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "CHF": "CHF "}


# ---- figures


@register.filter
def duration(value: float | timedelta | None) -> str:
    """Seconds or a timedelta in at most two units: 11520 → "3 h 12 min"."""
    if value is None:
        return NOTHING
    seconds = round(value.total_seconds() if isinstance(value, timedelta) else float(value))
    sign, seconds = ("−" if seconds < 0 else ""), abs(seconds)
    return sign + " ".join(f"{count} {unit}" for count, unit in _two_units(seconds))


def _two_units(seconds: int) -> list[tuple[int, str]]:
    """The largest unit that fits and the one below it, when that is not zero."""
    for size, unit, smaller, smaller_unit in (
        (DAY, "d", HOUR, "h"),
        (HOUR, "h", MINUTE, "min"),
    ):
        if seconds >= size:
            rest = seconds % size // smaller
            return [(seconds // size, unit), *([(rest, smaller_unit)] if rest else [])]
    return [(seconds // MINUTE, "min")] if seconds >= MINUTE else [(seconds, "s")]


@register.filter
def percent(value: float | Decimal | None, digits: int = 1) -> str:
    """A share as per cent: 0.10525 → "10.5 %"; no trailing ".0"."""
    if value is None or value == "":
        return NOTHING
    text = f"{float(value) * 100:,.{digits}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + " %"


@register.filter
def number(value: float | Decimal | None, digits: int | None = None) -> str:
    """A number with thousands separators: 1234567 → "1,234,567"; at most two decimals."""
    if value is None or value == "":
        return NOTHING
    figure = float(value)
    if digits is None:
        text = f"{figure:,.0f}" if figure.is_integer() else f"{figure:,.2f}".rstrip("0")
    else:
        text = f"{figure:,.{digits}f}"
    return text.replace("-", "−")


@register.filter
def money(value: float | Decimal | None, currency: str = "") -> str:
    """An amount with its sign: 1234.5 → "€1,234.50", 48000 → "€48,000"."""
    if value is None or value == "":
        return NOTHING
    code = currency or getattr(settings, "CURRENCY", "EUR")
    amount = Decimal(str(value))
    digits = 0 if amount == amount.to_integral_value() else 2
    minus = "−" if amount < 0 else ""
    return f"{minus}{CURRENCY_SIGNS.get(code, code + ' ')}{abs(amount):,.{digits}f}"


# ---- times


@register.filter
def relative(value: datetime | None, now: datetime | None = None) -> str:
    """A time as people say it: "just now", "12 min ago", "in 3 h", "4 d ago", then the date."""
    if value is None:
        return NOTHING
    now = now or timezone.now()
    seconds = (now - value).total_seconds()
    if abs(seconds) >= 7 * DAY:
        local, today = timezone.localtime(value), timezone.localtime(now)
        return f"{local.day} {local:%b}" + ("" if local.year == today.year else f" {local.year}")
    if abs(seconds) < MINUTE:
        return "just now" if seconds >= 0 else "in a moment"
    count, unit = _two_units(int(abs(seconds)))[0]
    return f"{count} {unit} ago" if seconds > 0 else f"in {count} {unit}"


@register.filter
def exact(value: datetime | None) -> str:
    """The exact time in the reader's zone, for the hover: "Tue 3 Mar 2026, 14:05 CET"."""
    if value is None:
        return NOTHING
    local = timezone.localtime(value)
    return f"{local:%a} {local.day} {local:%b} {local.year}, {local:%H:%M %Z}"


@register.simple_tag
def moment(
    at: datetime | None,
    now: datetime | None = None,
    none: str = NOTHING,
    css: str = "",
    rest: str = "",
) -> SafeString:
    """A time as people say it, the exact one on hover; `rest` are further attributes, escaped already."""
    if at is None:
        return format_html('<span class="time muted">{}</span>', none)
    return format_html(
        '<time class="time {}" datetime="{}" title="{}" {}>{}</time>',
        css,
        timezone.localtime(at).isoformat(),
        exact(at),
        rest,
        relative(at, now),
    )


class Countdown(NamedTuple):
    """What is left until a deadline, in words and as a tone."""

    text: str
    tone: str


@register.simple_tag
def countdown(due: datetime, now: datetime | None = None) -> Countdown:
    """ "3 h 12 min left" or "2 h late"; bad when late, warn within the last hour, else neutral."""
    seconds = (due - (now or timezone.now())).total_seconds()
    if seconds < 0:
        return Countdown(f"{duration(-seconds)} late", "bad")
    return Countdown(f"{duration(seconds)} left", "warn" if seconds < HOUR else "neutral")


# ---- markup


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: Any) -> str:
    """This page's query string with `changes` made; None removes: {% query page=None %}."""
    params = context["request"].GET.copy()
    for key, value in changes.items():
        if value is None:
            params.pop(key, None)
        elif isinstance(value, list | tuple):
            params.setlist(key, [str(part) for part in value])
        else:
            params[key] = str(value)
    return "?" + params.urlencode()


@register.simple_tag
def icon(name: str, size: int = 16, label: str = "", **kwargs: str) -> str:
    """A lucide icon, silent for screen readers without a `label`; an unknown name draws a dot."""
    return _icon(str(name), int(size), str(label), str(kwargs.get("class", "")))


@lru_cache(maxsize=1024)
def _icon(name: str, size: int, label: str, css: str) -> str:
    said = {"role": "img", "aria_label": label} if label else {"aria_hidden": "true"}
    attributes = said | {"class": f"icon {css}".strip(), "focusable": "false"}
    try:
        return mark_safe(lucide._render_icon(name, size, **attributes))
    except lucide.IconDoesNotExist:
        logger.warning("there is no icon called %r", name)
        return mark_safe(lucide._render_icon("circle-small", size, **attributes))


@register.simple_tag
def attributes(attrs: Mapping[str, Any]) -> SafeString:
    """The attributes a component passes through, escaped; False and None are left out."""
    listed = attrs.attrs_dict() if hasattr(attrs, "attrs_dict") else attrs
    kept = [
        (key, value) for key, value in listed.items() if value is not False and value is not None
    ]
    return format_html_join(" ", "{}{}", ((key, _attribute_value(value)) for key, value in kept))


def _attribute_value(value: Any) -> SafeString:
    """`="…"`; what is already safe text may still hold quotes, which would end the attribute."""
    if value is True:
        return SafeString("")
    return SafeString('="' + conditional_escape(value).replace('"', "&quot;") + '"')


@register.filter
def tone(value: str) -> str:
    """The tone of a message level: success → good, error → bad, warning → warn."""
    known = {
        "success": "good",
        "error": "bad",
        "warning": "warn",
        "info": "info",
        "debug": "neutral",
    }
    return known.get(value, value or "neutral")


@register.filter
def is_widget(field: Any, kinds: str) -> bool:
    """Whether a bound field's widget_type is one of the comma-separated `kinds`."""
    return field.widget_type in kinds.split(",")
