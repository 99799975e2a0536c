"""How names, addresses and numbers are made comparable."""

import re
import unicodedata
from functools import lru_cache

import phonenumbers
from django.conf import settings
from email_validator import EmailNotValidError, validate_email

from leadflow.core.errors import Invalid

# Letters that Unicode does not take apart into a plain one and an accent
PLAIN = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
GOOGLE = frozenset({"gmail.com", "googlemail.com"})


@lru_cache(maxsize=10_000)
def _check_domain(domain: str) -> str:
    """The domain in lower-case ASCII; raises EmailNotValidError."""
    result = validate_email(f"x@{domain}", check_deliverability=False, test_environment=True)
    return (result.ascii_domain or domain).lower()


def normalize_email(text: str) -> str:
    """The address in lower case, domain in ASCII; "" stays ""; raises Invalid.

    Where EMAIL_PROVIDER_RULES is set, aliases of one mailbox become one address: every match, and the
    database's own rule that an address is known once, then count them as one person.
    """
    address = _normalize(text)
    return provider_key(address) if settings.EMAIL_PROVIDER_RULES else address


def provider_key(address: str) -> str:
    """A normalised address without what its provider does not look at: Google's dots and +tags."""
    local, _, domain = address.rpartition("@")
    if domain not in GOOGLE:
        return address
    name = local.partition("+")[0].replace(".", "")
    return f"{name}@gmail.com" if name else address


def _normalize(text: str) -> str:
    text = unicodedata.normalize("NFC", text.strip())
    if not text:
        return ""
    local, _, domain = text.rpartition("@")
    try:
        if (
            local.isascii()
            and local.replace(".", "").replace("_", "").replace("-", "").replace("+", "").isalnum()
        ):
            plain = not local.startswith(".") and not local.endswith(".") and ".." not in local
            if plain and len(local) <= 64 and len(text) <= 254:
                return f"{local.lower()}@{_check_domain(domain)}"
        result = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise Invalid(f"“{text[:80]}” is not an e-mail address: {error}", field="email") from None
    return unicodedata.normalize("NFC", (result.ascii_email or result.normalized).lower())[:254]


def normalize_phone(text: str, region: str = "") -> str:
    """The number as E.164; "" stays ""; raises Invalid when it cannot be a number.

    Without a country code it is one of `region`, the person's country, or else of DEFAULT_PHONE_REGION.
    """
    text = text.strip()
    if region.upper() not in phonenumbers.SUPPORTED_REGIONS:
        region = settings.DEFAULT_PHONE_REGION
    if not text or (E164.fullmatch(text) and _is_plain(text[:6], len(text))):
        return text
    try:
        number = phonenumbers.parse(text, region.upper() or None)
    except phonenumbers.NumberParseException:
        raise Invalid(
            f"“{text[:40]}” is not a phone number; give the country code, like +49 …", field="phone"
        ) from None
    written = str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    if not phonenumbers.is_possible_number(number) or not _is_plain(written[:6], len(written)):
        raise Invalid(f"“{text[:40]}” cannot be a phone number", field="phone")
    return written


@lru_cache(maxsize=10_000)
def _is_plain(beginning: str, length: int) -> bool:
    """Whether numbers that begin like this and are this long are E.164 already: a country knows its lengths."""
    example = beginning.ljust(length, "2")
    try:
        number = phonenumbers.parse(example)
    except phonenumbers.NumberParseException:
        return False
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return bool(phonenumbers.is_possible_number(number)) and written == example


def fold(text: str) -> str:
    """Lower case without accents, for searching."""
    if text.isascii():
        return text.lower()
    taken_apart = unicodedata.normalize("NFKD", text)
    bare = "".join(char for char in taken_apart if not unicodedata.combining(char))
    return bare.casefold().translate(PLAIN)


def clean(text: object, *, most: int) -> str:
    """One line of text from outside: no control characters, no surplus space, at most `most` long."""
    line = str(text)
    if line.isprintable() and "  " not in line:
        return line.strip()[:most]
    if not line.isprintable():
        line = "".join(char if char.isprintable() else " " for char in line)
    return " ".join(line.split())[:most]
