"""Saved views: the list of leads as somebody likes it, kept for themselves or shared with everybody."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction

from leadflow.core.errors import Conflict, Invalid
from leadflow.core.models import User
from leads import policies
from leads.models import SavedView

MOST_OF_ONE = 50


@transaction.atomic
def save_view(
    *, name: str, query: str, columns: Sequence[str], is_shared: bool, by: User
) -> SavedView:
    """Keep a list under a name; raises Conflict for a name that `by` uses already."""
    policies.check_may_share(is_shared, by=by)
    if SavedView.objects.filter(owner=by).count() >= MOST_OF_ONE:
        raise Invalid(f"You have {MOST_OF_ONE} views. Delete one that you no longer use.")
    view = SavedView(owner=by, name=name, query=query, columns=list(columns), is_shared=is_shared)
    return _write(view)


@transaction.atomic
def rename_view(*, view_id: int, name: str, is_shared: bool, by: User) -> SavedView:
    """Give a view another name, share it or keep it to oneself; raises Conflict for a name in use."""
    view = _mine(view_id, by=by)
    if is_shared != view.is_shared:
        policies.check_may_share(True, by=by)
    view.name, view.is_shared = name, is_shared
    return _write(view)


@transaction.atomic
def update_view(*, view_id: int, query: str, columns: Sequence[str], by: User) -> SavedView:
    """Let a view show another list."""
    view = _mine(view_id, by=by)
    view.query, view.columns = query, list(columns)
    return _write(view)


@transaction.atomic
def delete_view(*, view_id: int, by: User) -> None:
    """Forget a view; the leads in it stay."""
    _mine(view_id, by=by).delete()


def _mine(view_id: int, *, by: User) -> SavedView:
    view = SavedView.objects.select_for_update().get(pk=view_id)
    policies.check_may_change_view(view, by=by)
    return view


def _write(view: SavedView) -> SavedView:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        raise Conflict("You have a view of this name already.", field="name") from None
    return view
