"""A fact that gives points: what it is called, what it gives, and whom it is true of."""

from typing import Any

from django.http import QueryDict

from leadflow.core.errors import DomainError, Invalid
from leads.forms.conditions import Builder
from scoring.forms.parts import FitRuleForm
from scoring.models import FitRule


class FactEditor:
    """The whole page: the form, and the builder of the condition."""

    def __init__(self, form: FitRuleForm, builder: Builder) -> None:
        self.form = form
        self.builder = builder
        self.error = ""

    @classmethod
    def of(cls, rule: FitRule | None) -> "FactEditor":
        """A fact to be changed; an empty one without it."""
        if rule is None:
            return cls(FitRuleForm(), Builder.blank())
        names = ("label", "points", "is_active")
        initial = {name: getattr(rule, name) for name in names}
        return cls(FitRuleForm(initial=initial), Builder.of(rule.condition))

    @classmethod
    def read(cls, data: QueryDict) -> "FactEditor":
        """What was sent."""
        return cls(FitRuleForm(data), Builder.read(data))

    def facts(self) -> dict[str, Any]:
        """All that was said, for the service; raises Invalid, with the faults where they belong."""
        condition: dict[str, Any] = {}
        try:
            condition = _bare(self.builder.condition())
        except Invalid as error:
            self.builder.error = str(error)
        if not self.form.is_valid() or self.builder.error:
            raise Invalid("Finish what is marked below.")
        return {**self.form.cleaned_data, "condition": condition}

    def tell(self, error: DomainError) -> None:
        """Show what was refused where it belongs."""
        if error.field in self.form.fields:
            self.form.add_error(error.field, str(error))
        elif error.field:
            self.builder.error = str(error)
        else:
            self.error = str(error)


def _bare(condition: dict[str, Any]) -> dict[str, Any]:
    """A group of one is that one."""
    parts = condition.get("all") or condition.get("any") or []
    return parts[0] if len(parts) == 1 else condition
