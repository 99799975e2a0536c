"""Who may: predicates over a user's role, for the permission rules of every app."""

import rules

from leadflow.core.models import Role, User


def has_role(*roles: Role) -> rules.Predicate:
    """A predicate: the user is active and has one of `roles`."""

    def check(user: User) -> bool:
        return user.is_active and getattr(user, "role", None) in roles

    return rules.Predicate(check, name="has_role:" + "|".join(roles))


OVERSEERS = frozenset({Role.ADMIN, Role.MANAGER})

is_admin = has_role(Role.ADMIN)
is_manager = has_role(Role.ADMIN, Role.MANAGER)
is_marketing = has_role(Role.ADMIN, Role.MANAGER, Role.MARKETER)
is_sales = has_role(Role.ADMIN, Role.MANAGER, Role.REP)
is_care = has_role(Role.ADMIN, Role.MANAGER, Role.CARE)
is_anyone = has_role(*Role)
