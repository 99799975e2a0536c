"""Plain values in; text, HTML and PDF out. Nothing here reads the database or the network."""

from content.rendering.mail import Mail, render_email
from content.rendering.pages import render_page
from content.rendering.paper import Letter, render_letters, render_paper
from content.rendering.templates import FIELDS, check_template, render_line, render_text

__all__ = [
    "FIELDS",
    "Letter",
    "Mail",
    "check_template",
    "render_email",
    "render_letters",
    "render_line",
    "render_page",
    "render_paper",
    "render_text",
]
