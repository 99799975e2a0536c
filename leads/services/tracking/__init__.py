"""Tracking: sites, what browsers report, and who their visitors turn out to be."""

from leads.services.tracking.beacons import process_beacons, receive_beacon, reprocess_beacons
from leads.services.tracking.reading import KINDS as BEACON_KINDS
from leads.services.tracking.sites import save_site, switch_site
from leads.services.tracking.tokens import make_visitor_token, read_visitor_token
from leads.services.tracking.visitors import identify_visitor

__all__ = [
    "BEACON_KINDS",
    "identify_visitor",
    "make_visitor_token",
    "process_beacons",
    "read_visitor_token",
    "receive_beacon",
    "reprocess_beacons",
    "save_site",
    "switch_site",
]
