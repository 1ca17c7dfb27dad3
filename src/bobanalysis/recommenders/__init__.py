"""Recommendation algorithms behind one interface: people in, a ranked list a person out."""

from bobanalysis.recommenders.market import french_market

__all__ = ["french_market"]
