"""Pages of the scoring app, and its panels on the record page."""

from scoring.views.chances import load_chance_panel, load_next_panel
from scoring.views.panel import load_company_panel, load_score_panel

__all__ = ["load_chance_panel", "load_company_panel", "load_next_panel", "load_score_panel"]
