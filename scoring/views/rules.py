"""The points in use, what they gave lately, and every version there was."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from leadflow.core.dialogs import done
from scoring import policies, queries
from scoring import services as scoring
from scoring.views.access import PageRequest, may
from scoring.views.blocks import read_blocks

VERSIONS_SHOWN = 20
LARGEST = 2**31 - 1


@require_safe
@vary_on_headers("HX-Request")
@may("see")
def rules(request: PageRequest) -> HttpResponse:
    """The rules in use, group by group; through htmx how far the next version is."""
    if request.htmx and not request.htmx.history_restore_request:
        coming = queries.preparation()
        if coming is None:  # it is in use: everything on the page is another one
            return HttpResponse(headers={"HX-Refresh": "true"})
        return render(request, "scoring/rules.html#coming", _coming(request))
    rule_set = queries.current_rules()
    context = {
        "rule_set": rule_set,
        "blocks": read_blocks(rule_set, lately_at=timezone.now()),
        "versions": queries.versions()[:VERSIONS_SHOWN],
        "draft": queries.draft(),
    }
    return render(request, "scoring/rules.html", context | _coming(request))


@require_safe
@may("see")
def version(request: PageRequest, number: int) -> HttpResponse:
    """One version: what it consists of, and what it did differently from the one before."""
    known = queries.versions()
    rule_set = get_object_or_404(known, number=min(number, LARGEST))
    before = known.filter(number__lt=rule_set.number).first()
    context = {
        "rule_set": rule_set,
        "before": before,
        "blocks": read_blocks(rule_set),
        "differences": queries.differences(before, rule_set) if before else [],
        "may_edit": policies.permits("edit_rules", by=request.user),
        "is_in_use": rule_set.state == rule_set.State.PUBLISHED,
    }
    return render(request, "scoring/version.html", context)


@require_POST
@may("edit_rules")
def withdraw(request: PageRequest) -> HttpResponse:
    """Stop preparing the next version."""
    rules = scoring.withdraw_version(by=request.user, at=timezone.now())
    words = f"{rules} is a draft again; nothing has changed."
    return done(request, words, to=reverse("scoring:draft"))


def _coming(request: PageRequest) -> dict[str, object]:
    return {
        "coming": queries.preparation(),
        "may_edit": policies.permits("edit_rules", by=request.user),
    }
