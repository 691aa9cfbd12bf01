"""Variants that are no longer in their language."""

import numpy as np
import pytest

from augment.errors import ModelError

EN = "The committee decided that the new bridge should be built before the end of next year."
PT = "A comissão decidiu que a nova ponte deveria ser construída antes do fim do próximo ano."
ZH = "委员会决定新桥应该在明年年底之前建成，市民们都很高兴。"
OTHER_EN = "It was decided by the committee to build the new bridge within the next year."


def test_another_language_is_rejected(judged):
    found = judged("language", [EN] * 4, [OTHER_EN, PT, ZH, None])
    assert found.reason.to_pylist() == [None, "wrong_language", "wrong_language", None]
    assert found.score[0] > 0.9
    assert (found.score[1:3] < 0.1).all()


def test_chinese_that_turned_english_is_rejected(judged):
    found = judged("language", [ZH] * 2, ["委员会已经决定明年年底之前要建好新桥。", EN], "zh-Hans")
    assert found.reason.to_pylist() == [None, "wrong_language"]


def test_short_texts_are_not_judged(judged):
    found = judged("language", [EN, ZH], ["Muito bom!", "好的"])
    assert found.keep.all()
    assert np.isnan(found.score).all()


def test_how_short_is_a_parameter(reason):
    spec = {"use": "language", "min_letters": 8}
    assert reason("language", EN, "Não sei não") is None
    assert reason(spec, EN, "Não sei não, você") == "wrong_language"


def test_a_source_in_another_language_excuses_its_variant(reason):
    assert reason("language", PT, PT.replace("nova ", "")) is None


def test_of_unknown_language_the_source_decides(reason):
    assert reason("language", PT, PT.replace("nova ", ""), "und") is None
    assert reason("language", PT, EN, "und") == "wrong_language"


def test_languages_that_can_not_be_told_apart_count_as_one(reason):
    norwegian = "Komiteen besluttet at den nye broen skulle bygges før slutten av neste år."
    assert reason("language", norwegian, norwegian.replace("nye ", ""), "nb") is None


def test_an_unknown_language_is_an_error(judged):
    with pytest.raises(ModelError, match="'eng' is none that py3langid knows, did you mean 'en'"):
        judged("language", [EN], [PT], "eng")
