"""Rounds: everybody is scored anew, or what time has taken is noted; block by block, by any worker."""

from datetime import datetime, timedelta

from django.db import transaction

from leadflow.core import nudges
from leads import services as leads
from scoring import queries
from scoring.models import LeadPoints, RoundPart, RuleSet, ScoreRound
from scoring.queries import Plan, Scope
from scoring.services.scores import blocks_of_leads, keep_points, scope_of_block, score_overtaken
from scoring.services.turns import BLOCK, take_every_turn, take_turns

Kind = ScoreRound.Kind

PARTS_A_RUN = 100  # then the worker is free for something else, and comes back
FRESH_FOR = timedelta(hours=1)
# Whatever no event tells of (a product taken off an asset, an asset deleted) shows after a day.
EVERYBODY_AFTER = timedelta(days=1)
KEEP_ROUNDS_FOR = timedelta(days=30)


def refresh_scores(*, at: datetime) -> int:
    """Carry on the round that is due; returns how many of its parts were done.

    A new version, or rules that lost what they were about, ask for everybody; every hour asks for what
    time has taken. Rows that would show the same are not written. Several workers share one round.
    """
    for done in range(PARTS_A_RUN):
        round_ = _round_under_way(at=at)
        if round_ is None:
            return done
        if not _do_part(round_, at=at):
            return done + _finish(round_, at=at)
    nudges.nudge("refresh_scores")
    return PARTS_A_RUN


def _round_under_way(*, at: datetime) -> ScoreRound | None:
    """The round that is open and still wanted, or the one that is due; None when nothing is."""
    open_round = ScoreRound.objects.filter(finished_at=None).select_related("rule_set").first()
    if open_round is not None and open_round.rule_set_id == _wanted_version().pk:
        return open_round
    return _open_round(at=at)


def _wanted_version() -> RuleSet:
    """The version being prepared, else the one in use."""
    return queries.live_rules()[-1]


@transaction.atomic
def _open_round(*, at: datetime) -> ScoreRound | None:
    """Begin what is due, one worker at a time; nothing when another is at it."""
    in_use = RuleSet.objects.filter(state=RuleSet.State.PUBLISHED)
    if in_use.select_for_update(no_key=True, skip_locked=True).first() is None:
        return None
    ScoreRound.objects.filter(finished_at=None).update(finished_at=at, fingerprint="")
    rules = _wanted_version()
    fingerprint = queries.fingerprint(rules)
    kind = _kind_due(rules, fingerprint, at=at)
    if kind is None:
        return None
    if kind == Kind.FADING:
        before = ScoreRound.objects.filter(rule_set=rules).order_by("-id")[0]
        score_overtaken(since=before.started_at, at=at)
    ScoreRound.objects.filter(started_at__lt=at - KEEP_ROUNDS_FOR).delete()
    round_ = ScoreRound.objects.create(
        rule_set=rules, kind=kind, started_at=at, fingerprint=fingerprint
    )
    RoundPart.objects.bulk_create(_part(round_, block) for block in blocks_of_leads())
    nudges.nudge("refresh_scores")  # a second worker may help
    return round_


def _kind_due(rules: RuleSet, fingerprint: str, *, at: datetime) -> str | None:
    rounds = ScoreRound.objects.filter(rule_set=rules).exclude(fingerprint="").order_by("-id")
    everybody = rounds.filter(kind=Kind.EVERYBODY).first()
    if everybody is None or everybody.fingerprint != fingerprint:
        return Kind.EVERYBODY
    if everybody.started_at <= at - EVERYBODY_AFTER:
        return Kind.EVERYBODY
    last = rounds[0]
    if last.started_at > at - FRESH_FOR:
        return None
    is_full = everybody.given is None or queries.load_plan(rules).moves_with_time
    return Kind.EVERYBODY if is_full else Kind.FADING


def _part(round_: ScoreRound, block: int) -> RoundPart:
    first = block * BLOCK
    return RoundPart(round=round_, first_id=first, last_id=first + BLOCK - 1)


@transaction.atomic
def _do_part(round_: ScoreRound, *, at: datetime) -> bool:
    """Claim a part that waits and do it; False when none is left to claim."""
    waiting = RoundPart.objects.filter(round=round_, done_at=None)
    part = waiting.select_for_update(skip_locked=True).first()
    if part is None:
        return False
    block = part.first_id // BLOCK
    take_turns([block])
    rules = next((one for one in queries.live_rules() if one.pk == round_.rule_set_id), None)
    if rules is None:  # withdrawn while we waited for our turn
        return False
    _do_block(scope_of_block(block, at=at), queries.load_plan(rules), part, kind=round_.kind)
    RoundPart.objects.filter(pk=part.pk).update(done_at=at)
    return True


def _do_block(scope: Scope, plan: Plan, part: RoundPart, *, kind: str) -> None:
    """Points are kept first; leads show them at once, but for those of a version being prepared."""
    is_in_use = plan.rule_set.state == RuleSet.State.PUBLISHED
    if kind == Kind.FADING:
        rows = queries.read_snapshots(scope, plan=plan)
    else:
        rows = keep_points(scope, plan=plan, part_id=part.pk if is_in_use else None)
    if is_in_use:
        leads.write_scores(scores=rows, at=scope.at)
        _drop_points_out_of_use(scope)


def _drop_points_out_of_use(scope: Scope) -> None:
    live = [rules.pk for rules in queries.live_rules()]
    here = LeadPoints.objects.filter(lead__gte=scope.first_id, lead__lte=scope.last_id)
    here.exclude(rule_set__in=live).delete()


@transaction.atomic
def _finish(round_: ScoreRound, *, at: datetime) -> int:
    """Close a round whose parts are all done; a version that was prepared is put into use with it."""
    lock_versions()
    open_round = ScoreRound.objects.filter(pk=round_.pk, finished_at=None).first()
    if open_round is None or open_round.parts.filter(done_at=None).exists():
        return 0
    if open_round.rule_set.state == RuleSet.State.PREPARING:
        _put_into_use(open_round.rule_set, at=at)
    elif open_round.kind == Kind.EVERYBODY:
        open_round.given = _given(open_round)
    open_round.finished_at = at
    open_round.save(update_fields=["finished_at", "given"])
    open_round.parts.all().delete()
    return 1


def _given(round_: ScoreRound) -> dict[str, tuple[int, float]]:
    """What each rule gave lately, over all parts."""
    given: dict[str, tuple[int, float]] = {}
    for noted in round_.parts.values_list("given", flat=True):
        for rule, (times, points) in noted.items():
            before = given.get(rule, (0, 0.0))
            given[rule] = (before[0] + times, before[1] + points)
    return given


def lock_versions() -> RuleSet | None:
    """The version in use, locked: whoever changes which versions are live comes one at a time."""
    in_use = RuleSet.objects.filter(state=RuleSet.State.PUBLISHED)
    return in_use.select_for_update(no_key=True).first()


def _put_into_use(rules: RuleSet, *, at: datetime) -> None:
    """Swap the versions and what all leads show in one transaction: nobody ever sees a mix."""
    take_every_turn()
    state = RuleSet.State
    RuleSet.objects.filter(state=state.PUBLISHED).update(state=state.REPLACED)
    RuleSet.objects.filter(pk=rules.pk).update(state=state.PUBLISHED, published_at=at)
    plan = queries.load_plan(rules)
    for block in blocks_of_leads():
        rows = queries.read_snapshots(scope_of_block(block, at=at), plan=plan)
        leads.write_scores(scores=rows, at=at)
