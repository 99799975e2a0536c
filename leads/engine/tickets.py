"""Tickets: the code of a guest, as people type it and as a picture that scanners read."""

import re
from collections.abc import Iterable

import segno
from django.utils.html import format_html
from django.utils.safestring import SafeString

QUIET = 2  # modules of white around the picture
SEPARATORS = re.compile(r"[\s-]+")
CODE = re.compile(r"[0-9A-F]{12}")


def read_code(text: str) -> str:
    """The code that somebody typed or scanned; "" when it cannot be one."""
    code = SEPARATORS.sub("", text).upper()
    return code if CODE.fullmatch(code) else ""


def spaced(code: str) -> str:
    """A code in groups of four, as it is printed: 3F2A 91C0 77DE."""
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))


def ticket_svg(code: str) -> SafeString:
    """The code as a QR picture: inline SVG without styles, so that any page may hold it."""
    rows = list(segno.make(code, micro=False).matrix_iter(border=QUIET))
    size = len(rows)
    path = "".join(
        f"M{x} {y}h{length}v1h-{length}z" for y, row in enumerate(rows) for x, length in _runs(row)
    )
    return format_html(
        '<svg class="qr" viewBox="0 0 {size} {size}" role="img" aria-label="Ticket {code}" '
        'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{size}v{size}H0z"/>'
        '<path fill="#000" d="{path}"/></svg>',
        size=size,
        code=code,
        path=path,
    )


def _runs(row: Iterable[int]) -> list[tuple[int, int]]:
    """Where dark modules stand in a row, as (first, how many)."""
    runs: list[tuple[int, int]] = []
    for x, is_dark in enumerate(row):
        if not is_dark:
            continue
        if runs and sum(runs[-1]) == x:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((x, 1))
    return runs
