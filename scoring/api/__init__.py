"""Scoring for programs: why a score is what it is, and replays of the past."""
