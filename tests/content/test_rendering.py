"""Texts that people write, rendered safely, whatever they and the data contain."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content import rendering
from content.engine.brand import Brand
from leadflow.core.errors import Invalid

BRAND = Brand(name="Acme & Sons", postal_address="Acme, 1 Main Street, Springfield")
BODY = """Hello {{ lead.first_name | default: "there" }},

# Why **now**
- one [link](https://example.com/?a=1&b=2)
- two

{% if lead.company != "" %}
You work for {{ lead.company }}.
{% endif %}
"""


def mail(body: str = BODY, subject: str = "Hi", **lead: str) -> rendering.Mail:
    return rendering.render_email(
        subject=subject,
        body=body,
        context={"lead": lead},
        brand=BRAND,
        unsubscribe_url="https://x.example/u?a=1&b=2",
    )


def test_an_email_has_both_parts_with_brand_address_and_link() -> None:
    made = mail(first_name="Ada", company="Analytical")
    assert "Hello Ada,\n" in made.text
    assert "- one link (https://example.com/?a=1&b=2)" in made.text
    assert "You work for Analytical." in made.text
    assert "Unsubscribe or choose what you receive: https://x.example/u?a=1&b=2" in made.text
    assert '<h2 style="' in made.html
    assert "Acme &amp; Sons" in made.html
    assert "1 Main Street" in made.html
    assert "https://x.example/u?a=1&amp;b=2" in made.html


def test_missing_facts_read_naturally() -> None:
    made = mail(first_name="", company="")
    assert "Hello there," in made.text
    assert "You work for" not in made.text + made.html


@pytest.mark.parametrize(
    "value",
    ["<script>alert(1)</script>", "[click](https://evil.example)", "**x**", "{{ lead.email }}"],
)
def test_what_a_lead_typed_is_text_and_nothing_else(value: str) -> None:
    made = mail(first_name=value, company="", email="secret@example.com")
    assert "<script" not in made.html
    assert 'evil.example"' not in made.html
    assert "<strong>x" not in made.html
    assert "secret@example.com" not in made.html
    assert value in made.text


def test_a_subject_cannot_add_headers() -> None:
    made = mail(subject="Hi {{ lead.first_name }}", first_name="x\r\nBcc: victim@example.com\x00")
    assert made.subject == "Hi x Bcc: victim@example.com"


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in (1..1000000000) %}x{% endfor %}",
        "{% for i in (1..900) %}{% for j in (1..900) %}x{% endfor %}{% endfor %}",
        "{% assign x = 'aaaaa' %}{% for i in (1..99) %}{% assign x = x | append: x %}{% endfor %}",
        "{% assign x = 99 %}{% for i in (1..99) %}{% assign x = x | times: x %}{% endfor %}{{ x }}",
        "{{ (1..30000000) | join: ',' }}",
        "{% assign a = 'aaaa' %}{{ a | replace: 'a', a }}",
        "{% include '/etc/passwd' %}",
        "{% render 'x' %}",
        "{{ lead.__class__.__mro__ }}",
        "{{ lead.first_name | nosuchfilter }}",
        "{{ lead.frist_name }}",
        "{% if %}",
        "{{ lead.first_name",
        "{% endfor %}",
        "{% if true %}" * 5000,
        "x" * 100_001,
    ],
)
def test_a_hostile_or_broken_text_is_refused_in_words_within_a_second(source: str) -> None:
    began = time.monotonic()
    with pytest.raises(Invalid) as refused:
        rendering.check_template(source)
    assert time.monotonic() - began < 1
    assert refused.value.field == "body"
    assert "site-packages" not in str(refused.value)


def test_the_error_names_the_line() -> None:
    with pytest.raises(Invalid, match="line 3"):
        rendering.check_template("Hello\n\n{{ lead.frist_name }}")


def test_html_of_an_author_loses_scripts_and_keeps_its_looks() -> None:
    made = mail(
        '<div><p style="color: red">Hi {{ lead.first_name }}</p><script>x()</script>'
        '<img src="https://e.example/i.png" onerror="x()"></div></td></table><script>y()</script>',
        first_name="Ada",
    )
    assert "script" not in made.html
    assert "onerror" not in made.html
    assert "color:" in made.html
    assert "Hi Ada" in made.text


def test_a_link_made_of_data_cannot_run_code() -> None:
    made = mail("[go]({{ lead.company }})", company="javascript:alert(1)")
    assert "javascript:" not in made.html


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_makes_a_letter(text: str) -> None:
    letter = rendering.Letter(
        address=[text[:60], "Łódź 中文 😀"], date="3 March 2026", subject=text[:80], text=text
    )
    pdf = rendering.render_letters([letter], brand=BRAND)
    assert pdf.startswith(b"%PDF")


def test_each_letter_begins_on_its_own_page() -> None:
    letters = [
        rendering.Letter(address=["A"], date="today", subject="S", text="T") for _ in range(3)
    ]
    pdf = rendering.render_letters(letters, brand=BRAND)
    assert pdf.count(b"/Type /Page\n") == 3


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.text(max_size=60))
def test_any_text_and_any_name_render_or_are_refused(body: str, name: str) -> None:
    try:
        made = mail(body, first_name=name)
    except Invalid:
        return
    assert "<script" not in made.html
