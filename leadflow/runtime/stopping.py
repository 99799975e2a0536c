"""Turning the signals that ask us to stop into one exception, raised once."""

import signal
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """Ctrl-C, SIGTERM, or the terminal is gone."""


def listen_for_stop() -> None:
    """Raise StopRequested at the first signal; later ones do not disturb the stopping."""
    for number in SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, _stop)


def _stop(number: int, frame: FrameType | None) -> None:
    for each in SIGNALS:
        signal.signal(each, _stop_already_on)
    raise StopRequested


def _stop_already_on(number: int, frame: FrameType | None) -> None:
    """Not SIG_IGN: programs that we start would inherit it."""
