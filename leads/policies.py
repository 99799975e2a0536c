"""Who may do what with leads, and the sentence they read when they may not."""

from datetime import datetime, timedelta

import rules

from leadflow.core.errors import NotAllowed
from leadflow.core.models import Role, User
from leadflow.core.roles import OVERSEERS, is_anyone, is_care, is_manager, is_marketing, is_sales
from leads.models import Offer, StageChange

TAKE_BACK_WITHIN = timedelta(minutes=10)

WHO = {
    "offer": is_marketing | is_sales,
    "accept": is_sales | is_care,
    "reject": is_sales | is_care,
    "advance": is_sales | is_marketing,
    "win": is_sales,
    "lose": is_sales,
    "recycle": is_marketing | is_sales,
    "disqualify": is_marketing | is_sales,
    "revive": is_marketing | is_sales,
}

for verb, predicate in WHO.items():
    rules.add_perm(f"leads.{verb}", predicate)
rules.add_perm("leads.see", is_anyone)
rules.add_perm("leads.edit", is_marketing | is_sales | is_care)
rules.add_perm("leads.design_pipeline", is_marketing)
rules.add_perm("leads.edit_reasons", is_manager)
rules.add_perm("leads.assign", is_marketing)
rules.add_perm("leads.manage_forms", is_marketing)
rules.add_perm("leads.manage_campaigns", is_marketing)
rules.add_perm("leads.manage_sites", is_marketing)


def check_may(verb: str, *, by: User) -> None:
    """Raise NotAllowed unless the role of `by` includes `verb`."""
    if verb == "expire":
        raise NotAllowed("Offers expire by themselves when nobody has answered them in time.")
    if not by.has_perm(f"leads.{verb}"):
        raise NotAllowed(f"As {by.get_role_display().lower()} you may not {verb} leads.")


def decision_refused(offer: Offer, *, by: User) -> str:
    """Why `by` may not answer `offer`, in a sentence; empty when they may."""
    if by.role in OVERSEERS or offer.assignee_id == by.pk:
        return ""
    if offer.team_id is not None and offer.team_id == by.team_id:
        return ""
    team = offer.team.name if offer.team else "another team"
    return f"This lead was offered to {team}; only its people may answer."


def take_back_refused(change: StageChange, *, by: User, at: datetime) -> str:
    """Why `by` may not take `change` back, in a sentence; empty when they may."""
    if by.role in OVERSEERS:
        return ""
    if change.by_id != by.pk:
        who = change.by or "LeadFlow"
        return f"{who} made this change: only they, within ten minutes, or a manager take it back."
    if at - change.at > TAKE_BACK_WITHIN:
        return "Ten minutes have passed since this change: ask a manager to take it back."
    return ""


def permits(verb: str, *, by: User) -> bool:
    """Whether the role of `by` includes `verb`."""
    return bool(by.has_perm(f"leads.{verb}"))


def roles_by_verb() -> dict[str, list[str]]:
    """The names of the roles that may run each verb; none where LeadFlow itself does."""
    return {
        verb: [str(role.label) for role in Role if _includes(role, verb)]
        for verb in [*WHO, "expire"]
    }


def _includes(role: Role, verb: str) -> bool:
    predicate = WHO.get(verb)
    return bool(predicate and predicate.test(User(role=role, is_active=True)))


def check_may_design(*, by: User) -> None:
    """Raise NotAllowed unless `by` may change the pipeline."""
    if not by.has_perm("leads.design_pipeline"):
        role = by.get_role_display().lower()
        raise NotAllowed(f"As {role} you may not change the pipeline. Ask marketing or an admin.")


def check_may_edit_reasons(*, by: User) -> None:
    """Raise NotAllowed unless `by` may change the lists of reasons."""
    if not by.has_perm("leads.edit_reasons"):
        role = by.get_role_display().lower()
        raise NotAllowed(f"As {role} you may not change the reasons. Ask a manager or an admin.")


def check_may_manage_sites(*, by: User) -> None:
    """Raise NotAllowed unless `by` may say which websites are tracked."""
    if not by.has_perm("leads.manage_sites"):
        role = by.get_role_display().lower()
        raise NotAllowed(f"As {role} you may not manage sites. Ask marketing or an admin.")
