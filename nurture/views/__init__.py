"""Pages of the nurture app."""
