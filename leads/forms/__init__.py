"""Forms that people fill in."""

from leads.forms.builder import HostsForm, NewForm, QuestionForm, SettingsForm
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
from leads.forms.people import FactsForm, NoteForm
from leads.forms.public import HONEYPOT, PublicForm
from leads.forms.segments import SegmentForm
from leads.forms.sites import SiteForm

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
    "HostsForm",
    "NewForm",
    "NewHandoffForm",
    "NewStageForm",
    "NoteForm",
    "PublicForm",
    "QuestionForm",
    "ReasonForm",
    "RetireForm",
    "SegmentForm",
    "SettingsForm",
    "SiteForm",
    "StageForm",
    "VerbRuleForm",
    "WalkInForm",
]
