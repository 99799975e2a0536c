"""Segments: written by people, filled in batches, then kept up to date by events and by time."""

from leads.services.segments.editing import (
    archive_segment,
    change_segment,
    create_segment,
    restore_segment,
)
from leads.services.segments.following import (
    fill_segments,
    follow_leads,
    follow_segments,
    follow_time,
)

__all__ = [
    "archive_segment",
    "change_segment",
    "create_segment",
    "fill_segments",
    "follow_leads",
    "follow_segments",
    "follow_time",
    "restore_segment",
]
