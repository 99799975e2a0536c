"""Guests of events: who was asked, who said yes, who came."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat, Lower, LTrim

from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads.engine.tickets import read_code
from leads.engine.tokens import search_query
from leads.models import Campaign, Guest, Lead, Merge, Visit
from leads.models.campaigns import GuestQuerySet
from leads.models.people import LeadQuerySet
from leads.queries.params import Params

ALONG_NAMES = ("sort_name", "id")
State = Guest.State
MISSED = "missed"  # of an event that is over: said yes and stayed away
_AWAY = Q(attended_at=None)
IN_STATE = {
    State.INVITED.value: _AWAY & Q(cancelled_at=None, registered_at=None),
    State.REGISTERED.value: _AWAY & Q(cancelled_at=None, registered_at__isnull=False),
    State.ATTENDED.value: Q(attended_at__isnull=False),
    State.CANCELLED.value: _AWAY & Q(cancelled_at__isnull=False),
}
MOST_MATCHES = 6


def list_guests(*, campaign: Campaign, user: User, params: Params | None = None) -> GuestQuerySet:
    """Guests whom `user` may see as leads, with `sort_name`: what the list asks for; raises Invalid."""
    params = params or {}
    guests = Guest.objects.filter(campaign=campaign).visible_to(user)
    if state := params.get("state", ""):
        guests = guests.filter(_in_state(state))
    if q := params.get("q", "").strip():
        guests = guests.filter(_holds(q))
    parts = ("lead__last_name", Value(" "), "lead__first_name", Value(" "), "lead__email")
    return guests.annotate(
        sort_name=LTrim(Lower(Concat(*parts, output_field=TextField())))
    ).select_related("lead__company")


def _in_state(state: str) -> Q:
    try:
        return IN_STATE[State.REGISTERED.value if state == MISSED else state]
    except KeyError:
        raise Invalid(f"“{state[:40]}” is no state of a guest.", field="state") from None


def _holds(q: str) -> Q:
    """A ticket, or words of a person's name, addresses and company."""
    if code := read_code(q):
        return Q(code=code)
    asked = search_query(q[:200])
    return Q(lead__tokens__tokens__holds=asked) if asked else Q(pk=None)


@dataclass(frozen=True)
class GuestCounts:
    """How many guests stand where; those who came count as expected, whether they said so or not."""

    invited: int
    registered: int
    attended: int
    cancelled: int

    @property
    def total(self) -> int:
        """Everybody on the list."""
        return self.invited + self.registered + self.attended + self.cancelled

    @property
    def expected(self) -> int:
        """Who said yes, or came anyhow."""
        return self.registered + self.attended

    @property
    def share(self) -> float | None:
        """Who came, of those expected; None when nobody is."""
        return self.attended / self.expected if self.expected else None


def count_guests(*, campaign: Campaign, user: User) -> GuestCounts:
    """Guests whom `user` may see, by where they stand."""
    guests = Guest.objects.filter(campaign=campaign).visible_to(user)
    counts = {state: Count("pk", filter=asked) for state, asked in IN_STATE.items()}
    return GuestCounts(**guests.order_by().aggregate(**counts))


def count_heads(campaign: Campaign) -> tuple[int, int]:
    """How many people are here, and how many are expected: figures about the room, not about leads."""
    guests = Guest.objects.filter(campaign=campaign).order_by()
    counts = guests.aggregate(
        here=Count("pk", filter=IN_STATE[State.ATTENDED.value]),
        coming=Count("pk", filter=IN_STATE[State.REGISTERED.value]),
    )
    return counts["here"], counts["here"] + counts["coming"]


def find_guest_by_code(code: str) -> Guest | None:
    """The guest whose ticket bears a code, at whatever event; also a ticket of a record merged since."""
    if not code:
        return None
    guests = Guest.objects.select_related("lead__company", "campaign").filter(lead__erased_at=None)
    return guests.filter(code=code).first() or _find_joined(guests, code)


def _find_joined(guests: QuerySet[Guest], code: str) -> Guest | None:
    """Whose guest the holder of a ticket is, once their record was merged with one on the same list."""
    joined = Merge.objects.filter(
        undone_at=None, before__contains={"aside": {"leads.guests": [{"code": code}]}}
    )
    merge = joined.order_by("-pk").first()
    if merge is None:
        return None
    events = [
        row["campaign_id"] for row in merge.before["aside"]["leads.guests"] if row["code"] == code
    ]
    return guests.filter(lead=merge.kept_id, campaign__in=events).first()


@dataclass(frozen=True)
class Matches:
    """Who a name at the door may be: guests of the event, and leads that are not on its list."""

    guests: list[Guest]
    leads: list[Lead]

    def __bool__(self) -> bool:
        return bool(self.guests or self.leads)


def match_people(*, campaign: Campaign, user: User, q: str) -> Matches:
    """People whom `user` may see and whom a name, an address or a number may mean."""
    guests = list_guests(campaign=campaign, user=user, params={"q": q})
    asked = search_query(q[:200])
    if not asked:
        return Matches([], [])
    listed = Guest.objects.filter(campaign=campaign, lead=OuterRef("pk"))
    others = Lead.objects.visible_to(user).filter(~Exists(listed), tokens__tokens__holds=asked)
    return Matches(
        guests=list(guests.order_by(*ALONG_NAMES)[:MOST_MATCHES]),
        leads=list(_newest(others)[:MOST_MATCHES]),
    )


def _newest(leads: LeadQuerySet) -> QuerySet[Lead]:
    return leads.filter(erased_at=None).select_related("company").order_by("-id")


def is_guest(value: str) -> Q:
    """Leads on the guest list of an event: “expo”, or only some of them: “expo:attended”."""
    key, _, state = value.partition(":")
    guests = Guest.objects.filter(lead=OuterRef("pk"), campaign__key=key)
    return Q(Exists(guests.filter(_in_state(state)) if state else guests))


def guest_words(value: str) -> str:
    """The filter of guests in words."""
    key, _, state = value.partition(":")
    name = _name_of(key)
    if not state:
        return f"on the guest list of {name}"
    words = {
        MISSED: "registered for",
        State.INVITED: "invited to",
        State.REGISTERED: "registered for",
    }
    return f"{words.get(state, state)} {name}"


def touched_by(key: str) -> Q:
    """Leads that came by a campaign at some time, not only at first."""
    return Q(Exists(Visit.objects.filter(lead=OuterRef("pk"), campaign__key=key)))


def touched_words(key: str) -> str:
    """The filter of touched leads in words."""
    return f"came by {_name_of(key)}"


def _name_of(key: str) -> str:
    name = Campaign.objects.filter(key=key).values_list("name", flat=True).first()
    return name or key[:60]


def list_events(*, today: date) -> list[Campaign]:
    """Events that are not over, the next first, with `heads`: how many people have come."""
    heads = Count("guests", filter=Q(guests__attended_at__isnull=False))
    events = Campaign.objects.filter(kind__in=Campaign.EVENTS, is_archived=False)
    events = events.exclude(ends_on__lt=today).annotate(heads=heads)
    return list(events.order_by(F("starts_on").asc(nulls_last=True), "name")[:100])
