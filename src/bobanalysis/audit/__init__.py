"""Audit of any algorithm: who is answered what because of age or place, and why."""
