"""What nurture does when leads move or change their mind."""

from leads import services as leads
from leads.events import ConsentAsked, ConsentWithdrawn, LeadsErased, StagesChanged
from nurture import services
from nurture.events import EnrollmentsChanged
from scoring import services as scoring


def follow_stages(event: StagesChanged) -> None:
    """Whoever left the stages of a program exits; whoever came into them enters."""
    services.follow_stages(
        changes=event.changes, verb=event.verb, at=event.at, is_silent=event.is_silent
    )


def stop_unwilling(event: ConsentWithdrawn) -> None:
    """Whoever does not want marketing mail any more leaves every program; or a channel stops."""
    services.stop_unwilling(lead_ids=event.lead_ids, at=event.at)
    services.stop_channel(lead_ids=event.lead_ids, purpose=event.purpose, at=event.at)


def redraw_letters(event: LeadsErased) -> None:
    """Printed files do not tell of people who were erased."""
    services.redraw_batches(lead_ids=event.lead_ids)


def ask_for_consents(event: ConsentAsked) -> None:
    """Whoever ticked a consent that counts once it is confirmed is asked by e-mail."""
    services.ask_for_consents(opt_in_ids=event.opt_in_ids, at=event.at)


def follow_segments(event: EnrollmentsChanged) -> None:
    """Segments and lead definitions may ask who is in a program."""
    leads.follow_segments(event=event)
    scoring.follow_truth(event=event)
