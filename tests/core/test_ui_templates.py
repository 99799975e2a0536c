"""Rules that hold for every template: known icons, nothing inline."""

import re
from pathlib import Path

import lucide
import pytest
from django.conf import settings

TEMPLATES = sorted(
    path
    for path in (settings.BASE_DIR / "templates").rglob("*.html")
    if "emails" not in path.parts and "documents" not in path.parts
)
ICON = re.compile(r"""(?:\bicon=|\{% icon )["']([a-z0-9-]+)["']""")


def names(path: Path) -> str:
    return str(path.relative_to(settings.BASE_DIR / "templates"))


@pytest.mark.parametrize("path", TEMPLATES, ids=names)
def test_every_icon_exists(path):
    for icon in ICON.findall(path.read_text()):
        assert lucide._load_icon(icon) is not None


@pytest.mark.parametrize("path", TEMPLATES, ids=names)
def test_nothing_is_inline(path):
    source = path.read_text()
    assert not re.search(r"""\s(style|on[a-z]+|hx-on[\w:-]*)=["']""", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style", source)


def test_the_stylesheet_and_the_script_stay_light():
    import gzip

    css = (settings.BASE_DIR / "static/app.css").read_bytes()
    script = (settings.BASE_DIR / "static/app.js").read_bytes()
    assert len(gzip.compress(css)) <= 25_000
    assert len(gzip.compress(script)) <= 10_000
