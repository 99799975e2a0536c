"""Rows and groups as they are being edited: half finished perhaps, each with what is wrong with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from leadflow.core.errors import Invalid
from leadflow.core.parts import ConditionField
from leads.engine.conditions import Condition, find_field, operators_of
from leads.engine.conditions.sentences import Vocabulary, choice_fault
from leads.engine.conditions.trees import read_test

MATCHES = (
    ("all", "all of these are true"),
    ("any", "any of these is true"),
    ("none", "none of these is true"),
    ("not_all", "not all of these are true"),
)
MATCH = dict(MATCHES)
NOTHING: Mapping[str, Any] = {"all": []}
UNFINISHED = "Finish this condition, or remove it."


@dataclass
class Row:
    """One question: the names of field and operator, and what the controls say."""

    path: str = ""
    name: str = ""
    op: str = ""
    said: dict[str, list[str]] = field(default_factory=dict)
    error: str = ""
    is_fresh: bool = False  # has just been added: the cursor goes there

    @property
    def asked(self) -> ConditionField | None:
        """What is asked about; None while nobody has chosen, or where it is gone."""
        try:
            return find_field(self.name)
        except Invalid:
            return None

    @property
    def takes(self) -> str:
        """What the operator is followed by."""
        known = operators_of(self.asked) if self.asked else {}
        return known[self.op].takes if self.op in known else "nothing"

    def settle(self) -> None:
        """Put an operator that the field knows in the place of one that it does not."""
        if self.asked is not None and self.op not in operators_of(self.asked):
            self.op, self.said = next(iter(operators_of(self.asked))), {}

    @property
    def is_finished(self) -> bool:
        """Whether everything the question needs has been said."""
        return bool(self.name) and (self.takes == "nothing" or bool(self._values("value")))

    def _values(self, name: str) -> list[str]:
        return [value.strip() for value in self.said.get(name, []) if value.strip()]

    def check(self, words: Vocabulary) -> bool:
        """Whether the question can be asked; what is wrong stands in `error`."""
        self.error = ""
        if not self.is_finished:
            self.error = UNFINISHED if self.name else "Choose what to ask."
            return False
        try:
            test = read_test(self.condition())
        except Invalid as error:
            self.error = str(error)
            return False
        self.error = choice_fault(test, words)
        return not self.error

    def condition(self) -> dict[str, Any]:
        """The question in the condition language."""
        made: dict[str, Any] = {"field": self.name, "op": self.op}
        values = self._values("value")
        if self.takes == "choices":
            made["value"] = values
        elif self.takes in {"number", "days", "count"}:
            made["value"] = _number(values[0])
        elif self.takes != "nothing":
            made["value"] = values[0]
        if self.asked is not None and self.asked.kind == "count":
            made |= self._narrowed(self.asked)
        return made

    def _narrowed(self, field: ConditionField) -> dict[str, Any]:
        made: dict[str, Any] = {}
        if days := self._values("days"):
            made["days"] = _number(days[0])
        for name, detail in field.details.items():
            if values := self._values(name):
                made[name] = values if detail.choices else values[0]
        return made

    @classmethod
    def of(cls, condition: Condition) -> "Row":
        """A question of the condition language as a row."""
        said = {
            name: [str(one) for one in (value if isinstance(value, list) else [value])]
            for name, value in condition.items()
            if name not in {"field", "op"} and value is not None
        }
        return cls(name=str(condition.get("field", "")), op=str(condition.get("op", "")), said=said)


@dataclass
class Group:
    """Rows and further groups, and how many of them have to be true."""

    path: str = ""
    match: str = "all"
    parts: list["Row | Group"] = field(default_factory=list)
    depth: int = 0

    is_group = True

    def rows(self) -> Iterator[Row]:
        """Every row in it, in order."""
        for part in self.parts:
            if isinstance(part, Group):
                yield from part.rows()
            else:
                yield part

    def number(self, path: str, depth: int = 0) -> None:
        """Give everything in it its place anew."""
        self.path, self.depth = path, depth
        for place, part in enumerate(self.parts):
            if isinstance(part, Group):
                part.number(f"{path}.{place}", depth + 1)
            else:
                part.path = f"{path}.{place}"

    def condition(self, *, finished_only: bool = False) -> dict[str, Any]:
        """The group in the condition language; what is half finished may be left out."""
        parts = [
            part.condition(finished_only=finished_only)
            if isinstance(part, Group)
            else part.condition()
            for part in self.parts
            if isinstance(part, Group) or not finished_only or not part.error
        ]
        if finished_only:  # a group with nothing in it yet says nothing
            parts = [part for part in parts if part != NOTHING]
            if not parts:
                return dict(NOTHING)
        made = {"all" if self.match in {"all", "not_all"} else "any": parts}
        return {"not": made} if self.match in {"none", "not_all"} else made

    @classmethod
    def of(cls, condition: Condition) -> "Group":
        """A condition as a group; a single question becomes a group of one."""
        for key, other in (("all", "not_all"), ("any", "none")):
            if key in condition:
                return cls(match=key, parts=[_part(part) for part in condition[key]])
            negated = condition.get("not")
            if isinstance(negated, dict) and key in negated:
                return cls(match=other, parts=[_part(part) for part in negated[key]])
        if "not" in condition:
            return cls(match="none", parts=[_part(condition["not"])])
        return cls(parts=[Row.of(condition)])


def _part(condition: Condition) -> Row | Group:
    return Row.of(condition) if "field" in condition else Group.of(condition)


def _number(text: str) -> Any:
    """The number that a text says; the text itself where it says none, for the error to name."""
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return text
    return int(number) if number.is_integer() else number
