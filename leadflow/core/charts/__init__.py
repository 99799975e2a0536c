"""Geometry of the charts: plain values in, numbers for SVG attributes out. Pure.

Across is in per cent of the plot (0–100), so that a chart fits any width with its text unscaled;
down is in pixels. Colour is the stylesheet's.
"""

from leadflow.core.charts.paths import PathChart, PathStop, path_chart
from leadflow.core.charts.plots import Plot, Series, Sparkline, bars, line, sparkline
from leadflow.core.charts.programs import Lanes, LaneStep, timeline_lanes
from leadflow.core.charts.scales import Point
from leadflow.core.charts.shares import (
    Breakdown,
    Funnel,
    Gauge,
    HeatRow,
    Part,
    Step,
    funnel,
    gauge,
    heat_row,
    score_breakdown,
)

__all__ = [
    "Breakdown",
    "Funnel",
    "Gauge",
    "HeatRow",
    "LaneStep",
    "Lanes",
    "Part",
    "PathChart",
    "PathStop",
    "Plot",
    "Point",
    "Series",
    "Sparkline",
    "Step",
    "bars",
    "funnel",
    "gauge",
    "heat_row",
    "line",
    "path_chart",
    "score_breakdown",
    "sparkline",
    "timeline_lanes",
]
