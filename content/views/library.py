"""The library: find, read and write pieces of content."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from content import queries, rendering, services
from content.forms import AssetForm
from content.models import Asset, Persona, Product
from content.views.access import PageRequest
from leadflow.core.errors import Invalid
from leadflow.core.tables import Keyset


@require_safe
@permission_required("content.see", raise_exception=True)
def library(request: PageRequest) -> HttpResponse:
    """The list by kind, narrowed by words, product and persona."""
    chosen = {
        name: request.GET.get(name, "").replace("\x00", "").strip()
        for name in ("q", "kind", "product", "persona")
    }
    found = queries.find_assets(**chosen)
    context = {
        "page": Keyset(found, ("title", "pk"), request.GET, size=40).page(),
        "chosen": chosen,
        "kinds": [
            (key, f"{name} ({count})") for key, name, count in queries.kinds_with_counts() if count
        ],
        "products": list(Product.objects.values_list("key", "name")),
        "personas": Persona.choices,
    }
    return render(request, "content/library.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("content.edit", raise_exception=True)
def create(request: PageRequest) -> HttpResponse:
    """Write a new piece of content."""
    form = AssetForm(
        request.POST or None, initial={"kind": request.GET.get("kind", Asset.Kind.EMAIL)}
    )
    if request.method == "POST" and form.is_valid():
        asset = services.save_asset(values=form.cleaned_data, by=request.user, at=timezone.now())
        messages.success(request, f"“{asset.title}” is in the library.")
        return redirect("content:asset", asset.pk)
    return render(request, "content/asset.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("content.see", raise_exception=True)
def asset(request: PageRequest, asset_id: int) -> HttpResponse:
    """Read an asset; marketing may change it."""
    found = get_object_or_404(Asset, pk=asset_id)
    may_edit = request.user.has_perm("content.edit")
    form = AssetForm(request.POST or None, instance=found) if may_edit else None
    if form is not None and request.method == "POST" and form.is_valid():
        services.save_asset(
            asset_id=asset_id, values=form.cleaned_data, by=request.user, at=timezone.now()
        )
        messages.success(request, "Saved. What goes out from now on is the new text.")
        return redirect("content:asset", asset_id)
    stored = Asset.objects.prefetch_related("products").get(pk=asset_id)
    context = {
        "asset": stored,
        "form": form,
        "versions": stored.versions.select_related("by").order_by("-number")[:10],
        **_preview(stored),
    }
    return render(
        request, "content/asset.html", context, status=422 if form and form.errors else 200
    )


@require_safe
@permission_required("content.see", raise_exception=True)
def preview_pdf(request: PageRequest, asset_id: int) -> HttpResponse:
    """A letter or a paper as it will be printed, for an example person."""
    found = get_object_or_404(Asset, pk=asset_id)
    if found.kind == Asset.Kind.LETTER:
        content = rendering.render_letters([_example_letter(found)], brand=queries.brand())
    elif found.kind == Asset.Kind.WHITE_PAPER:
        content = rendering.render_paper(
            title=found.title, summary=found.summary, body=found.body, brand=queries.brand()
        )
    else:
        raise Http404("only letters and papers are printed")
    return HttpResponse(content, content_type="application/pdf")


def _preview(asset: Asset) -> dict[str, Any]:
    """Subject and body as an example person reads them, or the reason why they cannot be shown."""
    try:
        return {
            "preview_subject": rendering.render_line(asset.subject, rendering.FIELDS),
            "preview_body": rendering.render_page(asset.body, rendering.FIELDS),
        }
    except Invalid as error:
        return {"preview_error": str(error)}


def _example_letter(asset: Asset) -> rendering.Letter:
    return rendering.Letter(
        address=["Analytical Engines", "Ada Lovelace", "12 St James's Square", "London SW1Y 4JH"],
        date=timezone.localdate().strftime("%-d %B %Y"),
        subject=rendering.render_line(asset.subject, rendering.FIELDS),
        text=rendering.render_text(asset.body, rendering.FIELDS),
    )
