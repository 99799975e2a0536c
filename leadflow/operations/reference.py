"""The reference pages that are made from the code, so that they cannot be wrong for long."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer

from leadflow.core import events
from leadflow.schedule import SWEEPS
from leads import queries as lead_queries
from leads import services as leads
from leads.models import Lead
from leads.services.pipeline import HANDOFFS, REASONS, STAGES

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
FOLDER = settings.BASE_DIR / "docs" / "reference"


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    heads = list(head)
    lines = [heads, ["---"] * len(heads), *([str(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def events_page() -> str:
    """Every event and who subscribes to it."""
    rows = []
    for kind, names in events.subscriptions().items():
        promise = (events.kind_called(kind).__doc__ or "").strip().splitlines()[0]
        rows.append((f"`{kind}`", promise, "<br>".join(f"`{name}`" for name in names)))
    return "# Events and their subscribers\n\n" + _table(("event", "says", "handled by"), rows)


def sweeps_page() -> str:
    """Every sweep of the schedule."""
    rows = []
    for sweep in SWEEPS:
        promise = (sweep.load().__doc__ or "").strip().splitlines()[0]
        rows.append((f"`{sweep.name}`", f"{sweep.every_seconds:g} s", promise, f"`{sweep.path}`"))
    head = ("sweep", "every", "does", "is")
    return "# The schedule\n\nOne tick runs them in this order.\n\n" + _table(head, rows)


def pipeline_page() -> str:
    """The shipped stages, hand-offs and reasons, the verbs, and what leads where."""
    shipped, full = leads.shipped_pipeline(), leads.shipped_pipeline(with_all_handoffs=True)
    stages = [(f"`{key}`", name, short, kind, team or "", ", ".join(needs))
              for key, name, short, kind, team, needs in STAGES]  # fmt: skip
    handoffs = [(f"`{key}`", name, f"`{offered}` → `{accepted}`", team, "on" if active else "off")
                for key, name, offered, accepted, team, _, active in HANDOFFS]  # fmt: skip
    reasons = [(f"`{verb}`", f"`{code}`", label, "yes" if note else "", days or "")
               for verb, code, label, note, days in REASONS]  # fmt: skip
    return "\n".join(
        (
            "# The shipped pipeline and its verbs\n",
            "Made from the code by running every verb in every stage.\n\n## What leads where\n",
            _state_diagram(shipped),
            "## With every shipped hand-off switched on\n",
            _state_diagram(full),
            "## Stages\n",
            _table(("key", "name", "short", "kind", "team", "needs"), stages),
            "## Hand-offs\n",
            _table(("key", "name", "stages", "receiving team", "as shipped"), handoffs),
            "## Verbs\n",
            _table(("verb", "what happens", "from", "to", "who may", "asks for"), _verbs(shipped)),
            "## Reasons\n",
            _table(("verb", "code", "label", "needs a note", "days of rest"), reasons),
        )
    )


def _moves(pipeline: lead_queries.Pipeline) -> list[tuple[str, str, str]]:
    """Every (from, verb, to) of a pipeline, found by running the verbs."""
    used = [*pipeline.path, *(stage.key for stage in pipeline.stages if stage.kind == "detour")]
    return [
        (stage, verb, target.stage)
        for stage in used
        for verb in leads.VERBS
        if (target := leads.find_target(stage, leads.Act(verb=verb, at=NEVER), pipeline))
    ]


def _state_diagram(pipeline: lead_queries.Pipeline) -> str:
    """The moves as a diagram; verbs that lead the same way share an arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for start, verb, end in _moves(pipeline):
        arrows.setdefault((start, end), []).append(verb)
    lines = ["stateDiagram-v2", "    direction LR", f"    [*] --> {pipeline.first_stage()}"]
    lines += [
        f"    {start} --> {end}: {', '.join(verbs)}" for (start, end), verbs in arrows.items()
    ]
    return "```mermaid\n" + "\n".join(lines) + "\n```\n"


def _verbs(pipeline: lead_queries.Pipeline) -> list[tuple[str, ...]]:
    moves, who = _moves(pipeline), lead_queries.roles_by_verb()
    rows: list[tuple[str, ...]] = []
    for verb in leads.VERBS:
        starts = dict.fromkeys(start for start, name, _ in moves if name == verb)
        ends = dict.fromkeys(end for _, name, end in moves if name == verb)
        asks = ["a reason"] if verb in pipeline.needing_reason else []
        asks += sorted({need for end in ends for need in pipeline.requires(end)})
        rows.append(
            (
                f"`{verb}`",
                (getattr(Lead, verb).__doc__ or "").strip(),
                ", ".join(f"`{start}`" for start in starts),
                ", ".join(f"`{end}`" for end in ends),
                ", ".join(who[verb]) or "happens by itself",
                ", ".join(asks),
            )
        )
    return rows


def api_page() -> str:
    """The API as OpenAPI."""
    schema: Any = SchemaGenerator().get_schema(request=None, public=True)
    return OpenApiYamlRenderer().render(schema, renderer_context={}).decode()


PAGES: dict[str, Callable[[], str]] = {
    "api.yaml": api_page,
    "events.md": events_page,
    "pipeline.md": pipeline_page,
    "sweeps.md": sweeps_page,
}


def stale_pages() -> list[str]:
    """Names of the pages that do not say what the code says."""
    return [
        name
        for name, make in PAGES.items()
        if not (FOLDER / name).exists() or (FOLDER / name).read_text(encoding="utf-8") != make()
    ]


def write_pages() -> list[str]:
    """Write the stale pages; returns their names."""
    stale = stale_pages()
    for name in stale:
        (FOLDER / name).write_text(PAGES[name](), encoding="utf-8")
    return stale
