"""What the runtime says when it cannot go on."""


class StartError(RuntimeError):
    """LeadFlow cannot start; the message is one line that says what to do next."""
