"""Embedded PostgreSQL and Redis, and the launcher behind `make up`. Knows no business rule."""
