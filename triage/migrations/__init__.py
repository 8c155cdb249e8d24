"""Alembic's environment and versions; what more than one of them needs lies beside it."""
