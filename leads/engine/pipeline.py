"""The pipeline as a value: which verb leads where. Built from rows once per batch, then only read."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

RECYCLED = "recycled"
DISQUALIFIED = "disqualified"
LOST = "lost"

RESTS = "rests"
WON = "won"
DETOUR = "detour"


@dataclass(frozen=True)
class StageSpec:
    """One stage: key, name, kind (rests, won, detour), position, and what entering it requires.

    `merged_into` names the stage that takes the leads of one that is out of use.
    """

    key: str
    name: str
    kind: str
    position: int
    requires: tuple[str, ...] = ()
    abbreviation: str = ""
    team: str = ""
    normal_days: int | None = None
    revives_on: tuple[str, ...] = ()
    is_retired: bool = False
    merged_into: str = ""


@dataclass(frozen=True)
class HandoffSpec:
    """One hand-off: ids of its row, team and calendar, its two stages and its clock (minutes)."""

    id: int
    key: str
    name: str
    offered: str
    accepted: str
    respond_within_minutes: int = 24 * 60
    uses_business_time: bool = False
    expire_after_minutes: int | None = None
    target: float = 1.0
    team_id: int | None = None
    calendar_id: int | None = None
    is_active: bool = True


@dataclass(frozen=True)
class Pipeline:
    """All stages and hand-offs of one version; answers where each verb leads."""

    version: int
    stages: tuple[StageSpec, ...]
    all_handoffs: tuple[HandoffSpec, ...] = ()
    needing_reason: frozenset[str] = field(default_factory=frozenset)
    needing_note: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def build(
        cls,
        *,
        version: int,
        stages: Iterable[StageSpec],
        handoffs: Iterable[HandoffSpec] = (),
        needing_reason: Iterable[str] = (),
        needing_note: Iterable[str] = (),
    ) -> "Pipeline":
        """Order the stages, and the hand-offs by their offered stage."""
        ordered = tuple(sorted(stages, key=lambda stage: (stage.position, stage.key)))
        position = {stage.key: stage.position for stage in ordered}
        return cls(
            version=version,
            stages=ordered,
            all_handoffs=tuple(sorted(handoffs, key=lambda h: (position[h.offered], h.key))),
            needing_reason=frozenset(needing_reason),
            needing_note=frozenset(needing_note),
        )

    def content(self) -> dict[str, Any]:
        """All of it as plain values, as a version keeps it."""
        return {
            "stages": [asdict(stage) for stage in self.stages],
            "handoffs": [asdict(handoff) for handoff in self.all_handoffs],
            "needing_reason": sorted(self.needing_reason),
            "needing_note": sorted(self.needing_note),
        }

    @classmethod
    def from_content(cls, version: int, content: Mapping[str, Any]) -> "Pipeline":
        """The pipeline that `content` was made of."""
        return cls.build(
            version=version,
            stages=[
                StageSpec(
                    **{
                        **stage,
                        "requires": tuple(stage["requires"]),
                        "revives_on": tuple(stage["revives_on"]),
                    }
                )
                for stage in content["stages"]
            ],
            handoffs=[HandoffSpec(**handoff) for handoff in content["handoffs"]],
            needing_reason=content["needing_reason"],
            needing_note=content["needing_note"],
        )

    @cached_property
    def by_key(self) -> Mapping[str, StageSpec]:
        """Stages by key, those out of use among them."""
        return {stage.key: stage for stage in self.stages}

    @cached_property
    def handoffs(self) -> tuple[HandoffSpec, ...]:
        """Hand-offs that are switched on, along the path."""
        return tuple(handoff for handoff in self.all_handoffs if handoff.is_active)

    @cached_property
    def path(self) -> tuple[str, ...]:
        """Keys of the stages on the path in use, in order."""
        off = self.sides_switched_off
        return tuple(
            stage.key
            for stage in self.stages
            if stage.kind != DETOUR and not stage.is_retired and stage.key not in off
        )

    @cached_property
    def sides_switched_off(self) -> frozenset[str]:
        """Stages off the path because their hand-off is off; winning itself needs no hand-off."""
        on = {side for h in self.handoffs for side in (h.offered, h.accepted)}
        off = {side for h in self.all_handoffs for side in (h.offered, h.accepted)}
        won = next((s.key for s in self.stages if s.kind == WON and not s.is_retired), "")
        return frozenset(off - on - {won})

    @cached_property
    def place(self) -> Mapping[str, int]:
        """Place of each stage on the path, from 0.

        A stage out of use has the place of the one it was merged into, or else of the last one
        before it: leads that still stand there go on from that place.
        """
        on_path = {key: place for place, key in enumerate(self.path)}
        places, last = {}, 0
        for stage in self.stages:
            last = on_path.get(stage.key, last)
            if stage.kind != DETOUR:
                places[stage.key] = on_path.get(self.merged_into(stage.key), last)
        return places

    def merged_into(self, key: str) -> str:
        """Where the leads of a stage end up: itself, unless it was merged, maybe more than once."""
        seen = {key}
        while (into := self.by_key[key].merged_into) and into not in seen:
            seen.add(into)
            key = into
        return key

    @cached_property
    def offered_sides(self) -> Mapping[str, HandoffSpec]:
        """Hand-offs that are on, by their offered stage."""
        return {handoff.offered: handoff for handoff in self.handoffs}

    @cached_property
    def accepted_sides(self) -> Mapping[str, HandoffSpec]:
        """Hand-offs that are on, by their accepted stage."""
        return {handoff.accepted: handoff for handoff in self.handoffs}

    def requires(self, key: str) -> tuple[str, ...]:
        """What must be known before a lead enters this stage."""
        return self.by_key[key].requires

    def name(self, key: str) -> str:
        """The name of a stage as people know it; the key itself when it is unknown."""
        stage = self.by_key.get(key)
        return stage.name if stage else key

    def is_on_path(self, key: str) -> bool:
        """Whether the stage lies on the path in use."""
        return key in self.path

    def is_won(self, key: str) -> bool:
        """Whether the stage is a customer's."""
        return key in self.by_key and self.by_key[key].kind == WON

    def is_open(self, key: str) -> bool:
        """On the way and not won yet."""
        return key in self.by_key and self.by_key[key].kind not in {WON, DETOUR}

    def awaits_answer(self, key: str) -> bool:
        """Whether a lead in this stage has been offered and not answered."""
        return key in self.offered_sides

    def may_go_back(self, key: str) -> bool:
        """Whether an offer from this stage can be given back; nobody gives back a customer."""
        return self.awaits_answer(key) and not self.is_won(key)

    def accepted_side(self, key: str) -> str:
        """The stage that accepting from `key` leads to."""
        return self.offered_sides[key].accepted

    def first_stage(self) -> str:
        """Where the path begins."""
        return self.path[0]

    def won_stage(self) -> str:
        """The first won stage of the path."""
        return next(key for key in self.path if self.is_won(key))

    def detour(self, key: str) -> str:
        """A detour by its key; raises KeyError when this pipeline has none."""
        return self.by_key[key].key

    def next_step(self, key: str, towards: str = "", *, may_skip: bool = False) -> str | None:
        """The stage that advancing leads to; None where a hand-off, a win or the end stands next.

        Imported history (`may_skip`) may go to any stage ahead.
        """
        place = self.place.get(key)
        if may_skip and place is not None and self._ahead(towards) > place:
            return towards
        if place is None or self.awaits_answer(key) or place + 1 >= len(self.path):
            return None
        following = self.path[place + 1]
        begins_won = self.is_won(following) and not self.is_won(key)
        barred = begins_won or following in self.offered_sides
        return None if barred or following in self.accepted_sides else following

    def _ahead(self, key: str) -> int:
        return self.place[key] if self.is_on_path(key) else -1

    def offer_ahead(self, key: str, towards: str = "", *, may_skip: bool = False) -> str | None:
        """The offered stage ahead of `key`: the next one, or that of hand-off `towards`; else None.

        A lead cannot jump over a hand-off unless `may_skip` (imported history) is set. What is
        offered by being won, winning alone leads to.
        """
        place = self.place.get(key)
        if place is None or (self.awaits_answer(key) and not may_skip):
            return None
        ahead = [h for h in self.handoffs if self.place[h.offered] > place]
        if not may_skip:
            ahead = ahead[:1]
        for handoff in ahead:
            if towards in {"", handoff.key}:
                needs_win = self.is_won(handoff.offered) and not self.is_won(key)
                return None if needs_win else handoff.offered
        return None

    def can_win(self, key: str, *, may_skip: bool = False) -> bool:
        """Whether the won stage is the next one (or ahead at all, for imported history)."""
        place = self.place.get(key)
        if place is None or self.is_won(key):
            return False
        distance = self.place[self.won_stage()] - place
        return distance > 0 if may_skip else distance == 1 and not self.awaits_answer(key)

    def can_lose(self, key: str) -> bool:
        """Whether sales has the lead: it has passed an accepted side and is not won.

        Where no hand-off before the win is on, those that are off say where sales begins.
        """
        if key not in self.place or not self.is_open(key) or self.awaits_answer(key):
            return False
        before_win = [h for h in self.all_handoffs if not self.is_won(h.accepted)]
        counted = [h for h in before_win if h.is_active] or before_win
        position = self.by_key[self.merged_into(key)].position
        return any(self.by_key[h.accepted].position <= position for h in counted)

    def boundary_between(self, one: str, other: str) -> HandoffSpec | None:
        """A hand-off that a lead would have to cross to get from one stage to the other."""
        low, high = sorted((self.place[one], self.place[other]))
        return next((h for h in self.handoffs if low < self.place[h.accepted] <= high), None)

    def verb_into(self, current: str, target: str) -> str:
        """The verb that imported history uses to get from `current` into `target`."""
        if self.is_won(target) and target == self.won_stage():
            return "win"
        if target in self.offered_sides:
            return "offer"
        return {RECYCLED: "recycle", DISQUALIFIED: "disqualify", LOST: "lose"}.get(
            target, "advance"
        )
