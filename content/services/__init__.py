"""Front door of the content app: writing the library, and rendering what is in it."""

from content.rendering import (
    FIELDS,
    Letter,
    Mail,
    check_template,
    render_email,
    render_letters,
    render_line,
    render_page,
    render_paper,
    render_text,
)
from content.services.assets import save_asset
from content.services.defaults import install_default_content

__all__ = [
    "FIELDS",
    "Letter",
    "Mail",
    "check_template",
    "install_default_content",
    "render_email",
    "render_letters",
    "render_line",
    "render_page",
    "render_paper",
    "render_text",
    "save_asset",
]
