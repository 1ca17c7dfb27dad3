"""The French market that is read from disk is the one that is computed."""

import pytest
from polars.testing import assert_frame_equal

from bobanalysis import data
from bobanalysis.bob.suggestions import with_indicators
from bobanalysis.population import market
from bobanalysis.recommenders import market as kept_market
from bobanalysis.recommenders.market import french_market


@pytest.mark.parametrize("scale", ["cell_median", "national"])
def test_the_market_that_is_kept_equals_the_one_that_is_computed(scale):
    computed = market(scale)
    for _ in range(2):  # the second is read from disk at the latest
        found = french_market(scale)
        assert_frame_equal(found.local, with_indicators(computed, data.table("rome_mobility")))
        assert_frame_equal(found.jobs, computed.jobs)


def test_a_market_that_was_kept_is_not_computed_again(monkeypatch):
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    french_market()
    monkeypatch.setattr(kept_market, "market", lambda *_: pytest.fail("computed again"))
    assert french_market().local.height


def test_an_unknown_scale_is_refused_though_others_are_kept():
    with pytest.raises(ValueError, match="no market scale"):
        french_market("unheard/of")
