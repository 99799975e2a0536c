"""How alike two people are: facts of both in, percent and reasons out.

A name alone never makes two people one: it takes something more that they share (a mailbox, a number,
a company), and what tells two people apart (junior and senior, two numbered mailboxes of one company)
weighs against it.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from rapidfuzz.distance import OSA, JaroWinkler

from leads.engine.identity import fold
from leads.engine.tokens import bare_company, bare_email, plain_name, work_domain

LEAST = 60  # percent from which on two people are shown as likely duplicates
MOST = 99  # nobody but a person knows for sure
MANY_COLLEAGUES = 100  # so many people of one company, and namesakes are to be expected
MANY_NAMESAKES = 5
# What is taken off where company and name prove less: (big company, common name) → points
COMMON = {(False, False): 0, (False, True): 5, (True, False): 15, (True, True): 30}
ALIKE, SIMILAR, DIFFERENT = 97, 84, 70  # percent of names
SHORT = 5  # letters; in a shorter name one other letter makes another name: Lars, Lara
GENERATIONS = {"jr": "jr", "junior": "jr", "jun": "jr", "sr": "sr", "senior": "sr", "sen": "sr",
               "ii": "ii", "iii": "iii", "iv": "iv"}  # fmt: skip
NUMBERED = re.compile(r"[0-9]+")


class Facts(NamedTuple):
    """What is compared of a person; addresses and numbers are normalised already."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    company: str = ""
    country: str = ""
    job_title: str = ""


class Likeness(NamedTuple):
    """How alike two people are in percent, and the codes of the reasons with their figures."""

    percent: int
    reasons: list[dict[str, Any]]


class _Name(NamedTuple):
    """A name made comparable: plain words of both parts, and what tells generations apart."""

    first: tuple[str, ...]
    last: tuple[str, ...]
    generation: frozenset[str]


WORDS_FOR = {
    "email": "same mailbox",
    "phone": "same phone number",
    "company": "same company",
    "domain": "same e-mail domain",
    "job_title": "same job title",
    "mailboxes": "mailboxes that fit one name",
}


def compare(
    one: Facts, other: Facts, *, namesakes: int = 2, colleagues: int = 0
) -> Likeness | None:
    """How alike two people are; None for those that are not likely to be one.

    `namesakes` are all people known by this name, `colleagues` all of the company: what is frequent
    proves less.
    """
    reasons: list[dict[str, Any]] = []
    ways, work = _compare_ways(one, other, reasons), _compare_work(one, other, reasons)
    if ways + work <= 0:  # a name alone proves nothing
        return None
    mine, theirs = _name(one.first_name, one.last_name), _name(other.first_name, other.last_name)
    if mine.generation != theirs.generation:
        return None
    alike, names = _compare_names(mine, theirs)
    points = alike + ways + work
    if work > 0:
        points += _compare_mailboxes(one, other, reasons)
    if one.country and other.country and one.country != other.country:
        points -= 10
    if not _has_way(reasons):
        points -= COMMON[colleagues >= MANY_COLLEAGUES, namesakes >= MANY_NAMESAKES]
    return Likeness(min(points, MOST), names + reasons) if points >= LEAST else None


def describe_reasons(reasons: Iterable[Mapping[str, Any]]) -> list[str]:
    """The reasons in words: “same phone number”, “names 94 % alike”."""
    return [_words(reason) for reason in reasons]


def _words(reason: Mapping[str, Any]) -> str:
    code = str(reason.get("code", ""))
    if code == "name":
        percent = int(reason.get("percent", 0))
        return "same name" if percent == 100 else f"names {percent} % alike"
    if code == "swapped":
        return "first and last name swapped"
    return WORDS_FOR.get(code, code)


def _compare_names(mine: _Name, theirs: _Name) -> tuple[int, list[dict[str, Any]]]:
    """Points for how alike the names are, with the reasons; few where one is not known."""
    if not (mine.last or mine.first) or not (theirs.last or theirs.first):
        return 20, []
    straight = _alike(mine, theirs)
    swapped = 0
    if straight < ALIKE:
        swapped = _alike(mine, _Name(theirs.last, theirs.first, theirs.generation))
    percent = max(straight, swapped)
    if percent < DIFFERENT:
        return -40, []
    reasons: list[dict[str, Any]] = [{"code": "name", "percent": percent}]
    if swapped > straight and swapped >= SIMILAR:
        reasons.append({"code": "swapped"})
    if percent >= ALIKE:
        return 55, reasons
    return (45 if percent >= SIMILAR else 10), reasons


def _alike(mine: _Name, theirs: _Name) -> int:
    """Percent; both parts have to be alike: a brother has the same last name."""
    last = _alike_words(mine.last, theirs.last)
    first = _alike_words(mine.first, theirs.first)
    return int(min((last + first) / 2, min(last, first) + 12))


def _alike_words(mine: tuple[str, ...], theirs: tuple[str, ...]) -> float:
    """Percent; one that is left out proves little, an initial or one name of several much."""
    if not mine or not theirs:
        return 80
    if mine == theirs:
        return 100
    fewer, more = sorted((mine, theirs), key=len)
    if len(fewer) == len(more) == 1 and min(len(fewer[0]), len(more[0])) == 1:
        return 90 if fewer[0][0] == more[0][0] else 0
    if set(fewer) <= set(more):
        return 93
    one, other = " ".join(mine), " ".join(theirs)
    percent = 100 * OSA.normalized_similarity(one, other)
    return percent if min(len(one), len(other)) >= SHORT else 0.9 * percent


def _compare_ways(one: Facts, other: Facts, reasons: list[dict[str, Any]]) -> int:
    """Points for the same mailbox and the same number."""
    points = 0
    if one.email and other.email and _mailbox(one.email) == _mailbox(other.email):
        reasons.append({"code": "email"})
        points += 45
    if one.phone and one.phone == other.phone:
        reasons.append({"code": "phone"})
        points += 40
    return points


def _compare_work(one: Facts, other: Facts, reasons: list[dict[str, Any]]) -> int:
    """Points for working for the same company, by its name or by its mail domain."""
    points = 0
    company = _alike_companies(one.company, other.company)
    if company >= 92:
        reasons.append({"code": "company"})
        points += 30
    elif company < 75:
        points -= 15
    domain = work_domain(one.email)
    if domain and domain == work_domain(other.email):
        reasons.append({"code": "domain"})
        points = max(points, 28)
    if points > 0 and one.job_title and fold(one.job_title) == fold(other.job_title):
        reasons.append({"code": "job_title"})
        points += 5
    return points


def _alike_companies(mine: str, theirs: str) -> float:
    """Percent; something in between where one is not known."""
    if not mine or not theirs:
        return 80
    one, other = _bare(mine), _bare(theirs)
    if one == other:
        return 100
    if NUMBERED.findall(one) != NUMBERED.findall(other):  # Plant 1 and Plant 2 are two
        return 0
    return 100 * JaroWinkler.similarity(one, other)


_bare = lru_cache(maxsize=100_000)(bare_company)
_mailbox = lru_cache(maxsize=100_000)(bare_email)


def _compare_mailboxes(one: Facts, other: Facts, reasons: list[dict[str, Any]]) -> int:
    """Two mailboxes at one company: t.king and thomas.king may be one, king1 and king2 are two."""
    domain = work_domain(one.email)
    if not domain or domain != work_domain(other.email) or _has_way(reasons):
        return 0
    mine, theirs = one.email.partition("@")[0], other.email.partition("@")[0]
    if NUMBERED.findall(mine) != NUMBERED.findall(theirs):
        return -30
    if _fits(mine, other) and _fits(theirs, one):
        reasons.append({"code": "mailboxes"})
        return 5
    return -15


def _fits(mailbox: str, facts: Facts) -> bool:
    """Whether a mailbox is a way of writing a name: thomas.king, t.king, tking, king."""
    parts = [plain_name(facts.first_name), plain_name(facts.last_name)]
    names = {word for part in parts for word in part}
    short = {word[0] for word in names}
    joined = {a + b for a in names | short for b in names | short}
    return all(word in names | short | joined for word in plain_name(mailbox.replace("_", ".")))


def _has_way(reasons: Iterable[Mapping[str, Any]]) -> bool:
    return any(reason["code"] in {"email", "phone"} for reason in reasons)


@lru_cache(maxsize=200_000)
def _name(first: str, last: str) -> _Name:
    parts, generation = [], set()
    for words in (plain_name(first), plain_name(last)):
        marks = [word for word in words if word in GENERATIONS] if len(words) > 1 else []
        generation |= {GENERATIONS[mark] for mark in marks}
        parts.append(tuple(word for word in words if word not in marks))
    return _Name(parts[0], parts[1], frozenset(generation))
