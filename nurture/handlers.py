"""What nurture does when leads move or change their mind."""

from leads.events import ConsentAsked, ConsentWithdrawn, StagesChanged
from nurture import services


def follow_stages(event: StagesChanged) -> None:
    """Whoever left the stages of a program exits; whoever came into them enters."""
    services.follow_stages(
        changes=event.changes, verb=event.verb, at=event.at, is_silent=event.is_silent
    )


def stop_unwilling(event: ConsentWithdrawn) -> None:
    """Whoever does not want marketing mail any more leaves every program."""
    services.stop_unwilling(lead_ids=event.lead_ids, at=event.at)


def ask_for_consents(event: ConsentAsked) -> None:
    """Whoever ticked a consent that counts once it is confirmed is asked by e-mail."""
    services.ask_for_consents(opt_in_ids=event.opt_in_ids, at=event.at)
