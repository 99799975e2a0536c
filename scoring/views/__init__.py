"""Pages of the scoring app, and its panel on the record page."""

from scoring.views.panel import load_company_panel, load_score_panel

__all__ = ["load_company_panel", "load_score_panel"]
