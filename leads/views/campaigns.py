"""Campaigns: why leads came, and what it cost."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leads import queries
from leads.views.access import PageRequest, may


@require_safe
@may("manage_campaigns")
def campaign_list(request: PageRequest) -> HttpResponse:
    """Every campaign with its leads and its costs."""
    campaigns = list(queries.list_campaigns(user=request.user)[:500])
    return render(request, "leads/campaigns.html", {"campaigns": campaigns})
