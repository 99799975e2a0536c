"""What a reader asks of a report page, out of the query string."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.http import HttpRequest
from django.utils import timezone

from leadflow.core.models import User
from reports.engine.periods import Period
from reports.forms import ReportFilter
from reports.queries import OFFER_DIMENSIONS, Dimension

# Filters of the list of leads that a report of offers takes, too
NARROWING = tuple(one.param for one in OFFER_DIMENSIONS.values() if one.param)


@dataclass(frozen=True)
class Question:
    """Who asks, for which days in which zone, split by what; `only` narrows to groups of offers."""

    user: User
    at: datetime
    zone: str
    period: Period
    by: str | None
    words: str
    params: Mapping[str, str]
    only: Mapping[str, str]

    def span(self) -> dict[str, Any]:
        """The keyword arguments that every figure takes."""
        return {
            "user": self.user,
            "at": self.at,
            "start": self.period.start(self.zone),
            "end": self.period.end(self.zone),
        }


def reader(request: HttpRequest) -> User:
    """Who reads: every page asks for a sign-in, so it is one of our users."""
    return cast(User, request.user)


def read_filter(
    request: HttpRequest,
    dimensions: Mapping[str, Dimension],
    *,
    handoffs: Sequence[tuple[str, str]] = (),
) -> ReportFilter:
    """The filter form of the page, filled in from the query string."""
    return ReportFilter(
        request.GET, today=timezone.localdate(), dimensions=dimensions, handoffs=handoffs
    )


def question(request: HttpRequest, form: ReportFilter) -> Question:
    """What a valid filter asks for."""
    return Question(
        user=reader(request),
        at=timezone.now(),
        zone=timezone.get_current_timezone_name(),
        period=form.chosen,
        by=form.by,
        words=form.words,
        params=request.GET.dict(),
        only={name: request.GET[name] for name in NARROWING if request.GET.get(name)},
    )
