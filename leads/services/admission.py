"""What an imported row must say before its person may stand in the stage it tells of."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from content.models import Persona
from leadflow.core.errors import Invalid
from leads.engine.pipeline import Pipeline
from leads.importing import Mapping, Person, RowError
from leads.models import Lead
from leads.queries.requirements import AMOUNT, REQUIREMENTS, find_lacking
from leads.services.acts import Act, Cause
from leads.services.verbs import check_act, refusal


class Plan(NamedTuple):
    """The verb that brings people from one stage into that of the file, and the reason for it."""

    verb: str
    reason: str


class Admission:
    """The checks of one chunk: what verbs and stages ask for, asked once and not once a row."""

    def __init__(self, mapping: Mapping, pipeline: Pipeline, *, cause: Cause, at: datetime) -> None:
        self.mapping = mapping
        self.pipeline = pipeline
        self.cause = cause
        self.at = at
        self.stage = mapping.stage or pipeline.first_stage()
        self.requires = pipeline.requires(self.stage)
        self._verbs: dict[str, str] = {}
        self._faults: dict[Plan, Invalid | None] = {}

    def turn_away_new(self, people: Collection[Person]) -> list[RowError]:
        """Rows of new people who may not enter the stage: a fact or the reason is missing."""
        first = self.pipeline.first_stage()
        if self.stage == first and not self.requires:
            return []
        errors = []
        for person in people:
            error = self._reason_fault(person, self.plan(person, first))
            lacking = next((name for name in self.requires if not _says(person, name)), None)
            if error or lacking:
                errors.append(error or self._lack(person, lacking or ""))
        return errors

    def turn_away_known(self, pairs: Sequence[tuple[Person, Lead]]) -> list[RowError]:
        """Rows that tell known leads to move where they cannot go, or without what that asks for."""
        moving = [(person, lead) for person, lead in pairs if self.moves(person, lead)]
        lacking = self._find_lacking(moving)
        errors = []
        for person, lead in moving:
            plan = self.plan(person, lead.stage)
            words = refusal(lead.stage, self.act(plan), pipeline=self.pipeline)
            error = RowError(person.row, "stage", words) if words else None
            error = error or self._reason_fault(person, plan)
            if error or lead.pk in lacking:
                errors.append(error or self._lack(person, lacking[lead.pk]))
        return errors

    def moves(self, person: Person, lead: Lead) -> bool:
        """Whether the row tells of a stage that the lead has not reached yet."""
        current, target = lead.stage, person.stage
        if not target or current == target:
            return False
        both = self.pipeline.is_on_path(current) and self.pipeline.is_on_path(target)
        return not both or self.pipeline.place[current] <= self.pipeline.place[target]

    def plan(self, person: Person, current: str) -> Plan:
        """How the person of a row gets from `current` into the stage; no verb where they stand there."""
        if current not in self._verbs:
            stays = current == self.stage
            self._verbs[current] = "" if stays else self.pipeline.verb_into(current, self.stage)
        return Plan(self._verbs[current], person.reason)

    def act(self, plan: Plan) -> Act:
        """The act that a plan is, for everybody alike."""
        hands_off = plan.verb == "offer" and self.stage in self.pipeline.offered_sides
        return Act(
            verb=plan.verb,
            at=self.at,
            cause=self.cause,
            reason=plan.reason,
            towards=self.pipeline.offered_sides[self.stage].key if hands_off else self.stage,
            currency=self.mapping.currency,
            is_silent=True,
            may_skip=True,
        )

    def _reason_fault(self, person: Person, plan: Plan) -> RowError | None:
        if not plan.verb:
            return None
        if plan not in self._faults:
            try:
                check_act(self.act(plan), pipeline=self.pipeline)
                self._faults[plan] = None
            except Invalid as error:
                self._faults[plan] = error
        fault = self._faults[plan]
        return RowError(person.row, self._column(fault.field), str(fault)) if fault else None

    def _find_lacking(self, pairs: Sequence[tuple[Person, Lead]]) -> dict[int, str]:
        """The first fact that neither a row nor its lead has, by lead."""
        if not pairs or not self.requires:
            return {}
        people = {lead.pk: person for person, lead in pairs}
        unknown = find_lacking(lead_ids=people, requires=self.requires)
        found: dict[int, str] = {}
        for name, ids in unknown.items():
            for lead_id in ids:
                if not _says(people[lead_id], name):
                    found.setdefault(lead_id, name)
        return found

    def _lack(self, person: Person, name: str) -> RowError:
        stage = self.pipeline.name(self.stage)
        words = f"{REQUIREMENTS[name].sentence} before this becomes {stage}."
        return RowError(person.row, self._column(name), words)

    def _column(self, field: str) -> str:
        """The column that says a field; the field itself where none does."""
        columns = self.mapping.facts | {"reason": self.mapping.reason, AMOUNT: self.mapping.amount}
        return columns.get(field) or field


def _says(person: Person, name: str) -> bool:
    """Whether a row itself brings a fact that a stage requires."""
    if name == AMOUNT:
        return person.amount is not None
    if name == "company":
        return bool(person.company)
    return person.facts.get(name, "") not in {"", None, Persona.UNKNOWN}
