"""Which stage changes count: those that were taken back later do not, nor does taking them back."""


def counts(change: str) -> str:
    """A condition on the alias `change`: neither a correction nor corrected (change_corrects)."""
    return f"""(
        {change}.corrects IS NULL AND NOT EXISTS (
            SELECT FROM leads_stagechange AS correction
             WHERE correction.corrects IS NOT NULL AND correction.corrects = {change}.id
        )
    )"""
