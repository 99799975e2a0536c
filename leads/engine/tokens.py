"""What a lead is found by: words for searches, and keys by which duplicates find each other.

Both are lexemes of one tsvector, made here and written as they are: PostgreSQL's parser is not asked.
Searches ask for beginnings. Every lexeme that no other lead has costs as much as all shared ones, so
what begins like another is left out, and whole addresses and numbers are found by their keys.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from leads.engine.identity import fold

SEPARATORS = re.compile(r"[\s\x00-/:-@\[-`{-\xbf\u2000-\u206f\u3000-\u303f\u30fb]+")
ENDS = re.compile(f"^{SEPARATORS.pattern}|{SEPARATORS.pattern}$")
PLAIN_WORDS = re.compile(r"[0-9a-z]+")
PHONE_WORD = re.compile(r"[+(/]*[0-9][0-9()/.\-]*")
APOSTROPHES = str.maketrans("", "", "'’ʼ`´")
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
SPELT = (("ae", "a"), ("oe", "o"), ("ue", "u"))
# Writing without spaces begins here: a name is typed in one piece
UNSPACED = "\u2e80"
LONGEST = 400  # characters; a lexeme may have 2,046 bytes
AROUND_AN_ADDRESS = "=@<>()[]{},;:\"'"
DIGITS_OF_A_NUMBER = 5  # so many typed in groups are taken for one telephone number
ONE_GMAIL = {"googlemail.com": "gmail.com", "gmail.com": "gmail.com"}
# Where anybody can have a mailbox, whoever they work for
FREE_MAIL = frozenset(
    "aol.com arcor.de bluewin.ch comcast.net freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net "
    "googlemail.com hotmail.co.uk hotmail.com hotmail.de hotmail.fr hotmail.it icloud.com laposte.net "
    "libero.it live.com mac.com mail.com mail.de mail.ru me.com msn.com naver.com orange.fr outlook.com "
    "outlook.de pm.me posteo.de proton.me protonmail.com qq.com rocketmail.com seznam.cz sfr.fr "
    "t-online.de tutanota.com virgilio.it web.de wp.pl yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com "
    "yahoo.de yahoo.es yahoo.fr yahoo.it yandex.ru ymail.com zoho.com 126.com 163.com".split()
)
LEGAL_FORMS = frozenset(
    "ab ag aps as asa bv bvba co company corp corporation cv doo ek eg ev gbr gesmbh gmbh group "
    "holding inc incorporated kft kg kgaa lda limited llc llp lp ltd ltda mbh mbb nv ohg oy oyj "
    "partg plc pte pty pvt sa sarl sas sasu sca se sl slu snc spa spzoo sro srl ug zrt".split()
)

Facts = Mapping[str, Any]


def words_of(facts: Facts, company: str) -> set[str]:
    """Folded words of a person's name, addresses, numbers and company."""
    words = _words(f"{facts['first_name']} {facts['last_name']} {company}")
    if not facts["last_name"].isascii():
        words |= _unspaced(facts["first_name"], facts["last_name"])
    if email := facts["email"]:
        words |= _email_words(email)
    if phone := facts["phone"]:
        words.add(phone[1 + _country_digits(phone[1:4]) :])
    if number := facts["external_id"]:
        words |= _words(number)
    return words


def keys_of(facts: Facts, company: str) -> set[str]:
    """Keys that likely duplicates have in common; all begin with "=", so that no search finds them."""
    keys = set()
    if email := facts["email"]:
        keys.add("=e:" + bare_email(email))
    if phone := facts["phone"]:
        keys.add("=p:" + phone[1:])
    last = plain_name(facts["last_name"])
    first = plain_name(facts["first_name"])
    if first and last:
        keys.add("=n:" + " ".join(sorted(first + last)))
        initials = "".join(sorted(first[0][0] + last[0][0]))
        if company:
            keys.add(f"=c:{initials}, {bare_company(company)}")
        if domain := work_domain(email):
            keys.add(f"=d:{initials}@{domain}")
    if last and company:
        keys.add(f"=l:{' '.join(last)}, {bare_company(company)}")
    return keys


def plain_name(name: str) -> tuple[str, ...]:
    """The words of a name as they compare: no accents, no apostrophes, ae and ä are one."""
    folded = fold(name).translate(APOSTROPHES)
    for spelt, plain in SPELT:
        folded = folded.replace(spelt, plain)
    return tuple(_split(folded))


def work_domain(email: str) -> str:
    """The domain of an address that a company gives out; "" for one that anybody can have."""
    domain = email.rpartition("@")[2]
    return "" if domain in FREE_MAIL else domain


def bare_email(email: str) -> str:
    """The mailbox that an address reaches: no +tag; at Gmail no dots either."""
    local, _, domain = email.rpartition("@")
    box = local.partition("+")[0] or local
    if gmail := ONE_GMAIL.get(domain):
        box, domain = box.replace(".", "") or box, gmail
    return f"{box}@{domain}"


def bare_company(name: str) -> str:
    """The folded words of a company's name without its legal form: “Acme Pumps GmbH” → “acme pumps”."""
    words = _split(fold(name).replace(".", ""))
    return " ".join(word for word in words if word not in LEGAL_FORMS) or " ".join(words)


def vector_of(facts: Facts, company: str) -> str:
    """The words and keys of a lead as the text of a tsvector."""
    return " ".join(map(_quoted, words_of(facts, company) | keys_of(facts, company)))


def company_vector(name: str, domain: str) -> str:
    """The words of a company as the text of a tsvector."""
    words = _words(name) | (_domain_words(domain.lower()) if domain else set())
    return " ".join(map(_quoted, words))


def search_query(q: str) -> str:
    """The text of a tsquery that asks for every word of `q` as a beginning; "" when it holds none."""
    return " & ".join(search_words(q))


def search_words(q: str) -> list[str]:
    """The same, as a tsquery for each word of `q`."""
    asked = [_ask_for(group) for group in _groups(q.split())]
    return [one for one in asked if one]


def _split(folded: str) -> list[str]:
    """Words between punctuation."""
    if folded.isascii():
        return PLAIN_WORDS.findall(folded)
    return [word for word in SEPARATORS.split(folded) if word]


def _words(text: str) -> set[str]:
    """Words of a name, also as they are typed: with their punctuation, without it, ä as ae."""
    folded = fold(text)
    words = set(_split(folded))
    if not folded.replace(" ", "").isalnum():
        words.update(filter(None, map(_trim, folded.split())))
        words.update(_split(folded.translate(APOSTROPHES)))
    if not text.isascii() and (spelt := text.translate(UMLAUTS)) != text:
        words.update(_split(fold(spelt)))
    return words


def _trim(word: str) -> str:
    """A word without the punctuation around it."""
    return ENDS.sub("", word)


def _unspaced(first: str, last: str) -> set[str]:
    """Both names in one piece, where they are written so."""
    first, last = fold(first), fold(last)
    return {last + first, first + last} if last and last[0] >= UNSPACED else set()


def _email_words(email: str) -> set[str]:
    local, _, domain = email.rpartition("@")
    words = _domain_words(domain)
    if "xn--" in domain:
        words |= {f"{local}@{shown}" for shown in words}
    words.update(_split(fold(local)))
    if bare_email(email) != email:
        words.add(email)
    return words


def _domain_words(domain: str) -> set[str]:
    """A domain and its inner labels; one with letters of its own as it is read, too."""
    words = {domain, *(label for label in domain.split(".")[1:-1] if len(label) > 2)}
    if "xn--" in domain:
        try:
            words.add(fold(domain.encode("ascii").decode("idna")))
        except UnicodeError:
            return words
    return words


@lru_cache(maxsize=1_000)
def _country_digits(beginning: str) -> int:
    """How many of the first three digits of an E.164 number say the country."""
    codes = (beginning[:length] for length in (1, 2, 3))
    return next((len(c) for c in codes if c and int(c) in COUNTRY_CODE_TO_REGION_CODE), 0)


def _groups(words: Iterable[str]) -> list[list[str]]:
    """Words typed one by one, but the parts of a telephone number together."""
    groups: list[list[str]] = []
    for word in words:
        is_number = PHONE_WORD.fullmatch(word) is not None
        if is_number and groups and PHONE_WORD.fullmatch(groups[-1][-1]):
            groups[-1].append(word)
        else:
            groups.append([word])
    return groups


def _ask_for(group: list[str]) -> str:
    """One word of a search, or one telephone number: what it may stand for, joined by “or”."""
    text = " ".join(group)
    if PHONE_WORD.fullmatch(group[0]):
        ways = _numbers(text)
    elif "@" in text:
        ways = _addresses(fold(text).strip(AROUND_AN_ADDRESS))
    else:
        whole = _trim(fold(text))
        ways = [_beginning(whole)] if SEPARATORS.search(whole) else []
        ways += [_every(text), _every(text.translate(UMLAUTS))]
    ways = list(dict.fromkeys(way for way in ways if way))
    return f"({' | '.join(ways)})" if len(ways) > 1 else "".join(ways)


def _addresses(text: str) -> list[str]:
    """An e-mail address or how it begins: a whole one is a key. Without an @, a domain."""
    return [_beginning(text)] if "@" not in text else [_beginning("=e:" + text), _beginning(text)]


def _numbers(text: str) -> list[str]:
    """A telephone number as it is kept, with its country or without; else any numbers."""
    digits = "".join(filter(str.isdecimal, text.replace("(0)", "")))
    bare = digits.lstrip("0")
    if text.startswith(("+", "00")):
        return [_beginning("=p:" + bare), _beginning(digits)]
    if len(digits) < DIGITS_OF_A_NUMBER:
        return [_every(text)]
    ways = [_beginning(digits), _beginning(bare)]
    return (
        ways
        if text[0] in "0("
        else [_beginning("=p:" + bare), *ways, _beginning(_trim(text)), _every(text)]
    )


def _every(text: str) -> str:
    """Each piece of what was typed, as a beginning."""
    asked = [_beginning(piece) for piece in _split(fold(text).translate(APOSTROPHES))]
    return f"({' & '.join(asked)})" if len(asked) > 1 else "".join(asked)


def _beginning(word: str) -> str:
    return f"{_quoted(word)}:*" if word else ""


def _quoted(word: str) -> str:
    """A lexeme as tsvector and tsquery read it; quotes and backslashes are data."""
    word = word[:LONGEST]
    if not word.isalnum():
        word = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{word}'"
