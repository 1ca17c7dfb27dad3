"""Findings, charts and pages: what a reader gets to see, in French and in English."""
