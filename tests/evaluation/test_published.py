import numpy as np
import polars as pl
import pytest

from bobanalysis.evaluation import published


def test_every_published_statement_has_a_place_to_check_it():
    for table in (published.figures(), published.findings()):
        assert table["place"].null_count() == 0
        assert table["url"].str.starts_with("https://").all()


def test_french_and_english_say_the_same_statements():
    for table in (published.figures, published.findings):
        fr, en = table("fr"), table("en")
        assert fr["id"].to_list() == en["id"].to_list()
        assert (fr["what"] != en["what"]).all()


def test_no_estimate_arm_size_or_take_up_is_published():
    """What was not found must not slip in: the only numbers are the sample, the follow-up and dates."""
    known = published.figures().filter(pl.col("value").is_not_null())
    assert dict(known.unique("id").select("id", "value").rows()) == {"people": 212_277, "follow_up": 18}
    assert published.findings()["effect"].unique().sort().to_list() == [
        "modest effect",
        "no effect seen",
        "to be tempered, the authors say",
    ]


def test_the_detectable_effect_is_found_with_the_power_asked_for():
    rng, people = np.random.default_rng(1), 4000
    rise = published.detectable(people, 0.25, 0.3, power=0.8)["offered"] / 100
    one, two = rng.binomial(1000, 0.3 + rise, 40_000) / 1000, rng.binomial(3000, 0.3, 40_000) / 3000
    pooled = (1000 * one + 3000 * two) / 4000
    z = (one - two) / np.sqrt(pooled * (1 - pooled) * (1 / 1000 + 1 / 3000))
    assert np.mean(np.abs(z) > 1.959964) == pytest.approx(0.8, abs=0.015)


def test_less_take_up_asks_for_a_larger_effect_on_users():
    table = published.power_table(encouraged=[0.5], baseline=[0.5])
    offered, used = table["offered"].to_numpy(), table["used"].to_numpy()
    np.testing.assert_allclose(used, offered / table["take_up"].to_numpy())
    assert 0.5 < offered[0] < 0.7


def test_an_effect_that_is_not_possible_is_null():
    assert (
        published.power_table(people=200, encouraged=[0.5], baseline=[0.5], take_up=[0.05])["used"].item()
        is None
    )


def test_a_share_out_of_range_is_refused():
    with pytest.raises(ValueError, match="take_up"):
        published.detectable(100, 0.5, 0.5, take_up=0)
    with pytest.raises(ValueError, match="encouraged"):
        published.detectable(100, 1, 0.5)
