"""From rows to what people read: the context of a text, the e-mail with its headers, the letter."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from email.utils import formataddr, parseaddr
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse

from content import queries as library
from content import services as content
from content.models import Asset, Product
from content.queries import Text
from leads.models import Lead, OptIn
from nurture.models import Message

SALT = "nurture.unsubscribe"


def new_message_id(site_url: str) -> str:
    """A Message-ID that a message keeps for life."""
    return f"<{uuid4().hex}@{_host(site_url)}>"


def _host(site_url: str) -> str:
    return urlsplit(site_url).hostname or "localhost"


def unsubscribe_url(message: Message) -> str:
    """The signed address at which the receiver of a message chooses what they get."""
    token = signing.Signer(salt=SALT).sign_object([message.lead_id, message.pk])
    return settings.SITE_URL.rstrip("/") + reverse("nurture_public:unsubscribe", args=[token])


def confirm_url(opt_in: OptIn) -> str:
    """The address at which a consent is confirmed."""
    return settings.SITE_URL.rstrip("/") + reverse("public:confirm", args=[opt_in.token])


def _with_confirm_link(body: str) -> str:
    """The text that asks for a consent; without the link it would ask in vain."""
    if "links.confirm" in body:
        return body
    return body + "\n\n[Yes, you may write to me]({{ links.confirm }})"


def lead_context(
    lead: Lead, *, products: Sequence[Product], about: Collection[int] = ()
) -> dict[str, Any]:
    """What a text may say about a lead, as plain values; `about` are the products of the text."""
    matching = [product for product in products if product.pk in about] or list(products)
    owner = lead.owner
    return {
        "lead": {
            "first_name": lead.first_name,
            "last_name": lead.last_name,
            "name": f"{lead.first_name} {lead.last_name}".strip(),
            "email": lead.email,
            "phone": lead.phone,
            "job_title": lead.job_title,
            "company": lead.company.name if lead.company else "",
            "country": lead.country,
            "persona": lead.persona,
            "products": [product.name for product in products],
        },
        "product": {"key": matching[0].key, "name": matching[0].name} if matching else {},
        "sender": {"name": owner.name, "title": owner.title, "phone": owner.phone} if owner else {},
        "brand": {"name": library.brand().name, "site_url": settings.SITE_URL},
        "links": {"site": settings.SITE_URL},
    }


def build_email(message: Message, *, text: Text, context: dict[str, Any]) -> EmailMultiAlternatives:
    """The e-mail as it goes out: both parts and every header that law and mailbox providers ask."""
    url = unsubscribe_url(message) if message.is_marketing else ""
    confirm = confirm_url(message.opt_in) if message.opt_in else ""
    context = {**context, "links": {**context["links"], "unsubscribe": url, "confirm": confirm}}
    brand = library.brand()
    mail = content.render_email(
        subject=text.subject or text.title,
        body=text.body if not confirm else _with_confirm_link(text.body),
        context=context,
        brand=brand,
        unsubscribe_url=url,
    )
    headers = {"Message-ID": message.message_id}
    if message.is_marketing:
        host = _host(settings.SITE_URL)
        headers |= {
            "List-Unsubscribe": f"<{url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "List-Id": f"{brand.name} <news.{host}>".replace("\n", " "),
        }
    email = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        from_email=formataddr(parseaddr(settings.DEFAULT_FROM_EMAIL)),
        to=[message.to_address],
        headers=headers,
    )
    email.attach_alternative(mail.html, "text/html")
    return email


def address_lines(lead: Lead) -> list[str]:
    """The lines for the address window; none when street or town are not known.

    A lead's postal address is kept in its attributes: street, postal_code, city.
    """
    known = {
        name: _one_line(lead.attributes.get(name, "")) for name in ("street", "postal_code", "city")
    }
    if not (known["street"] and known["city"]):
        return []
    company = lead.company.name if lead.company else ""
    person = f"{lead.first_name} {lead.last_name}".strip()
    town = f"{known['postal_code']} {known['city']}".strip()
    return [line for line in (company, person, known["street"], town, lead.country) if line]


def _one_line(value: object) -> str:
    return re.sub(r"\s+", " ", str(value)).strip()[:80]


def build_letter(
    lead: Lead, *, text: Text, context: dict[str, Any], at: datetime
) -> content.Letter:
    """One letter, ready to be drawn."""
    return content.Letter(
        address=address_lines(lead),
        date=f"{at.day} {at:%B %Y}",
        subject=content.render_line(text.subject or text.title, context),
        text=content.render_text(text.body, context),
    )


def guide_html(asset: Asset, *, context: dict[str, Any]) -> str:
    """A call guide for one lead as clean HTML."""
    return content.render_page(asset.body, context)
