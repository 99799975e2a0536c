"""Who may do what with leads, and the sentence they read when they may not."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import rules

from leadflow.core.errors import NotAllowed
from leadflow.core.models import Role, User
from leadflow.core.roles import OVERSEERS, is_anyone, is_care, is_manager, is_marketing, is_sales
from leads.models import Lead, Merge, Offer, Opportunity, SavedView, StageChange

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
rules.add_perm("leads.export_person", is_marketing)
rules.add_perm("leads.import", is_marketing)
rules.add_perm("leads.erase", is_manager)
rules.add_perm("leads.see_privacy", is_manager)
rules.add_perm("leads.merge", is_marketing)
rules.add_perm("leads.share_views", is_marketing)
rules.add_perm("leads.export_list", is_marketing)
rules.add_perm("leads.manage_forms", is_marketing)
rules.add_perm("leads.manage_campaigns", is_marketing)
rules.add_perm("leads.manage_sites", is_marketing)
rules.add_perm("leads.manage_guests", is_marketing | is_sales)
rules.add_perm("leads.merge_companies", is_marketing)
rules.add_perm("leads.invite", is_marketing | is_sales)
rules.add_perm("leads.manage_segments", is_marketing)
rules.add_perm("leads.tag", is_marketing | is_sales | is_care)
rules.add_perm("leads.untag", is_marketing | is_sales | is_care)

WORDS = {
    "import": "import leads",
    "export_person": "hand out what is known of people",
    "erase": "erase people",
}


def check_may(verb: str, *, by: User) -> None:
    """Raise NotAllowed unless the role of `by` includes `verb`."""
    if verb == "expire":
        raise NotAllowed("Offers expire by themselves when nobody has answered them in time.")
    if not by.has_perm(f"leads.{verb}"):
        act = WORDS.get(verb, f"{verb} leads")
        raise NotAllowed(f"As {by.get_role_display().lower()} you may not {act}.")


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


def merge_refused(
    *, kept: Lead, gone: Lead, waiting: Collection[int], open_money: Mapping[int, Opportunity]
) -> str:
    """Why two leads cannot be merged this way round, in a sentence; empty when they can.

    `waiting` names the leads with a pending offer, `open_money` their open opportunities.
    """
    if kept.erased_at is not None or gone.erased_at is not None:
        return "One of the two was erased: nothing is left of them that could be merged."
    if {kept.pk, gone.pk} <= set(waiting):
        return "Both wait for an answer. Answer one of the two offers first."
    if gone.pk in waiting:
        return f"{gone.name} waits for an answer: keep that record."
    if {kept.pk, gone.pk} <= set(open_money):
        sums = " and ".join(str(open_money[lead.pk]) for lead in (kept, gone))
        return (
            f"Both have an open opportunity ({sums}), and one person has one at a time. "
            f"Win or lose that of {gone.name} first."
        )
    return ""


def undo_merge_refused(merge: Merge, *, by: User) -> str:
    """Why `by` may not undo a merge, in a sentence; empty when they may."""
    if by.role in OVERSEERS or merge.by_id == by.pk:
        return ""
    who = merge.by or "Somebody"
    return f"{who} made this merge: only they or a manager undo it."


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


def check_may_manage_segments(*, by: User) -> None:
    """Raise NotAllowed unless `by` may change segments."""
    if not by.has_perm("leads.manage_segments"):
        role = by.get_role_display().lower()
        raise NotAllowed(f"As {role} you may not manage segments. Ask marketing.")


def check_may_edit_reasons(*, by: User) -> None:
    """Raise NotAllowed unless `by` may change the lists of reasons."""
    if not by.has_perm("leads.edit_reasons"):
        role = by.get_role_display().lower()
        raise NotAllowed(f"As {role} you may not change the reasons. Ask a manager or an admin.")


def check_may_manage_campaigns(*, by: User) -> None:
    """Raise NotAllowed unless `by` may plan campaigns and write down what they cost."""
    if not by.has_perm("leads.manage_campaigns"):
        role = by.get_role_display().lower()
        raise NotAllowed(f"As {role} you may not manage campaigns. Ask marketing or an admin.")


def check_may_manage_sites(*, by: User) -> None:
    """Raise NotAllowed unless `by` may say which websites are tracked."""
    if not by.has_perm("leads.manage_sites"):
        role = by.get_role_display().lower()
        raise NotAllowed(f"As {role} you may not manage sites. Ask marketing or an admin.")


def check_may_manage_guests(*, by: User) -> None:
    """Raise NotAllowed unless `by` may keep guest lists and stand at the door."""
    if not by.has_perm("leads.manage_guests"):
        role = by.get_role_display().lower()
        raise NotAllowed(f"As {role} you may not manage guests. Ask marketing or sales.")


def check_may_merge_companies(*, by: User) -> None:
    """Raise NotAllowed unless `by` may make two companies one."""
    if not by.has_perm("leads.merge_companies"):
        role = by.get_role_display().lower()
        raise NotAllowed(f"As {role} you may not merge companies. Ask marketing or an admin.")


def check_may_share(is_shared: bool, *, by: User) -> None:
    """Raise NotAllowed where `by` wants everybody to have a view and may not."""
    if is_shared and not by.has_perm("leads.share_views"):
        raise NotAllowed("Only marketing, managers and admins share views with everybody.")


def may_change_view(view: SavedView, *, by: User) -> bool:
    """Whether `by` may rename, change and delete a view: their own, and as a manager any shared one."""
    return view.owner_id == by.pk or (view.is_shared and by.role in OVERSEERS)


def check_may_change_view(view: SavedView, *, by: User) -> None:
    """Raise NotAllowed unless `by` may change a view."""
    if not may_change_view(view, by=by):
        raise NotAllowed(f"This view belongs to {view.owner}. Save one of your own from it.")
