"""What the leads app tells the apps above it: facts by id."""

from dataclasses import dataclass

from leadflow.core.events import Event


@dataclass(frozen=True, kw_only=True)
class StagesChanged(Event):
    """Leads entered a stage by one verb.

    `changes` holds (lead id, stage change id, from stage key or None, to stage key) per lead. A silent
    batch (imported or simulated history) starts no clock and sends no mail.
    """

    verb: str
    changes: tuple[tuple[int, int, str | None, str], ...]
    is_silent: bool = False

    @property
    def lead_ids(self) -> tuple[int, ...]:
        """Ids of the leads that moved."""
        return tuple(change[0] for change in self.changes)


@dataclass(frozen=True, kw_only=True)
class ActivitiesRecorded(Event):
    """Leads have new activities, or facts about them changed; their scores may have, too."""

    lead_ids: tuple[int, ...]
    is_silent: bool = False


@dataclass(frozen=True, kw_only=True)
class LeadsScored(Event):
    """The score snapshot of leads was written anew."""

    lead_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class LeadsIdentified(Event):
    """Visitors became known; `lead_ids` are the people they turned out to be."""

    lead_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class ConsentGiven(Event):
    """People agreed to a purpose."""

    lead_ids: tuple[int, ...]
    purpose: str = "marketing"


@dataclass(frozen=True, kw_only=True)
class ConsentAsked(Event):
    """People ticked a consent that counts once they confirm it: each is to be asked by e-mail, once."""

    opt_in_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class ConsentWithdrawn(Event):
    """People no longer agree to a purpose."""

    lead_ids: tuple[int, ...]
    purpose: str = "marketing"


@dataclass(frozen=True, kw_only=True)
class LeadsErased(Event):
    """People were forgotten: their rows stay for the figures, with nothing personal in them."""

    lead_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class LeadsMerged(Event):
    """Two records were made one: what belonged to `gone_id` belongs to `kept_id` now."""

    kept_id: int
    gone_id: int
    merge_id: int


@dataclass(frozen=True, kw_only=True)
class MergeUndone(Event):
    """A merge was taken back: `gone_id` is a lead of its own again."""

    kept_id: int
    gone_id: int
    merge_id: int


@dataclass(frozen=True, kw_only=True)
class OwnersChanged(Event):
    """Leads were given to somebody else, or their owner works in another team now."""

    lead_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class TagsChanged(Event):
    """Leads were tagged, or lost a tag."""

    lead_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class GuestsChanged(Event):
    """Leads were put on a guest list or taken off it, or stand on it in another way."""

    campaign_id: int
    lead_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class SegmentsChanged(Event):
    """Leads came into a segment or fell out of it."""

    segment_id: int
    entered: tuple[int, ...] = ()
    left: tuple[int, ...] = ()

    @property
    def lead_ids(self) -> tuple[int, ...]:
        """Ids of the leads whose membership changed."""
        return self.entered + self.left
