"""Tags: words that people put on leads; a tag is there as soon as somebody uses it."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.text import slugify

from leadflow.core import events
from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads import policies
from leads.events import TagsChanged
from leads.models import Lead, Tag
from leads.services.standings import lock_leads

LONGEST = 60
EVENT_SIZE = 5_000


@transaction.atomic
def tag_leads(*, lead_ids: Collection[int], names: Collection[str], by: User, at: datetime) -> int:
    """Put tags on those leads that `by` may see; returns how many had one of them not yet."""
    policies.check_may("tag", by=by)
    tags = [_find_or_create(name) for name in names]
    ids = [one.lead_id for one in lock_leads(lead_ids, by=by)]
    through = Lead.tags.through
    known = set(through.objects.filter(tag__in=tags, lead__in=ids).values_list("lead_id", "tag_id"))
    new = [(pk, tag.pk) for pk in ids for tag in tags if (pk, tag.pk) not in known]
    through.objects.bulk_create(
        (through(lead_id=pk, tag_id=tag_id) for pk, tag_id in new),
        ignore_conflicts=True,
        batch_size=5_000,
    )
    return _tell({pk for pk, _ in new}, at=at)


@transaction.atomic
def untag_leads(*, lead_ids: Collection[int], keys: Collection[str], by: User, at: datetime) -> int:
    """Take tags off those leads that `by` may see; returns how many lost one."""
    policies.check_may("untag", by=by)
    ids = [one.lead_id for one in lock_leads(lead_ids, by=by)]
    rows = Lead.tags.through.objects.filter(tag__key__in=list(keys), lead__in=ids)
    tagged = set(rows.values_list("lead_id", flat=True))
    rows.delete()
    return _tell(tagged, at=at)


def check_tag(name: str) -> str:
    """The name as a tag has it; raises Invalid."""
    name = " ".join(name.split())
    if not _key(name):
        raise Invalid("Write the word to tag them with.", field="tag")
    if len(name) > LONGEST:
        raise Invalid(f"A tag has {LONGEST} characters at most.", field="tag")
    return name


def _find_or_create(name: str) -> Tag:
    """One tag for all ways of writing it: “Hot Lead” and “hot lead” are the same."""
    name = check_tag(name)
    return Tag.objects.get_or_create(key=_key(name), defaults={"name": name})[0]


def _key(name: str) -> str:
    return slugify(name, allow_unicode=True)[:LONGEST]


def _tell(lead_ids: set[int], *, at: datetime) -> int:
    ids = sorted(lead_ids)
    for start in range(0, len(ids), EVENT_SIZE):
        events.publish(TagsChanged(at=at, lead_ids=tuple(ids[start : start + EVENT_SIZE])))
    return len(ids)
