"""A version in short: another value asks for another round."""

import hashlib

from scoring.models import RuleSet


def fingerprint(rule_set: RuleSet) -> str:
    """A digest of the rules a version has now: one whose asset, form or campaign is deleted goes too."""
    ids = rule_set.rules.filter(is_active=True).order_by("pk").values_list("pk", flat=True)
    text = ",".join(str(pk) for pk in (rule_set.pk, *ids))
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
