"""Recommendation algorithms behind one interface: people in, a ranked list a person out.

Recommender, Learner, ranking, checked   the interface, and what a recommender of one's own needs
french_market                            the market that Bob's algorithms are run on
bob, BobAdvice, BobStrategies, BobJobs   Bob, as published or blind to age or place
Random, MostPopular, LocalDemand, Mobility, baselines   what any recommender should beat
LinkedJobs, LearnedRanker, FairRanker, cross_fitted     learned, with or without a fairness constraint
judgements                               what job suggestions can be judged by, and what not
frontier                                 quality beside the gap between groups
"""

# ruff: noqa: F401 what is imported here is what other rooms import from here

from . import judgements
from .baselines import LocalDemand, Mobility, MostPopular, Random, baselines, job_groups
from .interface import COLUMNS, Learner, Recommender, checked, ranking
from .learned import REGION, FairRanker, LearnedRanker, LinkedJobs, cross_fitted
from .market import french_market
from .published import BobAdvice, BobJobs, BobStrategies, bob, linked
from .tradeoff import frontier
