"""The texts of the shipped nine-touch program: a start to be rewritten in one's own words."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from content.models import Asset
from content.services.assets import keep_versions


@dataclass(frozen=True)
class _Shipped:
    key: str
    kind: str
    title: str
    body: str
    subject: str = ""


GREETING = 'Hello {{ lead.first_name | default: "there" }},\n\n'
SIGNATURE = "\n\nKind regards\n{{ sender.name | default: brand.name }}"
TOPIC = '{{ product.name | default: "our work" }}'

SHIPPED = (
    _Shipped(
        "nine-touch-welcome", Asset.Kind.EMAIL, "Day 3: what happens next",
        subject="Thank you for your interest in " + TOPIC,
        body=GREETING + (
            "thank you for looking at " + TOPIC + ". I promise to keep this short.\n\n"
            "Over the next weeks I will send you a few notes that other people in "
            "your role found useful:\n\n"
            "- how teams like yours usually start\n"
            "- what it costs and what it saves, in plain numbers\n"
            "- the mistakes that are cheap to avoid early\n\n"
            "If you already have a question, just answer this e-mail. A person reads it."
        ) + SIGNATURE,
    ),
    _Shipped(
        "nine-touch-call-1", Asset.Kind.CALL_GUIDE, "Day 5: first call",
        body=(
            "**Aim:** learn why they looked at us, not to sell.\n\n"
            "- You read about " + TOPIC + ". What made you look now?\n"
            "- How do you handle this today, and what annoys you about it?\n"
            "- Who else would have a say in changing it?\n\n"
            "**Leave behind:** one useful fact and the promise of the guide on day 10."
        ),
    ),
    _Shipped(
        "nine-touch-guide", Asset.Kind.EMAIL, "Day 10: how teams like yours start",
        subject="How teams like yours start",
        body=GREETING + (
            "most teams{% if lead.company != \"\" %} of the size of "
            "{{ lead.company }}{% endif %} begin with three "
            "steps:\n\n"
            "- **Pick one process** that everybody agrees is slow. Leave the rest alone.\n"
            "- **Measure it for two weeks** before you change anything.\n"
            "- **Change one thing**, and measure for two weeks again.\n\n"
            "It sounds modest, and that is why it works: after a month you have a "
            "number that your colleagues believe.\n\n"
            "Would a one-page template for those measurements help? Answer “yes” "
            "and I will send it."
        ) + SIGNATURE,
    ),
    _Shipped(
        "nine-touch-numbers", Asset.Kind.EMAIL, "Day 17: costs and savings",
        subject="What it costs, and what it saves",
        body=GREETING + (
            "the question we hear most is what " + TOPIC + " costs in the end. An honest answer has three parts:\n\n"
            "- the price itself, which we tell you before the first meeting if you ask\n"
            "- the hours your own people spend in the first month\n"
            "- what you stop paying for afterwards\n\n"
            "The second part is the one that plans forget. Ask every supplier for "
            "it, us included.\n\n"
            "If you tell me roughly how many people would use it, I will send you "
            "the sum for your case."
        ) + SIGNATURE,
    ),
    _Shipped(
        "nine-touch-letter", Asset.Kind.LETTER, "Day 21: a letter",
        subject="A page worth keeping on the desk",
        body=(
            'Dear {{ lead.name | default: "Sir or Madam" }},\n\n'
            "letters are rare these days, so this one is short and meant to be kept.\n\n"
            "When you compare offers for " + TOPIC + ", three questions separate the good ones from the rest:\n\n"
            "- What happens in the first thirty days, week by week?\n"
            "- Whom do we call when something goes wrong, and when do they answer?\n"
            "- What do customers say who left?\n\n"
            "We will gladly answer all three. My colleague will call you in the next few days.\n\n"
            "Yours sincerely\n"
            "{{ sender.name | default: brand.name }}"
        ),
    ),
    _Shipped(
        "nine-touch-call-2", Asset.Kind.CALL_GUIDE, "Day 24: second call, after the letter",
        body=(
            "**Aim:** find out whether there is a project, and by when.\n\n"
            "- Did our letter arrive? Which of the three questions matters most to you?\n"
            "- Is there a date by which this should be solved?\n"
            "- Has money been set aside, or does it have to be asked for?\n\n"
            "**If not now:** ask when to call again and write that date down."
        ),
    ),
    _Shipped(
        "nine-touch-mistakes", Asset.Kind.EMAIL, "Day 28: three mistakes to avoid",
        subject="Three mistakes that are cheap to avoid",
        body=GREETING + (
            "after many projects with " + TOPIC + " we see the same three mistakes:\n\n"
            "- **Starting with everybody.** Begin with the five people who want it.\n"
            "- **Copying the old way.** Half of the old steps were there for a "
            "reason nobody remembers.\n"
            "- **No owner.** A project that belongs to a committee belongs to nobody.\n\n"
            "Which of them would be hardest to avoid at "
            "{{ lead.company | default: \"your company\" }}? "
            "I would like to hear it."
        ) + SIGNATURE,
    ),
    _Shipped(
        "nine-touch-meeting", Asset.Kind.EMAIL, "Day 32: asking for a meeting",
        subject="Half an hour to look at it together?",
        body=GREETING + (
            "you have heard from me a few times now, so let me ask plainly: shall "
            "we spend half an hour on your case?\n\n"
            "We would do three things: look at how you work today, show " + TOPIC + " on an example of yours, and say "
            "honestly whether it fits.\n\n"
            "Answer with two times that suit you next week, and I will confirm one of them."
        ) + SIGNATURE,
    ),
    _Shipped(
        "nine-touch-call-3", Asset.Kind.CALL_GUIDE, "Day 35: last call",
        body=(
            "**Aim:** a meeting, or a friendly end.\n\n"
            "- I suggested half an hour together. What would make it worth your time?\n"
            "- If this is not the moment: what would have to change?\n"
            "- May we write to you again when we have something new on this?\n\n"
            "**Write down** the reason in their own words; marketing reads it."
        ),
    ),
    _Shipped(
        "confirm-consent", Asset.Kind.EMAIL, "Double opt-in: please confirm",
        subject="Please confirm: may we write to you?",
        body=GREETING + (
            "somebody, we hope it was you, has just sent us a form with this address and agreed to "
            "hear from us. So that nobody is written to by mistake, we ask once more:\n\n"
            "[Yes, you may write to me]({{ links.confirm }})\n\n"
            "The link is good for 30 days. If it was not you, do nothing: we keep silent."
        ) + SIGNATURE,
    ),
)  # fmt: skip


@transaction.atomic
def install_default_content(*, at: datetime) -> int:
    """Write the shipped texts that are missing; returns how many were written."""
    known = set(
        Asset.objects.filter(key__in=[text.key for text in SHIPPED]).values_list("key", flat=True)
    )
    missing = Asset.objects.bulk_create(
        Asset(key=text.key, kind=text.kind, title=text.title, subject=text.subject, body=text.body)
        for text in SHIPPED
        if text.key not in known
    )
    keep_versions(missing, by=None, at=at)
    return len(missing)
