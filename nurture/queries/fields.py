"""What conditions may ask about programs, and which programs ask for segments."""

from functools import partial

from leadflow.core.parts import ConditionField, Rows
from leads import queries as leads
from nurture.events import EnrollmentsChanged
from nurture.models import Enrollment, Program


def program_choices() -> list[tuple[str, str]]:
    """Programs as (key, name)."""
    return list(Program.objects.order_by("name").values_list("key", "name"))


PROGRAM = ConditionField(
    "program",
    "set",
    "program__key",
    program_choices,
    group="Groups",
    rows=Rows(partial(Enrollment.objects.filter, state=Enrollment.State.ACTIVE)),
    events=(EnrollmentsChanged,),
    phrases={
        "has": "is in the program",
        "in": "is in one of the programs",
        "none": "is in none of the programs",
        "known": "is in a program",
        "unknown": "is in no program",
    },
)


def programs_using_segments() -> dict[str, list[str]]:
    """Programs, in words, whose entry asks for segments, by the keys of those."""
    return leads.uses_in(
        (entry, f"the program “{name}”")
        for name, entry in Program.objects.order_by("name").values_list("name", "entry")
    )
