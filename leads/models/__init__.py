"""Leads, the pipeline, and everything that is known to have happened."""

from leads.models.agreements import Consent, Opportunity
from leads.models.bulk import BulkAct, BulkItem
from leads.models.capture import (
    Activity,
    Campaign,
    CampaignCost,
    Form,
    FormSubmission,
    Import,
    Visitor,
)
from leads.models.history import Offer, StageChange
from leads.models.people import Company, Lead, Territory
from leads.models.stages import Handoff, PipelineVersion, Reason, Stage, VerbRule

__all__ = [
    "Activity",
    "BulkAct",
    "BulkItem",
    "Campaign",
    "CampaignCost",
    "Company",
    "Consent",
    "Form",
    "FormSubmission",
    "Handoff",
    "Import",
    "Lead",
    "Offer",
    "Opportunity",
    "PipelineVersion",
    "Reason",
    "Stage",
    "StageChange",
    "Territory",
    "VerbRule",
    "Visitor",
]
