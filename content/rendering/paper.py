"""PDF: letters with an address window, and papers to download."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from fpdf import FPDF

from content.engine.brand import Brand
from content.rendering.templates import render_text

# The built-in fonts know Latin-1; these are the frequent characters beyond it.
REPLACEMENTS = str.maketrans(
    {
        "–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-", "‘": "'", "’": "'", "‚": ",", "“": '"',
        "”": '"', "„": '"', "…": "...", "•": "-", "€": "EUR", "™": "(TM)", "Œ": "OE", "œ": "oe",
        "Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "ı": "i", "İ": "I", "ẞ": "SS", "Ħ": "H", "ħ": "h",
        "→": "->", "\u202f": " ",
        "\u2009": " ", "\ufeff": "", "\u200b": "", "\t": "    ",
    }
)  # fmt: skip
LEFT, RIGHT, BOTTOM = 25, 20, 25
WINDOW_TOP, WINDOW_LEFT = 45, 25  # DIN 5008 form B: the window begins 45 mm below the edge
FOLDS = (105, 210)


@dataclass(frozen=True)
class Letter:
    """One letter: the lines of the address, its date in words, subject and text."""

    address: Sequence[str]
    date: str
    subject: str
    text: str


def fold_text(text: str) -> str:
    """The text in characters that the built-in fonts can draw; what has no likeness becomes "?"."""
    text = text.translate(REPLACEMENTS)
    if text.isascii():
        return "".join(char for char in text if char == "\n" or char.isprintable())
    return "".join(map(_fold_char, unicodedata.normalize("NFC", text)))


def _fold_char(char: str) -> str:
    if char == "\n" or (ord(char) < 256 and char.isprintable()) or char == "\xa0":
        return char
    plain = "".join(
        part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part)
    )
    if plain and all(ord(part) < 256 and part.isprintable() for part in plain):
        return plain
    return "" if unicodedata.category(char)[0] in {"C", "M"} else "?"


def render_letters(letters: Sequence[Letter], *, brand: Brand) -> bytes:
    """One PDF with all letters, each beginning on a page of its own."""
    pdf = _new_pdf(brand.name)
    for letter in letters:
        _draw_letter(pdf, letter, brand)
    return bytes(pdf.output())


@lru_cache(maxsize=32)
def render_paper(*, title: str, summary: str, body: str, brand: Brand) -> bytes:
    """A paper to download: title page with the summary, then the text; drawn once per text."""
    pdf = _new_pdf(title)
    pdf.add_page()
    pdf.set_y(70)
    pdf.set_text_color(*_colour(brand.accent))
    _write(pdf, brand.name, size=11, style="B")
    pdf.set_text_color(*_colour(brand.ink))
    pdf.ln(4)
    _write(pdf, title, size=26, style="B", height=11)
    pdf.ln(6)
    _write(pdf, summary, size=13, height=7)
    pdf.add_page()
    _write(pdf, render_text(body, {}), size=11)
    return bytes(pdf.output())


def _new_pdf(title: str) -> FPDF:
    pdf = FPDF(format="A4")
    pdf.set_margins(LEFT, 25, RIGHT)
    pdf.set_auto_page_break(True, margin=BOTTOM)
    pdf.set_title(fold_text(title))
    pdf.set_creator("LeadFlow")
    return pdf


def _draw_letter(pdf: FPDF, letter: Letter, brand: Brand) -> None:
    pdf.add_page()
    _draw_head(pdf, letter, brand)
    pdf.set_y(103)
    _write(pdf, letter.subject, size=12, style="B")
    pdf.ln(5)
    _write(pdf, letter.text, size=11)


def _draw_head(pdf: FPDF, letter: Letter, brand: Brand) -> None:
    """Sender, address in the window, date, and marks where to fold."""
    pdf.set_xy(LEFT, 20)
    pdf.set_text_color(*_colour(brand.accent))
    _write(pdf, brand.name, size=14, style="B")
    pdf.set_text_color(110, 110, 120)
    pdf.set_xy(WINDOW_LEFT, WINDOW_TOP)
    _write(pdf, " · ".join([brand.name, *brand.address_lines]), size=7, width=80, height=3.5)
    pdf.set_text_color(*_colour(brand.ink))
    pdf.set_xy(WINDOW_LEFT, WINDOW_TOP + 10)
    _write(pdf, "\n".join(list(letter.address)[:7]), size=11, width=80, height=5)
    pdf.set_xy(125, 90)
    pdf.set_font("Helvetica", "", 11)
    pdf.cell(65, 6, fold_text(letter.date), align="R")
    pdf.set_draw_color(170, 170, 170)
    for y in FOLDS:
        pdf.line(5, y, 9, y)


def _write(
    pdf: FPDF, text: str, *, size: int, style: str = "", width: float = 0, height: float = 5.5
) -> None:
    pdf.set_font("Helvetica", style, size)
    pdf.multi_cell(width, height, fold_text(text) or " ", align="L", new_x="LMARGIN", new_y="NEXT")


def _colour(code: str) -> tuple[int, int, int]:
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)
