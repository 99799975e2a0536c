"""Handing out what is known of a person: allowed, and written down."""

from datetime import datetime

from django.db import transaction

from leadflow.core.errors import Conflict, NotAllowed
from leadflow.core.models import User
from leads import policies
from leads.models import Lead, PrivacyRequest
from leads.queries.dossier import count_rows


@transaction.atomic
def note_export(*, lead_id: int, by: User, at: datetime) -> PrivacyRequest:
    """Write down that everything about a person is handed out now; raises NotAllowed, Conflict."""
    policies.check_may("export_person", by=by)
    lead = Lead.objects.visible_to(by).filter(pk=lead_id).first()
    if lead is None:
        raise NotAllowed("This lead does not exist or is not yours to see.")
    if lead.erased_at is not None:
        raise Conflict("This person was erased: there is nothing left to hand out.")
    return PrivacyRequest.objects.create(
        lead=lead,
        kind=PrivacyRequest.Kind.EXPORT,
        by=by,
        at=at,
        result=count_rows(lead_ids=[lead.pk])[lead.pk],
    )
