"""Who may see and change scoring, who signs for which side, and what others read."""

import rules

from leadflow.core.errors import NotAllowed
from leadflow.core.models import Role, Team, User
from leadflow.core.roles import has_role, is_marketing, is_sales

SIDES = ("marketing", "sales")


@rules.predicate
def leads_marketing(user: User) -> bool:
    """Whether somebody manages a team of marketing; other managers stand for sales."""
    if not is_manager(user) or user.team is None:
        return False
    return user.team.side == Team.Side.MARKETING


is_manager = has_role(Role.MANAGER)
SIGNS_FOR_MARKETING = has_role(Role.ADMIN, Role.MARKETER) | leads_marketing
SIGNS_FOR_SALES = has_role(Role.ADMIN, Role.REP) | (is_manager & ~leads_marketing)

MAY = {
    "see": (is_marketing | is_sales, "see how leads are scored"),
    "simulate": (is_marketing, "replay the past"),
    "edit_rules": (is_marketing, "change points"),
    "propose_definition": (is_marketing | is_sales, "propose a lead definition"),
    "run_prediction": (
        has_role(Role.ADMIN, Role.MANAGER),
        "switch prediction on or off, or train it",
    ),
    "sign_for_marketing": (SIGNS_FOR_MARKETING, "sign for marketing"),
    "sign_for_sales": (SIGNS_FOR_SALES, "sign for sales"),
}

for name, (predicate, _) in MAY.items():
    rules.add_perm(f"scoring.{name}", predicate)


def check_may(act: str, *, by: User | None) -> None:
    """Raise NotAllowed unless the role of `by` includes `act`; nobody means LeadFlow itself."""
    if by is not None and not by.has_perm(f"scoring.{act}"):
        raise NotAllowed(f"As {by.get_role_display().lower()} you may not {MAY[act][1]}.")


def permits(act: str, *, by: User) -> bool:
    """Whether the role of `by` includes `act`."""
    return bool(by.has_perm(f"scoring.{act}"))
