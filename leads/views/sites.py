"""Sites: the websites that are tracked, the snippet they need, and whether they report."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leadflow.core.dialogs import ask, done, is_piece
from leadflow.core.errors import DomainError
from leads import queries
from leads import services as leads
from leads.forms import SiteForm
from leads.models import Site
from leads.views.access import LARGEST_ID, PageRequest, may

asks = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@may("manage_sites")
def site_list(request: PageRequest) -> HttpResponse:
    """Every site with what it reported lately, and reports that could not be understood."""
    context = {
        "rows": queries.list_sites(at=timezone.now()),
        "failed": queries.failed_beacons(),
    }
    return render(request, "leads/sites.html", context)


@require_safe
@may("manage_sites")
def site_detail(request: PageRequest, site_id: int) -> HttpResponse:
    """The snippet of a site and what came from it; through htmx what came alone."""
    rows = queries.list_sites(at=timezone.now(), site_id=min(site_id, LARGEST_ID))
    if not rows:
        raise Http404
    piece = "#status" if is_piece(request) else ""
    context = {"row": rows[0], "site": rows[0].site, "origin": request.build_absolute_uri("/")[:-1]}
    return render(request, f"leads/site.html{piece}", context)


@asks
@may("manage_sites")
def add_site(request: PageRequest) -> HttpResponse:
    """Start to track a website."""
    form = SiteForm(request.POST or None)
    words = {"title": "Add a site", "submit": "Add the site", "back": reverse("leads:sites")}
    return _answer(request, form, words)


@asks
@may("manage_sites")
def edit_site(request: PageRequest, site_id: int) -> HttpResponse:
    """Change the name, the hosts or the way visitors are asked."""
    site = _find(site_id)
    form = SiteForm(request.POST or None, initial=SiteForm.values_of(site))
    words = {"title": f"Site “{site}”", "submit": "Save", "back": _address(site)}
    return _answer(request, form, words, site)


@require_POST
@may("manage_sites")
def switch_site(request: PageRequest, site_id: int) -> HttpResponse:
    """Take reports of a site, or refuse them."""
    site = _find(site_id)
    is_active = request.POST.get("to") == "on"
    leads.switch_site(site_id=site.pk, is_active=is_active, by=request.user)
    words = "It may report again." if is_active else "Its reports are refused; what came stays."
    return done(request, words, to=_address(site))


@require_POST
@may("manage_sites")
def reprocess(request: PageRequest) -> HttpResponse:
    """Try reports again that could not be understood."""
    understood = leads.reprocess_beacons(at=timezone.now())
    if queries.failed_beacons():
        messages.warning(request, f"{understood} could be understood now, others still cannot.")
    else:
        messages.success(request, f"All {understood} could be understood now.")
    return redirect("leads:sites")


def _answer(
    request: PageRequest, form: SiteForm, words: dict[str, str], site: Site | None = None
) -> HttpResponse:
    """Ask; when it fits, save and show the site with its snippet."""
    words |= {"action": request.path}
    if not form.is_valid():
        return ask(request, form, words)
    before = site.mode if site else ""
    try:
        site = leads.save_site(
            **form.settings(), by=request.user, site_id=site.pk if site else None
        )
    except DomainError as error:
        return ask(request, form, words, error=error)
    said = "Saved." if before == site.mode else "Saved. Now paste its snippet into the website."
    return done(request, said, to=_address(site))


def _find(site_id: int) -> Site:
    return get_object_or_404(Site, pk=min(site_id, LARGEST_ID))


def _address(site: Site) -> str:
    return reverse("leads:site", args=[site.pk])
