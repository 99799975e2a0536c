"""Who may read and who may change the library."""

import rules

from leadflow.core.errors import NotAllowed
from leadflow.core.models import User
from leadflow.core.roles import is_anyone, is_marketing

rules.add_perm("content.see", is_anyone)
rules.add_perm("content.edit", is_marketing)


def check_may_edit(*, by: User) -> None:
    """Raise NotAllowed unless `by` works in marketing."""
    if not by.has_perm("content.edit"):
        raise NotAllowed("Content is written by marketing; ask them for a change.")
