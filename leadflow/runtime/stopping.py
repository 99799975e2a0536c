"""Turning the signals that ask us to stop into one exception, raised once."""

import signal
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """Ctrl-C, SIGTERM, or the terminal is gone."""


_was_asked = False


def listen_for_stop() -> None:
    """Raise StopRequested at the first signal; later ones do not disturb the stopping."""
    for number in SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, _stop)


def check() -> None:
    """Raise StopRequested when a signal came and its exception was lost.

    Python drops what is raised inside a destructor or a lock's callback; whoever loops asks here.
    """
    if _was_asked:
        raise StopRequested


def _stop(number: int, frame: FrameType | None) -> None:
    global _was_asked
    _was_asked = True
    for each in SIGNALS:
        signal.signal(each, _stop_already_on)
    raise StopRequested


def _stop_already_on(number: int, frame: FrameType | None) -> None:
    """Not SIG_IGN: programs that we start would inherit it."""
