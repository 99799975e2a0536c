"""Leads, the pipeline, and everything that is known to have happened."""

from leads.models.agreements import Consent, Opportunity
from leads.models.bulk import BulkAct, BulkItem
from leads.models.campaigns import Campaign, CampaignCost, Guest, GuestFile
from leads.models.capture import Form, FormSubmission, Import, OptIn
from leads.models.history import Offer, StageChange
from leads.models.identity import (
    CompanyMerge,
    DuplicateCheck,
    DuplicatePair,
    DuplicateSearch,
    Merge,
    PrivacyRequest,
    Suppression,
)
from leads.models.people import Company, Lead, LeadTokens, Tag, Territory
from leads.models.segments import SavedView, Segment, SegmentDay, SegmentMember
from leads.models.stages import Handoff, PipelineVersion, Reason, Stage, VerbRule
from leads.models.tracking import Activity, RawBeacon, Site, Visit, Visitor

__all__ = [
    "Activity",
    "BulkAct",
    "BulkItem",
    "Campaign",
    "CampaignCost",
    "Company",
    "CompanyMerge",
    "Consent",
    "DuplicateCheck",
    "DuplicatePair",
    "DuplicateSearch",
    "Form",
    "FormSubmission",
    "Guest",
    "GuestFile",
    "Handoff",
    "Import",
    "Lead",
    "LeadTokens",
    "Merge",
    "Offer",
    "Opportunity",
    "OptIn",
    "PipelineVersion",
    "PrivacyRequest",
    "RawBeacon",
    "Reason",
    "SavedView",
    "Segment",
    "SegmentDay",
    "SegmentMember",
    "Site",
    "Stage",
    "StageChange",
    "Suppression",
    "Tag",
    "Territory",
    "VerbRule",
    "Visit",
    "Visitor",
]
