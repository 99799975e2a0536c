"""Forms that people fill in."""

from leads.forms.design import (
    DetourForm,
    HandoffForm,
    NewHandoffForm,
    NewStageForm,
    ReasonForm,
    RetireForm,
    StageForm,
    VerbRuleForm,
)
from leads.forms.people import HONEYPOT, FactsForm, NoteForm, PublicForm

__all__ = [
    "HONEYPOT",
    "DetourForm",
    "FactsForm",
    "HandoffForm",
    "NewHandoffForm",
    "NewStageForm",
    "NoteForm",
    "PublicForm",
    "ReasonForm",
    "RetireForm",
    "StageForm",
    "VerbRuleForm",
]
