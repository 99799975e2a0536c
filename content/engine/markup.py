"""The little markup that people write: paragraphs, "# " headings, "- " lists, **bold**, [links](…).

Liquid tags pass through untouched, so that what a tag inserts is never read as markup. Text that
begins with "<" is HTML already.
"""

import html
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser

LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.S)
BOLD = re.compile(r"\*\*(.+?)\*\*")
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
# A hidden Liquid tag is its number between two characters of the private use area.
MARK = re.compile("\ue000([0-9]+)\ue001")
LOGIC_LINE = re.compile("^(?:\\s*\ue000[0-9]+\ue001)+\\s*$")
HEADINGS = (("### ", "h4"), ("## ", "h3"), ("# ", "h2"))


def is_html(source: str) -> bool:
    """Whether the author wrote HTML rather than markup."""
    return source.lstrip().startswith("<")


def hide_tags(source: str) -> tuple[str, list[str]]:
    """The source with numbered marks in place of its Liquid tags, and the tags."""
    tags: list[str] = []
    source = source.replace("\ue000", "").replace("\ue001", "")

    def hide(match: re.Match[str]) -> str:
        tags.append(match[0])
        return f"\ue000{len(tags) - 1}\ue001"

    return LIQUID.sub(hide, source), tags


def show_tags(text: str, tags: list[str]) -> str:
    """Put the Liquid tags back where their marks are."""
    return MARK.sub(lambda match: tags[int(match[1])], text)


def to_html(hidden: str, tags: list[str]) -> str:
    """HTML of a source whose tags are hidden; the marks stay in it."""
    if is_html(hidden):
        return hidden
    return "\n".join(_blocks(hidden, tags, _html_block))


def to_text(hidden: str, tags: list[str]) -> str:
    """Plain text of a source whose tags are hidden; the marks stay in it."""
    return "\n".join(_blocks(hidden, tags, _text_block)).strip()


def _blocks(hidden: str, tags: list[str], draw: Callable[[list[str]], str]) -> Iterator[str]:
    """Paragraphs, lists and headings drawn one by one; lines of mere logic stand between them."""
    lines: list[str] = []
    for line in hidden.replace("\r\n", "\n").split("\n"):
        is_logic = bool(LOGIC_LINE.match(line)) and _is_logic(line, tags)
        is_heading = line.startswith("#")
        if (
            not line.strip()
            or is_logic
            or is_heading
            or (lines and _is_item(line) != _is_item(lines[-1]))
        ):
            if lines:
                yield draw(lines)
            lines = []
        if is_logic:
            yield line.strip()
        elif is_heading:
            yield draw([line])
        elif line.strip():
            lines.append(line)
    if lines:
        yield draw(lines)


def _is_logic(line: str, tags: list[str]) -> bool:
    return all(tags[int(number)].startswith("{%") for number in MARK.findall(line))


def _is_item(line: str) -> bool:
    return line.lstrip().startswith("- ")


def _html_block(lines: list[str]) -> str:
    if all(map(_is_item, lines)):
        return "<ul>" + "".join(f"<li>{_inline(line.strip()[2:])}</li>" for line in lines) + "</ul>"
    for sign, tag in HEADINGS:
        if lines[0].startswith(sign):
            return f"<{tag}>{_inline(lines[0][len(sign) :].strip())}</{tag}>"
    return "<p>" + "<br>".join(_inline(line.strip()) for line in lines) + "</p>"


def _inline(text: str) -> str:
    text = BOLD.sub(r"<strong>\1</strong>", html.escape(text))
    return LINK.sub(r'<a href="\2">\1</a>', text)


def _text_block(lines: list[str]) -> str:
    text = "\n".join(line.strip() for line in lines)
    for sign, _ in HEADINGS:
        text = text.removeprefix(sign)
    return LINK.sub(r"\1 (\2)", BOLD.sub(r"\1", text)) + "\n"


class _TextOf(HTMLParser):
    BREAKS = frozenset({"p", "br", "div", "li", "tr", "h1", "h2", "h3", "h4", "ul", "ol", "table"})
    SILENT = frozenset({"style", "script", "head", "title"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = 0
        self.href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Break lines at blocks, remember where a link leads."""
        self.silent += tag in self.SILENT
        if tag in self.BREAKS:
            self.parts.append("\n- " if tag == "li" else "\n")
        if tag == "a":
            self.href = dict(attrs).get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        """End a block, or write the address behind a link."""
        self.silent -= tag in self.SILENT and self.silent > 0
        if tag in self.BREAKS and tag != "li":
            self.parts.append("\n")
        if tag == "a" and self.href:
            self.parts.append(f" ({self.href})")
            self.href = ""

    def handle_data(self, data: str) -> None:
        """Keep what is read."""
        if not self.silent:
            self.parts.append(re.sub(r"\s+", " ", data))


def text_of_html(source: str) -> str:
    """What a reader without HTML sees of a page: text, with addresses behind links."""
    parser = _TextOf()
    parser.feed(source)
    parser.close()
    lines = [line.strip() for line in "".join(parser.parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
