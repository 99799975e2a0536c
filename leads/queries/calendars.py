"""When people work: calendars as values."""

from leadflow.core.business_time import ROUND_THE_CLOCK, WorkingWeek
from leadflow.core.models import Calendar, Holiday


def default_week() -> WorkingWeek:
    """The working week of the default calendar; round the clock where none is set up."""
    return working_week(None)


def working_week(calendar_id: int | None) -> WorkingWeek:
    """The working week of a calendar, of the default one for None; round the clock without any."""
    chosen = {"key": "default"} if calendar_id is None else {"pk": calendar_id}
    calendar = Calendar.objects.filter(**chosen).first()
    if calendar is None:
        return ROUND_THE_CLOCK
    days_off = Holiday.objects.filter(calendar=calendar).values_list("on", flat=True)
    return WorkingWeek.build(zone=calendar.time_zone, hours=calendar.hours, days_off=list(days_off))
