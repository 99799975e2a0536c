"""A public form as it comes back: what it says, whether it may be taken, and keeping it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone

from leads import services as leads
from leads.engine.arrivals import Arrival, host_of, read_arrival
from leads.engine.identity import clean
from leads.engine.questions import Question, choose_questions
from leads.forms import HONEYPOT, PublicForm
from leads.models import Form
from leads.views import slips
from leads.views.limits import client_address, network_of
from leads.views.slips import Slip
from leads.views.tracking import visitor_id

MOST_UNKNOWN = 50
PAGE, REFERRER, WORDING, TOKEN = "page_url", "page_referrer", "wording", "token"
OURS = frozenset({TOKEN, HONEYPOT, PAGE, REFERRER, WORDING})
LINK = re.compile(r"https?://|www\.", re.I)
MOST_LINKS = 2

NOT_EMPTY = "A field that stays empty was filled in. Send the form again without filling it."
NOT_FROM_THERE = (
    "The page you came from may not send this form by itself. Check what you wrote and send it from "
    "here."
)


@dataclass(frozen=True)
class Sent:
    """What came: the slip of its page, the form filled in, and why it is not taken ("" when it is)."""

    slip: Slip
    filled: PublicForm
    token: str
    trouble: str
    data: Mapping[str, Any]


def issue(
    request: HttpRequest,
    form: Form,
    *,
    via: str,
    asked: Sequence[Question],
    visitor: UUID | None = None,
) -> Slip:
    """The slip of a page that shows these questions now; `visitor` is the browser that is known."""
    referrer = request.headers.get("Referer", "") if request.method != "POST" else ""
    url = _readable(request.build_absolute_uri()) if request.method != "POST" else ""
    arrival = read_arrival(url, _readable(referrer), host=request.get_host())
    return Slip(
        form=form.pk,
        id=slips.new_id(),
        at=timezone.now().timestamp(),
        via=via,
        source=arrival.origin,
        arrival=arrival.written(),
        asked=[question.name for question in asked],
        visitor=str(visitor) if visitor else "",
        hidden=_from_link(request, form),
        wording=(form.consent_version, form.consent_text),
    )


def _from_link(request: HttpRequest, form: Form) -> dict[str, str]:
    """Hidden answers that the link to the form holds."""
    told = {
        one.name: clean(request.GET.get(one.param, ""), most=one.most)
        for one in form.questions
        if not one.is_shown and one.param
    }
    return {name: value for name, value in told.items() if value}


def read(request: HttpRequest, form: Form, *, via: str) -> Sent:
    """What a post says; raises what a body that cannot be read raises."""
    data = _whole(request.POST)
    token = data.get(TOKEN, "")
    slip, trouble = slips.unseal(token, form=form)
    if slip is None:
        token = ""
        slip, trouble = _from_elsewhere(request, form, data, trouble, via=via)
    if data.get(HONEYPOT):
        trouble = NOT_EMPTY
    filled = PublicForm(
        form,
        data,
        asked=slip.asked,
        wording=slip.wording[1],
        is_known=bool(slip.visitor),
    )
    return Sent(slip, filled, token, trouble, data)


def _from_elsewhere(
    request: HttpRequest, form: Form, data: Mapping[str, Any], trouble: str, *, via: str
) -> tuple[Slip, str]:
    """The slip of a copy of the form on somebody's own page, taken where that site is allowed."""
    wording = slips.unseal_wording(data.get(WORDING, ""))
    asked = [question.name for question in choose_questions(form.questions)]
    slip = Slip(
        form=form.pk,
        id="",
        at=0,
        via="html",
        asked=asked,
        hidden=_from_link(request, form),
        wording=wording or (form.consent_version, form.consent_text),
    )
    host = _sender(request)
    if via == "page" and host and host in form.allowed_hosts:
        return slip, ""
    is_ours = not host or host == host_of(f"{request.scheme}://{request.get_host()}")
    return replace(slip, via=via), trouble if is_ours else NOT_FROM_THERE


def _sender(request: HttpRequest) -> str:
    """The host of the page that sent this, as the browser says."""
    origin = request.headers.get("Origin", "")
    return host_of(origin if origin not in {"", "null"} else request.headers.get("Referer", ""))


def keep(request: HttpRequest, form: Form, sent: Sent, *, at: datetime) -> None:
    """Store what came, once."""
    slip = sent.slip
    hidden = _hidden(form, sent)
    values = {**hidden, **sent.filled.values()}
    if extra := _extra(sent, known=hidden if slip.via == "html" else {}):
        values["_extra"] = extra
    if slip.via == "html":
        network = network_of(client_address(request))
        token, before = slips.fingerprints_of_copy(form, values, network=network)
        if leads.is_received(token=before):
            return
    else:
        token = slips.fingerprint(slip.id, values)
    arrival = _arrival(request, sent)
    leads.receive_submission(
        form=form,
        values=values,
        token=token,
        visitor_id=slip.visitor_id or visitor_id(request),
        source=arrival.origin or slip.source,
        context=_context(sent, arrival),
        at=at,
    )


def _hidden(form: Form, sent: Sent) -> dict[str, str]:
    """What is not asked: fixed values, and those that the link or the copy of the form held."""
    told = {}
    for question in form.questions:
        if question.is_shown:
            continue
        copied = sent.data.get(question.name, "") if sent.slip.via == "html" else ""
        said = sent.slip.hidden.get(question.name) or (copied if question.param else "")
        told[question.name] = clean(said or question.value, most=question.most)
    return told


def _extra(sent: Sent, *, known: Mapping[str, str]) -> dict[str, str]:
    """A few of the values that the form does not know."""
    asked = {*sent.filled.fields, *OURS, *known}
    unknown = [name for name in sent.data if name not in asked]
    return {
        _without_nul(name)[:80]: _without_nul(str(sent.data.get(name, "")))[:1_000]
        for name in unknown[:MOST_UNKNOWN]
    }


def _arrival(request: HttpRequest, sent: Sent) -> Arrival:
    """Where the page was that showed the form, and how people came there."""
    if sent.slip.via == "page":
        return Arrival.of(sent.slip.arrival)
    said = str(sent.data.get(PAGE, "")) or request.headers.get("Referer", "")
    page = said if said.startswith(("http://", "https://")) else ""
    if sent.slip.via == "embed" and host_of(page) == host_of(request.get_host()):
        page = ""
    if not page:
        return Arrival.of(sent.slip.arrival)
    own = Arrival.of(sent.slip.arrival)
    outer = read_arrival(page, str(sent.data.get(REFERRER, "")), host=host_of(page))
    return (
        outer if outer.is_known or not own.source else replace(own, landing_url=outer.landing_url)
    )


def _context(sent: Sent, arrival: Arrival) -> dict[str, Any]:
    """What is kept beside the answers."""
    version, text = sent.slip.wording
    context: dict[str, Any] = {"via": sent.slip.via}
    if arrival.written():
        context["arrival"] = arrival.written()
    if text:
        context["consent"] = {"version": version, "text": _without_nul(text)}
    if sent.slip.visitor:
        context["is_known"] = True
    if suspicion := find_suspicion(sent.filled.cleaned_data):
        context["suspicion"] = suspicion
    return context


def find_suspicion(values: Mapping[str, Any]) -> str:
    """Why answers look like spam, in words; "" when they do not. They are taken all the same."""
    names = " ".join(str(values.get(name) or "") for name in ("first_name", "last_name", "company"))
    if LINK.search(names):
        return "A name holds a link."
    links = sum(len(LINK.findall(value)) for value in values.values() if isinstance(value, str))
    return f"The text holds {links} links." if links > MOST_LINKS else ""


def _whole(data: Any) -> Any:
    """The values as text that can be shown and stored: halves of characters replaced."""
    if all(_is_whole(name) and all(map(_is_whole, data.getlist(name))) for name in data):
        return data
    clean_copy = data.copy()
    clean_copy.clear()
    for name in data:
        clean_copy.setlist(_readable(name), [_readable(value) for value in data.getlist(name)])
    return clean_copy


def _is_whole(text: str) -> bool:
    return text.isascii() or text == _readable(text)


def _readable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _without_nul(text: str) -> str:
    return text.replace("\x00", "\ufffd")
