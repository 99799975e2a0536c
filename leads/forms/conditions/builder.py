"""The builder: reads what was sent, does what a button asks for, and tells how it is drawn."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import QueryDict

from leadflow.core.errors import Invalid
from leadflow.core.parts import Choices, condition_families, condition_fields
from leads.engine.conditions import (
    DEEPEST,
    MOST_TESTS,
    Condition,
    Vocabulary,
    compile_condition,
    find_field,
    operators_of,
)
from leads.forms.conditions.parts import MATCH, MATCHES, Group, Row

NAME = "c"
NAMES = (NAME, "h", "x")  # under which the builders of one page send what they hold
_PLACE = re.compile(r"([a-z])((?:\.\d{1,3}){0,12})\.([a-z_]{1,20})")
DEEPEST_DRAWN = 4  # groups in groups that the buttons offer; deeper ones that exist are drawn
LONG = 12  # values beyond which a list can be searched
ORDER = ("Score", "What they did", "Pipeline", "Person", "Company", "Events", "Consent", "Groups")
HINTS = {"older_days": "days ago"}


@dataclass(frozen=True)
class Control:
    """One thing to fill in: `kind` says how it is drawn, `name` under which name it is sent."""

    kind: str  # select, pick, number, text, date
    name: str
    label: str
    values: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    is_many: bool = False
    before: str = ""
    after: str = ""
    empty: str = ""

    @property
    def value(self) -> str:
        """What is in it, where that is one thing."""
        return self.values[0] if self.values else ""

    @property
    def is_long(self) -> bool:
        """Whether its values are too many to look through."""
        return len(self.options) > LONG

    @property
    def chosen(self) -> str:
        """The names of what is chosen."""
        names = dict(self.options)
        return ", ".join(names.get(value, value) for value in self.values)


class Builder:
    """A condition that is being edited."""

    def __init__(self, root: Group, *, name: str = NAME) -> None:
        self.words = Vocabulary()
        self.root = root
        self.name = name
        self.error = ""
        self._number()

    @classmethod
    def blank(cls, *, name: str = NAME) -> "Builder":
        """One empty row."""
        return cls(Group(parts=[Row()]), name=name)

    @classmethod
    def of(cls, condition: Condition, *, name: str = NAME) -> "Builder":
        """The builder of a condition that exists."""
        return cls(Group.of(condition), name=name)

    @classmethod
    def read(cls, data: QueryDict, *, name: str = NAME) -> "Builder":
        """What was sent under a name; whatever makes no sense in it is left out."""
        said: dict[str, dict[str, list[str]]] = {}
        for key, values in data.lists():
            if (found := _PLACE.fullmatch(key)) and found[1] == name:
                said.setdefault(found[2], {})[found[3]] = [value[:300] for value in values]
        return cls(_read_group(said, "") if said else Group(parts=[Row()]), name=name)

    @classmethod
    def pressed(cls, data: QueryDict) -> "Builder":
        """The builder whose button was pressed or whose field was chosen, of those on a page."""
        place = data.get("do", "").partition(":")[2] or data.get("builder", NAME)
        return cls.read(data, name=place[:1] if place[:1] in NAMES else NAME)

    @property
    def is_blank(self) -> bool:
        """Whether nothing has been asked yet."""
        return all(not row.name for row in self.root.rows())

    def _number(self) -> None:
        self.root.number(self.name)
        for row in self.root.rows():
            row.settle()

    # ---- edits

    def edit(self, act: str) -> bool:
        """Do what a button asks for, like “add:c.1”; False when it is none of the builder's."""
        verb, _, path = act.partition(":")
        if verb not in {"add", "group", "remove", "set"}:
            return False
        if verb == "remove":
            self._remove(path)
        elif verb != "set" and (group := self._group(path)) and not self.is_full:
            fresh = Row(is_fresh=True)
            group.parts.append(fresh if verb == "add" else Group(match="any", parts=[fresh]))
        if not self.root.parts:
            self.root.parts.append(Row(is_fresh=True))
        self._number()
        return True

    @property
    def is_full(self) -> bool:
        """Whether there is room for no more rows."""
        return sum(1 for _ in self.root.rows()) >= MOST_TESTS

    def _group(self, path: str) -> Group | None:
        found = self._part(path)
        return found if isinstance(found, Group) else None

    def _part(self, path: str) -> Row | Group | None:
        part: Row | Group = self.root
        for step in path.split(".")[1:]:
            if not isinstance(part, Group) or not step.isdecimal() or int(step) >= len(part.parts):
                return None
            part = part.parts[int(step)]
        return part

    def _remove(self, path: str) -> None:
        above, _, place = path.rpartition(".")
        if above and (group := self._group(above)) and int(place) < len(group.parts):
            del group.parts[int(place)]
            if not group.parts and above != self.name:  # a group without rows would say nothing
                self._remove(above)

    # ---- what it says

    def condition(self) -> dict[str, Any]:
        """The condition; raises Invalid, with the faults standing at their rows."""
        faults = [row for row in self.root.rows() if not row.check(self.words)]
        if faults:
            raise Invalid("Finish the conditions that are marked below.", field="condition")
        made = self.root.condition()
        compile_condition(made)
        return made

    def finished(self) -> tuple[dict[str, Any], int]:
        """What can be asked already, and how many rows are left out of it; raises Invalid."""
        left_out = sum(not row.check(self.words) for row in self.root.rows())
        made = self.root.condition(finished_only=True)
        compile_condition(made)
        return made, left_out

    def forgive(self) -> None:
        """Take the faults away: nobody is blamed for what they have not finished yet."""
        for row in self.root.rows():
            row.error = ""

    # ---- how it is drawn

    matches = MATCHES
    deepest = DEEPEST_DRAWN

    @cached_property
    def field_groups(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Fields to choose from, by group; those in use stay though they are in use nowhere else."""
        groups: dict[str, list[tuple[str, str]]] = {group: [] for group in ORDER}
        for name, field in condition_fields.items():
            groups.setdefault(field.group, []).append((name, _capital(field.label)))
        used = {row.name for row in self.root.rows()}
        for name, family in condition_families.items():
            keys = {f"{name}.{key}" for key in family.in_use()} | {
                one for one in used if one.startswith(f"{name}.")
            }
            named = [(key, _capital(find_field(key).label)) for key in sorted(keys)]
            groups.setdefault(family.group, []).extend(named)
        return [(group, sorted(rows, key=_by_label)) for group, rows in groups.items() if rows]

    def drawn(self, row: Row) -> dict[str, Any]:
        """A row as the template draws it."""
        if row.asked is None:
            return {"operators": [], "controls": [], "details": []}
        operators = [(op, _words(op, one.words)) for op, one in operators_of(row.asked).items()]
        return {
            "operators": operators,
            "controls": list(self._controls(row)),
            "details": list(self._details(row)),
        }

    def _controls(self, row: Row) -> Iterable[Control]:
        field, takes = row.asked, row.takes
        assert field is not None
        name, label = f"{row.path}.value", f"{_capital(field.label)}: value"
        values = tuple(row.said.get("value", ()))
        if takes in {"choice", "choices"}:
            options = self._options(values, field.choices, field.former)
            yield _choice(name, label, values, options, is_many=takes == "choices")
        elif takes in {"number", "count"}:
            yield Control("number", name, label, values, after="times" if takes == "count" else "")
        elif takes == "days":
            yield Control("number", name, label, values, after=HINTS.get(row.op, "days"))
        elif takes == "day":
            yield Control("date", name, label, values)
        elif takes == "text":
            yield Control("text", name, label, values, options=self._options((), field.choices))

    def _details(self, row: Row) -> Iterable[Control]:
        """What narrows a count."""
        if row.asked is None or row.asked.kind != "count":
            return
        for name, detail in row.asked.details.items():
            values = tuple(value for value in row.said.get(name, ()) if value)
            label, key = _capital(detail.label), f"{row.path}.{name}"
            if detail.choices is None:
                yield Control("text", key, f"{label} contains", values)
            else:
                options = self._options(values, detail.choices, detail.former)
                yield Control(
                    "pick", key, label, values, options, is_many=True, empty=f"Any {detail.label}"
                )
        days = tuple(row.said.get("days", ()))
        yield Control("number", f"{row.path}.days", "In the last", days, after="days", empty="ever")

    def _options(
        self, values: tuple[str, ...], *choices: Choices | None
    ) -> tuple[tuple[str, str], ...]:
        """Values to choose from, and those chosen that are not offered any more."""
        offered = list(self.words.choices(choices[0])) if choices[0] else []
        known = {key for key, _ in offered}
        former = [
            (value, f"{self.words.name(value, *choices)} (not in use)")
            for value in values
            if value and value not in known
        ]
        return tuple(offered + former)


def _read_group(said: Mapping[str, Mapping[str, list[str]]], path: str) -> Group:
    """The group at a path; its parts are whatever lies one step below, in order of their numbers."""
    match = said.get(path, {}).get("match", [""])[0]
    steps = {key[len(path) + 1 :].split(".")[0] for key in said if key.startswith(f"{path}.")}
    group = Group(match=match if match in MATCH else "all")
    if path.count(".") >= DEEPEST:
        return group
    for step in sorted(steps, key=int):
        below = f"{path}.{step}"
        mine = said.get(below, {})
        if "field" in mine:
            group.parts.append(_read_row(mine))
        else:
            group.parts.append(_read_group(said, below))
    return group


def _read_row(mine: Mapping[str, list[str]]) -> Row:
    said = {name: values for name, values in mine.items() if name not in {"field", "op"}}
    return Row(name=mine["field"][0][:100], op=mine.get("op", [""])[0][:40], said=said)


def _choice(
    name: str,
    label: str,
    values: tuple[str, ...],
    options: tuple[tuple[str, str], ...],
    *,
    is_many: bool,
) -> Control:
    kind = "pick" if is_many or len(options) > LONG else "select"
    return Control(kind, name, label, values, options, is_many=is_many, empty="Choose …")


def _words(op: str, words: str) -> str:
    return {"older_days": "more than"}.get(op, words)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _by_label(pair: tuple[str, str]) -> str:
    return pair[1].lower()
