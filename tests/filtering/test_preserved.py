"""Numbers, addresses, placeholders and labelled entities stay."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.batch import spans_of
from augment.errors import ParameterError
from augment.filters.preserved import Preserved

LOST = [
    ("it cost $1,200.50 in 2019", "it cost $1,200.50 then"),
    ("it cost $1,200.50 in 2019", "it cost $1,200.05 in 2019"),
    ("2 and 2 is 4", "2 is 4"),
    ("see https://a.org/b?c=1 now", "see https://a.org/b?c=2 now"),
    ("mail me@good.com", "mail you@good.com"),
    ("Dear {name}, hello", "Dear Anna, hello"),
    ("thanks @jane for it", "thanks Jane for it"),
    ("价格是3,999元", "价格是4,000元"),
]


@pytest.mark.parametrize(("source", "variant"), LOST)
def test_what_is_gone_or_changed_is_lost(reason, source, variant):
    assert reason("preserved", source, variant) == "lost"
    assert reason("preserved", source, variant, "zh") == "lost"


ADDED = [("a dog", "a dog of 7"), ("in 2019", "in 2019 and 2019"), ("go", "go to www.a.org/b")]


@pytest.mark.parametrize(("source", "variant"), ADDED)
def test_what_was_not_there_is_added(reason, source, variant):
    assert reason("preserved", source, variant) == "added"


KEPT = [
    ("in 2019 it cost $5", "it cost $5 in 2019"),
    ("共３只狗", "有3只狗"),
    ("50 % of it", "50% of this"),
    ("no such thing", "nothing of the kind"),
    ("see https://a.org/b.", "https://a.org/b: look!"),
]


@pytest.mark.parametrize(("source", "variant"), KEPT)
def test_order_width_and_spaces_do_not_matter(reason, source, variant):
    assert reason("preserved", source, variant) is None


def test_the_score_is_the_share_that_both_have(judged):
    found = judged("preserved", ["1 2 3", "1 2 3", "none"], ["1 2 3", "1 2 4", "still none"])
    assert found.score.tolist() == pytest.approx([1.0, 0.5, float("nan")], nan_ok=True)


def test_only_the_kinds_asked_for_are_compared(reason):
    spec = {"use": "preserved", "kinds": ["urls"]}
    assert reason(spec, "3 at www.a.org/b", "4 at www.a.org/b") is None
    assert reason({**spec, "patterns": ["[A-Z]{3}-"]}, "from ABC- to", "from ABD- to") == "lost"


def test_protected_entities_stay_wherever_they_stand(judged):
    source = "Anna met Bob in Rome"
    spans = spans_of([[(0, 4), (9, 12), (16, 20)]] * 4)
    variants = [
        "In Rome, Anna met Bob",
        "Anna met Bob in Paris",
        "She met Bob in Rome",
        "Anna saw Bob in Rome",
    ]
    found = judged("preserved", [source] * 4, variants, protected=spans)
    assert found.reason.to_pylist() == [None, "lost", "lost", None]
    assert judged(
        {"use": "preserved", "spans": False}, [source] * 4, variants, protected=spans
    ).keep.all()


def test_an_entity_said_twice_stays_twice(reason):
    spans = spans_of([[(0, 2), (3, 5)]])
    assert reason("preserved", "北京和北京", "北京和南京", "zh", spans) == "lost"
    assert reason("preserved", "北京和北京", "北京与北京", "zh", spans) is None


def test_unknown_kinds_and_bad_patterns_are_named():
    with pytest.raises(ParameterError, match="did you mean 'urls'"):
        Preserved(kinds=("url",))
    with pytest.raises(ParameterError, match=r"patterns\[0\]: is no regular expression"):
        Preserved(patterns=("(",))


THINGS = ["7", "3.5", "50%", "{x}", "@me", "a.b@c.de", "word", "狗"]


@settings(max_examples=40)
@given(st.lists(st.sampled_from(THINGS), max_size=8), st.randoms())
def test_any_order_of_the_same_things_is_kept(reason, things, random):
    shuffled = random.sample(things, len(things))
    assert reason("preserved", " ".join(things), " ".join(shuffled)) is None


@settings(max_examples=40)
@given(st.lists(st.integers(0, 99), max_size=6), st.lists(st.integers(0, 99), max_size=6))
def test_it_is_a_comparison_of_multisets(reason, one, two):
    said = reason("preserved", *("; ".join(map(str, numbers)) for numbers in (one, two)))
    gone = any(one.count(n) > two.count(n) for n in one)
    new = any(two.count(n) > one.count(n) for n in two)
    assert said == ("lost" if gone else "added" if new else None)
