"""What a public form asks: its questions, what may be wrong with them, and which are asked now."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from leadflow.core.errors import Invalid
from leads.engine.identity import clean, fold

MOST_QUESTIONS, MOST_OPTIONS = 60, 100
KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
RESERVED = frozenset(
    "token website consent wording page_url page_referrer csrfmiddlewaretoken new".split()
)


class Kind(NamedTuple):
    """A kind of question: how it is called, its icon, and what it is good for."""

    label: str
    icon: str
    hint: str


KINDS: dict[str, Kind] = {
    "text": Kind("Short text", "text-cursor-input", "One line in their own words"),
    "textarea": Kind("Long text", "text-align-start", "Room for a few sentences"),
    "choice": Kind("One of several", "circle-dot", "They pick one answer of yours"),
    "choices": Kind("Any of several", "list-checks", "They tick what applies"),
    "checkbox": Kind("Yes or no", "square-check", "One box to tick"),
    "number": Kind("Number", "hash", "A figure, like the number of machines"),
    "date": Kind("Date", "calendar", "A day, like when they want to start"),
    "email": Kind("E-mail address", "at-sign", "Another address than their own"),
    "tel": Kind("Phone number", "phone", "Another number than their own"),
    "company": Kind("Company", "building-2", "Whom they work for"),
    "country": Kind("Country", "globe", "Chosen from a list"),
    "hidden": Kind("Hidden value", "eye-off", "Not shown: a fixed value, or one from the link"),
}


class Fact(NamedTuple):
    """Something every lead has a place for: what it is asked with, and how."""

    label: str
    kind: str
    most: int


FACTS: dict[str, Fact] = {
    "first_name": Fact("First name", "text", 120),
    "last_name": Fact("Last name", "text", 120),
    "email": Fact("E-mail", "email", 254),
    "phone": Fact("Phone", "tel", 40),
    "company": Fact("Company", "company", 200),
    "job_title": Fact("Job title", "text", 120),
    "country": Fact("Country", "country", 2),
    "message": Fact("Message", "textarea", 5_000),
}
OWN_KINDS = tuple(kind for kind in KINDS if kind not in {"company", "country"})
_LONGEST = {"text": 300, "textarea": 5_000, "email": 254, "tel": 40, "company": 200}


@dataclass(frozen=True)
class Question:
    """One question of a form; its answer is kept under `name`: a fact of the lead, or one of its own."""

    name: str
    label: str
    kind: str = "text"
    is_required: bool = False
    help: str = ""
    options: tuple[str, ...] = ()
    value: str = ""  # what a hidden one says
    param: str = ""  # or the parameter of the address that says it

    @classmethod
    def read(cls, row: Any) -> "Question | None":
        """The question a stored row tells of; None where it makes no sense."""
        if not isinstance(row, Mapping) or not KEY.fullmatch(str(row.get("name", ""))):
            return None
        name, kind = str(row["name"]), str(row.get("type", ""))
        named = FACTS[name].label if name in FACTS else name.replace("_", " ").capitalize()
        usual = FACTS[name].kind if name == "message" else "text"
        return cls(
            name=name,
            label=str(row.get("label") or named),
            kind=kind if kind in KINDS else usual,
            is_required=bool(row.get("required")),
            help=str(row.get("help") or ""),
            options=tuple(str(option) for option in row.get("options") or ()),
            value=str(row.get("value") or ""),
            param=str(row.get("param") or ""),
        )

    def write(self) -> dict[str, Any]:
        """The row that is stored."""
        row: dict[str, Any] = {"name": self.name, "label": self.label, "type": self.kind}
        row["required"] = self.is_required
        said = {"help": self.help, "options": list(self.options)}
        said |= {"value": self.value, "param": self.param}
        return row | {name: value for name, value in said.items() if value}

    @property
    def is_shown(self) -> bool:
        """Whether people see it."""
        return self.kind != "hidden"

    @property
    def icon(self) -> str:
        """The icon of its kind."""
        return KINDS[self.kind].icon

    @property
    def kind_label(self) -> str:
        """The name of its kind."""
        return KINDS[self.kind].label

    @property
    def most(self) -> int:
        """How many characters an answer may have."""
        return FACTS[self.name].most if self.name in FACTS else _LONGEST.get(self.kind, 300)


def fact_question(name: str) -> Question:
    """The usual question for a fact; raises KeyError for none of them."""
    fact = FACTS[name]
    return Question(name, fact.label, fact.kind, is_required=name == "email")


def read_questions(rows: Any) -> list[Question]:
    """The questions of stored rows, each name once; rows without sense are left out."""
    found: dict[str, Question] = {}
    for row in rows if isinstance(rows, list) else []:
        question = Question.read(row)
        if question is not None:
            found.setdefault(question.name, question)
    return list(found.values())


def identifying(questions: Sequence[Question]) -> Question | None:
    """The question that tells who somebody is: the e-mail address, else the phone number."""
    shown = {question.name: question for question in questions if question.is_shown}
    return shown.get("email") or shown.get("phone")


def choose_questions(
    questions: Sequence[Question], *, known: Collection[str] = (), most: int | None = None
) -> list[Question]:
    """Those to be asked now, in order: without `most` all of them, else the first that are not known.

    Who somebody is, is always among them, unless that is known.
    """
    shown = [question for question in questions if question.is_shown]
    if most is None:
        return shown
    left = [question for question in shown if question.name not in known]
    first = identifying(left) if not {"email", "phone"} & set(known) else None
    rest = [question for question in left if question is not first]
    chosen = {question.name for question in [*([first] if first else []), *rest][:most]}
    return [question for question in left if question.name in chosen]


def check_question(question: Question) -> None:
    """Raise Invalid naming what is wrong with one question."""
    if not question.label.strip():
        raise Invalid("Write the question.", field="label")
    if not KEY.fullmatch(question.name) or question.name in RESERVED:
        raise Invalid(
            "A key begins with a letter and has only small letters, digits and _; "
            f"“{question.name[:40]}” is not one.",
            field="name",
        )
    if question.kind not in KINDS:
        raise Invalid(f"There is no kind of question “{question.kind[:40]}”.", field="kind")
    if question.name in FACTS and question.kind in {"choices", "checkbox", "number", "date"}:
        raise Invalid(
            f"“{FACTS[question.name].label}” is a fact of every lead and is told in words: "
            "choose another key for this question.",
            field="name",
        )
    if question.kind in {"choice", "choices"} and len(question.options) < 2:
        raise Invalid("Give at least two answers to choose from, one a line.", field="options")
    if len(question.options) > MOST_OPTIONS:
        raise Invalid(f"A question may have {MOST_OPTIONS} answers.", field="options")
    if question.kind == "hidden" and not (question.value or question.param):
        raise Invalid("Say the value, or the parameter of the link that holds it.", field="value")


def check_questions(questions: Sequence[Question]) -> None:
    """Raise Invalid where the questions together make no form."""
    names = [question.name for question in questions]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise Invalid(f"The form asks for “{twice}” already.", field="name")
    if len(questions) > MOST_QUESTIONS:
        raise Invalid(f"A form may have {MOST_QUESTIONS} questions; nobody fills in more.")
    if identifying(questions) is None:
        raise Invalid(
            "A form has to ask for an e-mail address or a phone number: without one nobody knows "
            "who has sent it."
        )


def key_of(label: str, *, taken: Collection[str] = ()) -> str:
    """A key made of the words of a question that no other question has."""
    words = re.sub(r"[^a-z0-9]+", "_", fold(label)).strip("_")
    start = (words if words[:1].isalpha() else f"question_{words}").strip("_")[:34].strip("_")
    unfit = {*taken, *RESERVED, *FACTS}
    numbered = (f"{start}_{number}" for number in range(2, len(unfit) + 3))
    return next(key for key in (start, *numbered) if key not in unfit)


def read_options(text: str) -> tuple[str, ...]:
    """Answers to choose from, one a line; each once."""
    lines = (clean(line, most=120) for line in text.splitlines())
    return tuple(dict.fromkeys(line for line in lines if line))
