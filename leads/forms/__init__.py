"""Forms that people fill in."""

from leads.forms.bulk import BulkForm
from leads.forms.campaigns import CampaignForm, CostForm
from leads.forms.companies import CompanyForm
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
from leads.forms.guests import GuestColumnsForm, GuestFileForm, GuestForm, WalkInForm
from leads.forms.people import HONEYPOT, FactsForm, NoteForm, PublicForm

__all__ = [
    "HONEYPOT",
    "BulkForm",
    "CampaignForm",
    "CompanyForm",
    "CostForm",
    "DetourForm",
    "FactsForm",
    "GuestColumnsForm",
    "GuestFileForm",
    "GuestForm",
    "HandoffForm",
    "NewHandoffForm",
    "NewStageForm",
    "NoteForm",
    "PublicForm",
    "ReasonForm",
    "RetireForm",
    "StageForm",
    "VerbRuleForm",
    "WalkInForm",
]
