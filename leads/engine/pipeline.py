"""The pipeline as a value: which verb leads where. Built from rows once per batch, then only read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

RECYCLED = "recycled"
DISQUALIFIED = "disqualified"
LOST = "lost"

WON = "won"
DETOUR = "detour"


@dataclass(frozen=True)
class StageSpec:
    """One stage: key, name, kind (rests, won, detour), position, and what entering it requires."""

    key: str
    name: str
    kind: str
    position: int
    requires: tuple[str, ...] = ()


@dataclass(frozen=True)
class HandoffSpec:
    """One active hand-off: ids of its two stages and its clock (minutes)."""

    id: int
    key: str
    name: str
    offered: str
    accepted: str
    respond_within_minutes: int
    uses_business_time: bool = False
    team_id: int | None = None


@dataclass(frozen=True)
class Pipeline:
    """Stages and active hand-offs of one version; answers where each verb leads."""

    version: int
    stages: tuple[StageSpec, ...]
    handoffs: tuple[HandoffSpec, ...] = ()
    sides_switched_off: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def build(
        cls,
        *,
        version: int,
        stages: Iterable[StageSpec],
        handoffs: Iterable[HandoffSpec],
        sides_switched_off: Iterable[str] = (),
    ) -> "Pipeline":
        """Order the stages and keep the hand-offs in the order of their offered stage."""
        ordered = tuple(sorted(stages, key=lambda stage: stage.position))
        position = {stage.key: stage.position for stage in ordered}
        return cls(
            version=version,
            stages=ordered,
            handoffs=tuple(sorted(handoffs, key=lambda h: position[h.offered])),
            sides_switched_off=frozenset(sides_switched_off),
        )

    @cached_property
    def by_key(self) -> Mapping[str, StageSpec]:
        """Stages by key."""
        return {stage.key: stage for stage in self.stages}

    @cached_property
    def path(self) -> tuple[str, ...]:
        """Keys of the stages on the path in use, in order."""
        return tuple(
            stage.key
            for stage in self.stages
            if stage.kind != DETOUR and stage.key not in self.sides_switched_off
        )

    @cached_property
    def place(self) -> Mapping[str, int]:
        """Place of each stage on the path, from 0."""
        return {key: place for place, key in enumerate(self.path)}

    @cached_property
    def offered_sides(self) -> Mapping[str, HandoffSpec]:
        """Hand-offs by their offered stage."""
        return {handoff.offered: handoff for handoff in self.handoffs}

    @cached_property
    def accepted_sides(self) -> Mapping[str, HandoffSpec]:
        """Hand-offs by their accepted stage."""
        return {handoff.accepted: handoff for handoff in self.handoffs}

    def requires(self, key: str) -> tuple[str, ...]:
        """What must be known before a lead enters this stage."""
        return self.by_key[key].requires

    def name(self, key: str) -> str:
        """The name of a stage as people know it; the key itself when it is unknown."""
        stage = self.by_key.get(key)
        return stage.name if stage else key

    def is_on_path(self, key: str) -> bool:
        """Whether the stage lies on the path."""
        return key in self.place

    def is_won(self, key: str) -> bool:
        """Whether the stage is a customer's."""
        return key in self.by_key and self.by_key[key].kind == WON

    def is_open(self, key: str) -> bool:
        """On the path and not won yet."""
        return key in self.by_key and self.by_key[key].kind not in {WON, DETOUR}

    def awaits_answer(self, key: str) -> bool:
        """Whether a lead in this stage has been offered and not answered."""
        return key in self.offered_sides

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
        if may_skip and place is not None and self.place.get(towards, -1) > place:
            return towards
        if place is None or self.awaits_answer(key) or place + 1 >= len(self.path):
            return None
        following = self.path[place + 1]
        barred = self.is_won(following) or following in self.offered_sides
        return None if barred or following in self.accepted_sides else following

    def offer_ahead(self, key: str, towards: str = "", *, may_skip: bool = False) -> str | None:
        """The offered stage ahead of `key`: the next one, or that of hand-off `towards`; else None.

        A lead cannot jump over a hand-off unless `may_skip` (imported history) is set.
        """
        place = self.place.get(key)
        if place is None or (self.awaits_answer(key) and not may_skip):
            return None
        ahead = [h for h in self.handoffs if self.place[h.offered] > place]
        if not may_skip:
            ahead = ahead[:1]
        for handoff in ahead:
            if towards in {"", handoff.key}:
                return handoff.offered
        return None

    def can_win(self, key: str, *, may_skip: bool = False) -> bool:
        """Whether the won stage is the next one (or ahead at all, for imported history)."""
        place = self.place.get(key)
        if place is None or self.is_won(key):
            return False
        distance = self.place[self.won_stage()] - place
        return distance > 0 if may_skip else distance == 1 and not self.awaits_answer(key)

    def can_lose(self, key: str) -> bool:
        """Whether sales has the lead: it has passed an accepted side and is not won."""
        place = self.place.get(key)
        if place is None or not self.is_open(key) or self.awaits_answer(key):
            return False
        return any(self.place[h.accepted] <= place for h in self.handoffs)

    def verb_into(self, current: str, target: str) -> str:
        """The verb that imported history uses to get from `current` into `target`."""
        if target in self.offered_sides:
            return "offer"
        if self.is_won(target) and target == self.won_stage():
            return "win"
        return {RECYCLED: "recycle", DISQUALIFIED: "disqualify", LOST: "lose"}.get(
            target, "advance"
        )
