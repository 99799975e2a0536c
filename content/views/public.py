"""What everybody may read: pages, papers and what else is marked public."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from content import queries, rendering
from content.models import Asset
from leadflow.core.errors import Invalid


@require_safe
@login_not_required
def page(request: HttpRequest, key: str) -> HttpResponse:
    """A public asset as a page that tells the tracker it was read."""
    asset = _asset_or_404(key)
    try:
        body = rendering.render_page(asset.body, {})
    except Invalid:
        body = ""  # written before texts were checked; the summary still says what it is
    context = {"asset": asset, "body": body, "brand": queries.brand()}
    return render(request, "content/public_page.html", context)


@require_safe
@login_not_required
def download(request: HttpRequest, key: str) -> HttpResponse:
    """The PDF of a white paper."""
    asset = _asset_or_404(key)
    if asset.kind != Asset.Kind.WHITE_PAPER:
        raise Http404("only white papers can be downloaded")
    pdf = rendering.render_paper(
        title=asset.title, summary=asset.summary, body=asset.body, brand=queries.brand()
    )
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{asset.key}.pdf"'
    return response


def _asset_or_404(key: str) -> Asset:
    asset = queries.public_asset(key)
    if asset is None:
        raise Http404("no such page")
    return asset
