"""The fields that conditions know of a lead: where their values are, and which events change them."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db.models import Func, Model, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from content.models import Asset
from leadflow.core.models import User
from leadflow.core.parts import ConditionFamily, ConditionField, Detail, Rows
from leads.events import (
    ActivitiesRecorded,
    ConsentGiven,
    ConsentWithdrawn,
    GuestsChanged,
    LeadsIdentified,
    LeadsScored,
    OwnersChanged,
    SegmentsChanged,
    StagesChanged,
    TagsChanged,
)
from leads.models import (
    Activity,
    Campaign,
    Company,
    Consent,
    Guest,
    Lead,
    Opportunity,
    SegmentMember,
    Stage,
    StageChange,
    Territory,
    Visit,
)
from leads.queries import choices
from leads.queries.leads import has_consent, has_withdrawn

FACTS = (ActivitiesRecorded,)  # also told when facts change
MOVES = (StagesChanged,)
OWNERS = (StagesChanged, ActivitiesRecorded, OwnersChanged)
SCORES = (LeadsScored,)
CONSENTS = (ConsentGiven, ConsentWithdrawn, ActivitiesRecorded)
DONE = (ActivitiesRecorded, LeadsIdentified)
ALWAYS_KNOWN = frozenset({"known", "unknown"})  # operators that would find everybody, or nobody


def _activities() -> QuerySet[Activity]:
    """What people did, machines left out; the partial index activity_by_time holds just these."""
    return Activity.objects.filter(lead__isnull=False, is_automatic=False)


def _beginnings() -> QuerySet[StageChange]:
    """Where cycles begin, the first of them with the lead; the index change_begins_cycle holds these."""
    return StageChange.objects.filter(Q(from_stage=None) | Q(verb="revive"))


def _entries() -> QuerySet[StageChange]:
    """All history, stage by stage, so that the index change_into_stage finds a span of time."""
    return StageChange.objects.filter(
        to_stage__in=list(Stage.objects.values_list("key", flat=True))
    )


def _registered() -> QuerySet[Guest]:
    return Guest.objects.filter(registered_at__isnull=False, cancelled_at=None)


def _named_by(column: str, model: type[Model]) -> Rows:
    """The one row that a column of the lead names."""
    return Rows(model._default_manager.all, lead="pk", key=column)


def _domain() -> Func:
    """What stands behind the @ of the e-mail address; empty without one."""
    return Func("email", Value("@"), Value(2), function="split_part", output_field=TextField())


def _attribute(key: str) -> Coalesce:
    return Coalesce(KeyTextTransform(key, "attributes"), Value(""), output_field=TextField())


def _about_products(keys: list[str]) -> Q:
    return Q(asset__in=Asset.objects.filter(products__key__in=keys).values("pk"))


# How it reads that somebody wants what a purpose is about
WANTS = {
    Consent.Purpose.MARKETING: "marketing messages",
    Consent.Purpose.PHONE: "to be called",
    Consent.Purpose.LETTERS: "letters",
    Consent.Purpose.TRACKING: "to be remembered on our sites",
}


def _consents() -> dict[str, ConditionField]:
    """For each purpose: whether somebody agreed to it, and whether they took that back."""
    found = {}
    for purpose in Consent.Purpose:
        label, wants = purpose.label.lower(), WANTS.get(purpose, purpose.label.lower())
        found[f"consent_{purpose}"] = ConditionField(
            f"agreed: {label}",
            "flag",
            group="Consent",
            events=CONSENTS,
            holds=partial(has_consent, purpose),
            phrases={"yes": f"wants {wants}", "no": f"has not agreed to {label}"},
        )
        found[f"withdrew_{purpose}"] = ConditionField(
            f"took back: {label}",
            "flag",
            group="Consent",
            events=CONSENTS,
            holds=partial(has_withdrawn, purpose),
            phrases={"yes": f"no longer wants {wants}", "no": f"has not taken back {label}"},
        )
    return found


def _guests(label: str, phrase: str, rows: Callable[[], Any], **said: str) -> ConditionField:
    """Events that somebody stands on the guest list of."""
    return ConditionField(
        label,
        "set",
        "campaign__key",
        choices.event_choices,
        former=choices.all_campaigns,
        group="Events",
        rows=Rows(rows),
        events=(GuestsChanged, ActivitiesRecorded),
        phrases={"has": phrase, "in": f"{phrase} one of", **said},
    )


SCORE = {
    "score": ConditionField(
        "score", "number", "score", group="Score", events=SCORES, without=ALWAYS_KNOWN
    ),
    "engagement": ConditionField(
        "engagement", "number", "engagement", group="Score", events=SCORES, without=ALWAYS_KNOWN
    ),
    "fit": ConditionField(
        "fit", "number", "fit", group="Score", events=SCORES, without=ALWAYS_KNOWN
    ),
    "grade": ConditionField(
        "grade", "choice", "grade", choices.grade_choices, group="Score", events=SCORES
    ),
}
DID = {
    "activities": ConditionField(
        "activities", "count", group="What they did", says="did something", events=DONE,
        rows=Rows(_activities, time="occurred_at"),
        details={
            "kinds": Detail("activity", "", lambda kinds: Q(kind__in=kinds),
                            choices.activity_choices),
            "asset": Detail("content", "with", lambda keys: Q(asset__key__in=keys),
                            choices.asset_choices, choices.all_assets),
            "product": Detail("product", "about", _about_products,
                              choices.product_choices, choices.all_products),
            "campaign": Detail("campaign", "through the campaign",
                               lambda keys: Q(campaign__key__in=keys),
                               choices.campaign_choices, choices.all_campaigns),
            "title": Detail("title", "with a title like",
                            lambda texts: Q(title__icontains=texts[0])),
        },
    ),
    "last_activity": ConditionField(
        "last activity", "date", "last_activity_at", group="What they did", says="was last active",
        events=DONE, moments=Rows(_activities, time="occurred_at"),
        phrases={"known": "has been active", "unknown": "was never active"},
    ),
    "product": ConditionField(
        "product of interest", "set", "product__key", choices.product_choices,
        group="What they did", former=choices.all_products, events=FACTS,
        rows=Rows(Lead.products.through.objects.all),
        phrases={"known": "is interested in a product", "unknown": "is interested in no product yet"},
    ),
    "visited": ConditionField(
        "came through campaign", "set", "campaign__key", choices.campaign_choices,
        group="What they did", former=choices.all_campaigns, events=DONE,
        rows=Rows(partial(Visit.objects.filter, lead__isnull=False, campaign__isnull=False)),
        phrases={"has": "visited us through", "in": "visited us through one of",
                 "none": "visited us through none of", "known": "visited us through a campaign",
                 "unknown": "never visited us through a campaign"},
    ),
}  # fmt: skip
PIPELINE = {
    "stage": ConditionField(
        "stage", "choice", "stage", choices.stage_choices, group="Pipeline",
        former=choices.all_stages, events=MOVES, without=ALWAYS_KNOWN,
    ),
    "stage_since": ConditionField(
        "in the stage since", "date", "stage_since", group="Pipeline", says="entered the stage",
        events=MOVES, without=ALWAYS_KNOWN, moments=Rows(_entries, time="at"),
    ),
    "cycle": ConditionField("cycle", "number", "cycle", group="Pipeline", events=MOVES, without=ALWAYS_KNOWN),
    "owner": ConditionField(
        "owner", "choice", "owner", choices.people_choices, group="Pipeline",
        former=choices.all_people, events=OWNERS, reads=int,
        phrases={"known": "belongs to somebody", "unknown": "belongs to nobody"},
    ),
    "owner_team": ConditionField(
        "team of the owner", "choice", "team__key", choices.team_choices, group="Pipeline",
        events=OWNERS, rows=_named_by("owner_id", User),
    ),
    "territory": ConditionField(
        "territory", "choice", "key", choices.territory_choices, group="Pipeline",
        events=FACTS, rows=_named_by("territory_id", Territory),
    ),
    "open_opportunity": ConditionField(
        "open opportunity", "flag", group="Pipeline", events=MOVES,
        rows=Rows(partial(Opportunity.objects.filter, state=Opportunity.State.OPEN)),
        phrases={"yes": "has an open opportunity", "no": "has no open opportunity"},
    ),
    "open_amount": ConditionField(
        "expected amount", "number", "amount", group="Pipeline", events=MOVES,
        rows=Rows(partial(Opportunity.objects.filter, state=Opportunity.State.OPEN)),
    ),
    "won": ConditionField(
        "won", "date", "closed_at", group="Pipeline", says="was won", events=MOVES,
        rows=Rows(partial(Opportunity.objects.filter, state=Opportunity.State.WON), time="closed_at"),
        phrases={"known": "has bought from us", "unknown": "has never bought from us"},
    ),
}  # fmt: skip
PERSON = {
    "persona": ConditionField(
        "persona", "choice", "persona", choices.persona_choices, group="Person", events=FACTS
    ),
    "job_title": ConditionField("job title", "text", "job_title", group="Person", events=FACTS),
    "country": ConditionField(
        "country", "choice", "country", choices.country_choices, group="Person",
        former=choices.all_countries, events=FACTS,
    ),
    "language": ConditionField("language", "text", "language", group="Person", events=FACTS),
    "email": ConditionField("e-mail address", "known", "email", group="Person", events=FACTS),
    "email_domain": ConditionField(
        "e-mail domain", "text", group="Person", events=FACTS, expression=_domain
    ),
    "phone": ConditionField("phone number", "known", "phone", group="Person", events=FACTS),
    "created": ConditionField(
        "created", "date", "created_at", group="Person", says="was created",
        events=FACTS, without=ALWAYS_KNOWN, moments=Rows(_beginnings, time="at"),
    ),
    "source": ConditionField(
        "source", "text", "source", choices.source_choices, group="Person", events=FACTS
    ),
    "campaign": ConditionField(
        "campaign", "choice", "key", choices.campaign_choices, group="Person",
        former=choices.all_campaigns, events=FACTS, rows=_named_by("campaign_id", Campaign),
    ),
}  # fmt: skip
OF_COMPANY = _named_by("company_id", Company)
COMPANY = {
    "company": ConditionField(
        "company", "text", "name", group="Company", events=FACTS, rows=OF_COMPANY
    ),
    "industry": ConditionField(
        "industry", "text", "industry", choices.industry_choices, group="Company", events=FACTS,
        rows=OF_COMPANY,
    ),
    "employees": ConditionField(
        "employees", "number", "employees", group="Company", events=FACTS, rows=OF_COMPANY
    ),
    "company_country": ConditionField(
        "country of the company", "choice", "country", choices.country_choices, group="Company",
        former=choices.all_countries, events=FACTS, rows=OF_COMPANY,
    ),
}  # fmt: skip
GUESTS = {
    "invited": _guests(
        "invited to", "was invited to", partial(Guest.objects.filter, invited_at__isnull=False),
        none="was invited to none of", known="was invited to an event",
        unknown="was never invited to an event",
    ),
    "registered": _guests(
        "registered for", "has registered for", _registered,
        none="has registered for none of", known="has registered for an event",
        unknown="has never registered for an event",
    ),
    "attended": _guests(
        "attended", "was seen at", partial(Guest.objects.filter, attended_at__isnull=False),
        none="was seen at none of", known="was seen at an event",
        unknown="was never seen at an event",
    ),
    "event_starts": ConditionField(
        "day of an event they registered for", "date", "campaign__starts_on", group="Events",
        says="has an event", events=(GuestsChanged, ActivitiesRecorded),
        rows=Rows(_registered, time="campaign__starts_on", has_days=True),
        phrases={"known": "has registered for an event", "unknown": "has no event to come to"},
    ),
}  # fmt: skip
GROUPS = {
    "tag": ConditionField(
        "tag", "set", "tag__key", choices.tag_choices, group="Groups", events=(TagsChanged,),
        rows=Rows(Lead.tags.through.objects.all),
        phrases={"has": "is tagged", "in": "is tagged with one of", "none": "is tagged with none of",
                 "known": "is tagged", "unknown": "is not tagged"},
    ),
    "segment": ConditionField(
        "segment", "set", "segment__key", choices.segment_choices, group="Groups",
        former=choices.all_segments, events=(SegmentsChanged,), without=ALWAYS_KNOWN,
        rows=Rows(partial(SegmentMember.objects.filter, segment__archived_at=None)),
        phrases={"has": "is in the segment", "in": "is in one of the segments",
                 "none": "is in none of the segments"},
    ),
    **_consents(),
}  # fmt: skip

LEAD_FIELDS = SCORE | DID | PIPELINE | PERSON | COMPANY | GUESTS | GROUPS


def make_attribute(key: str) -> ConditionField:
    """A custom attribute as a field; whoever lacks it has nothing there."""
    expression = partial(_attribute, key)
    return ConditionField(
        key.replace("_", " "),
        "attribute",
        group="Custom facts",
        events=FACTS,
        expression=expression,
    )


LEAD_FAMILIES = {
    "attribute": ConditionFamily("Custom facts", choices.attribute_keys, make_attribute),
}
