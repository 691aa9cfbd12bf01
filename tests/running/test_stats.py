"""Counts add up, in any grouping."""

from hypothesis import given
from hypothesis import strategies as st

from pipelines.stats import Stats, ViewStats

counts = st.integers(0, 9)
named = st.dictionaries(st.sampled_from("abc"), counts)
views = st.builds(
    ViewStats,
    asked=counts,
    made=counts,
    declined=counts,
    failed=counts,
    rejected=named,
    steps=named,
)
stats = st.builds(
    Stats, rows=counts, rejected=named, views=st.dictionaries(st.sampled_from("xy"), views)
)


@given(stats, stats, stats)
def test_addition_is_associative_and_has_a_zero(a, b, c):
    assert (a + b) + c == a + (b + c)
    assert a + Stats() == Stats() + a == a


@given(stats, stats)
def test_totals_are_sums(a, b):
    assert (a + b).rejected_rows == a.rejected_rows + b.rejected_rows
    assert (a + b).variants.made == a.variants.made + b.variants.made
