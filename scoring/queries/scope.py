"""Which leads a statement is about, and as of when."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Scope:
    """Leads by their ids, or a range of ids, scored as of `at`.

    `never_back` scores a lead no earlier than it was scored before: an event that comes late must
    not undo a newer one. `since` leaves out what a lead did until then, as if it began that moment.
    """

    at: datetime
    lead_ids: Collection[int] | None = None
    first_id: int = 0
    last_id: int = 0
    never_back: bool = False
    since: Mapping[int, datetime] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it names no lead at all."""
        return self.lead_ids is not None and not self.lead_ids

    def which(self, column: str) -> tuple[str, list[Any]]:
        """The leads as a test of `column`, so that tables with an index on it are not read through."""
        if self.lead_ids is None:
            return f"{column} BETWEEN %s AND %s", [self.first_id, self.last_id]
        return f"{column} = ANY(%s)", [sorted(self.lead_ids)]

    def later(self, rule_set_id: int) -> tuple[str, list[Any]]:
        """Rows `(lead_id, at)` of leads that are scored as of a later moment: almost always none."""
        if not self.never_back:
            return "SELECT NULL::bigint AS lead_id, NULL::timestamptz AS at WHERE FALSE", []
        which, leads = self.which("lead.id")
        among, same = self.which("points.lead_id")
        sql = f"""
            SELECT lead.id AS lead_id, GREATEST(lead.scored_at, points.at) AS at
              FROM leads_lead AS lead
              LEFT JOIN scoring_leadpoints AS points
                ON points.lead_id = lead.id AND points.rule_set_id = %s AND {among}
             WHERE {which} AND GREATEST(lead.scored_at, points.at) > %s"""
        return sql, [rule_set_id, *same, *leads, self.at]

    def begun(self) -> tuple[str, list[Any]]:
        """The join that leaves out what each lead did before its start; nothing without `since`."""
        if self.since is None:
            return "", []
        sql = """
      JOIN unnest(%s::bigint[], %s::timestamptz[]) AS begun (lead_id, since)
        ON begun.lead_id = activity.lead_id AND activity.occurred_at > begun.since"""
        return sql, [list(self.since), list(self.since.values())]
