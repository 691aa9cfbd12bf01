"""Files of synonyms that users bring: how each form is read, and what is wrong with a bad one."""

import codecs
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment import RandomInsertion, SynonymReplacement
from augment.component import fingerprint
from augment.errors import LexiconError, ParameterError, UnknownNameError
from augment.lexicons import __main__ as compiling
from augment.lexicons.files import read_file
from augment.lexicons.lexicon import Lexicon
from augment.lexicons.mythes import read_mythes
from augment.lexicons.sources import load_lexicon
from augment.registry import build
from augment.text.languages import language

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def made(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return made


def entries(lexicon: Lexicon) -> dict[str, list[str]]:
    flat = lexicon.candidates.to_pylist()
    bounds = zip(lexicon.offsets, lexicon.offsets[1:], strict=False)
    found = [flat[start:stop] for start, stop in bounds]
    return dict(zip(lexicon.words.to_pylist(), found, strict=True))


class TestPairsOnLines:
    def test_each_line_is_a_pair_and_may_have_a_weight(self, write: Write) -> None:
        path = write("t.tsv", "big\tlarge\t1\nbuy\tpurchase\nbig\tgreat\t2.5\n")
        lexicon = load_lexicon(str(path))
        assert entries(lexicon) == {"big": ["great", "large"], "buy": ["purchase"]}
        assert lexicon.weights.tolist() == [2.5, 1.0, 1.0]

    def test_comments_blank_lines_and_windows_files_are_read(self, write: Write) -> None:
        path = write("t.tsv", codecs.BOM_UTF8 + "# mine\r\n\r\nÖl\tFett\r\n \n".encode())
        assert entries(load_lexicon(str(path))) == {"öl": ["Fett"]}

    def test_useless_pairs_are_left_out(self, write: Write) -> None:
        lines = ["Haus\tGebäude", " haus \t Bau ", "haus\tHAUS", "haus\tBau", "\tx", "x\t ", "y\tY"]
        path = write("t.tsv", "\n".join(lines))
        assert entries(load_lexicon(str(path))) == {"haus": ["Gebäude", "Bau"]}

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("big large", "line 2: expected word<TAB>synonym or .*, not 'big large'"),
            ("a\tb\t1\tc", "line 2: expected word<TAB>synonym"),
            ("a\tb\tmuch", "line 2: the weight is a positive number, not 'much'"),
            ("a\tb\t0", "line 2: the weight is a positive number, not '0'"),
            ("a\tb\tinf", "line 2: the weight is a positive number, not 'inf'"),
            ("a\tb\tnan", "line 2: the weight is a positive number, not 'nan'"),
        ],
    )
    def test_a_bad_line_is_named(self, write: Write, line: str, message: str) -> None:
        path = write("t.tsv", f"one\ttwo\n{line}\n")
        with pytest.raises(LexiconError, match=rf"t\.tsv, {message}"):
            load_lexicon(str(path))

    def test_another_encoding_is_named(self, write: Write) -> None:
        path = write("t.tsv", "a\tb\nc\tÖl\n".encode("latin-1"))
        with pytest.raises(LexiconError, match=r"t\.tsv, line 2: not UTF-8"):
            load_lexicon(str(path))

    def test_nothing_usable_is_an_error(self, write: Write) -> None:
        with pytest.raises(LexiconError, match="no word in it has a synonym"):
            load_lexicon(str(write("t.tsv", "# nothing yet\n")))

    @given(st.dictionaries(st.from_regex("[a-z]{1,6}", fullmatch=True), st.integers(1, 9)))
    def test_what_is_written_is_read(self, tmp_path_factory: Any, words: dict[str, int]) -> None:
        path = tmp_path_factory.mktemp("pairs") / "t.tsv"
        path.write_text("a\tb\n" + "".join(f"{w}\tX{w}\t{n}\n" for w, n in words.items()))
        assert entries(read_file(path)) | {"a": []} == {w: [f"X{w}"] for w in words} | {"a": []}


class TestTables:
    def table(self, tmp_path: Path, **columns: Any) -> Path:
        path = tmp_path / "t.parquet"
        pq.write_table(pa.table(columns), path)
        return path

    def test_senses_and_weights(self, tmp_path: Path) -> None:
        path = self.table(
            tmp_path,
            word=["bank", "bank", "bank"],
            synonym=["shore", "lender", "credit institution"],
            sense=pa.array([1, 0, 0], pa.int8()),
            weight=[1, 1, 3],
        )
        lexicon = load_lexicon(str(path))
        assert entries(lexicon) == {"bank": ["credit institution", "lender", "shore"]}
        assert entries(lexicon.most_senses(1)) == {"bank": ["credit institution", "lender"]}

    def test_later_senses_weigh_less_by_default(self, tmp_path: Path) -> None:
        path = self.table(tmp_path, word=["a", "a"], synonym=["b", "c"], sense=[0, 3])
        assert load_lexicon(str(path)).weights.tolist() == [1.0, 0.25]

    def test_tags_make_keys_of_their_own(self, tmp_path: Path) -> None:
        path = self.table(
            tmp_path,
            word=["Film", "film", "film"],
            synonym=["movie", "shoot", "coat"],
            tag=["NN", "VB", None],
        )
        found = entries(load_lexicon(str(path)))
        assert found == {"film\tNN": ["movie"], "film\tVB": ["shoot"], "film": ["coat"]}

    def test_arrow_files_and_dictionary_columns_are_read(self, tmp_path: Path) -> None:
        words = pa.array(["a", "b"]).dictionary_encode()
        table = pa.table({"word": words, "synonym": pa.array(["c", "d"], pa.large_string())})
        with pa.ipc.new_file(tmp_path / "t.arrow", table.schema) as writer:
            writer.write_table(table)
        assert entries(load_lexicon(str(tmp_path / "t.arrow"))) == {"a": ["c"], "b": ["d"]}

    @pytest.mark.parametrize(
        ("columns", "message"),
        [
            ({"word": ["a"]}, "no column 'synonym'; its columns: word; accepted: word, synonym"),
            (
                {"word": ["a"], "synonym": ["b"], "weigth": [1]},
                "unknown column 'weigth', did you mean 'weight'",
            ),
            ({"word": [1], "synonym": ["b"]}, "the column 'word' holds text, not int64"),
            ({"word": ["a", None], "synonym": ["b"] * 2}, "'word' is null in row 1"),
            (
                {"word": ["a"], "synonym": ["b"], "sense": [0.5]},
                "'sense' holds whole numbers, not double",
            ),
            (
                {"word": ["a"], "synonym": ["b"], "sense": [-1]},
                "'sense' counts from 0, but is -1 in row 0",
            ),
            (
                {"word": ["a"], "synonym": ["b"], "weight": ["1"]},
                "'weight' holds numbers, not string",
            ),
            (
                {"word": ["a"], "synonym": ["b"], "weight": [0.0]},
                "'weight' is positive, but is 0.0 in row 0",
            ),
            (
                {"word": ["a"], "candidates": ["b"]},
                "has a column 'candidates', but is no table that augmill compiled",
            ),
        ],
    )
    def test_a_bad_table_is_explained(
        self, tmp_path: Path, columns: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(LexiconError, match=rf"t\.parquet: .*{message}"):
            load_lexicon(str(self.table(tmp_path, **columns)))

    @pytest.mark.parametrize("name", ["t.parquet", "t.arrow"])
    def test_what_is_no_table_is_said_to_be_none(self, write: Write, name: str) -> None:
        with pytest.raises(LexiconError, match=name):
            load_lexicon(str(write(name, "big\tlarge\n")))


ENGLISH = """UTF-8
hot|2
(adj)|fiery|cold (antonym)|warm (similar term)|baking hot|Hot
(adj)|spicy|tasty (generic term)|sauce (related term)
"""


class TestMyThes:
    def test_antonyms_and_broader_or_loose_relatives_are_no_synonyms(self, write: Write) -> None:
        lexicon = load_lexicon(str(write("th.dat", ENGLISH)))
        assert entries(lexicon) == {"hot": ["fiery", "baking hot", "spicy"]}
        assert lexicon.senses.tolist() == [0, 0, 1]
        assert lexicon.weights.tolist() == [1.0, 1.0, 0.5]

    @pytest.mark.parametrize("encoding", ["ISO8859-1", "ISO-8859-15", "UTF-8", "utf-8"])
    def test_the_first_line_names_the_encoding(self, write: Write, encoding: str) -> None:
        content = f"{encoding}\nseñor|1\n-|caballero|dueño\n"
        path = write("th.dat", content.encode(encoding))
        assert entries(load_lexicon(str(path))) == {"señor": ["caballero", "dueño"]}

    @pytest.mark.parametrize("encoding", ["KOI8-R", "microsoft-cp1251"])
    def test_cyrillic_encodings(self, write: Write, encoding: str) -> None:
        content = f"{encoding}\nдом|1\n(сущ.)|здание\n"
        path = write("th.dat", content.encode(encoding.replace("microsoft-", "")))
        assert entries(load_lexicon(str(path))) == {"дом": ["здание"]}

    def test_a_byte_order_mark_and_blank_lines_are_passed_over(self, write: Write) -> None:
        path = write("th.dat", codecs.BOM_UTF8 + "UTF-8\r\n\r\nа|1\r\n(синоним)|но\r\n".encode())
        assert entries(load_lexicon(str(path))) == {"а": ["но"]}

    @pytest.mark.parametrize(
        ("field", "synonyms"),
        [
            ("Bude (ugs.)", ["Bude"]),
            ("(sich) freuen", ["freuen"]),
            ("(jemandem) helfen (bei) (geh., fig.)", ["helfen"]),
            ("Bau (Oberbegriff)", []),
            ("Bude (ugs.) (Oberbegriff)", []),
            ("Karre (derb)", []),
            ("Derby", ["Derby"]),
            ("Base (ugs., veraltet)", []),
            ("anno (...)", []),
            ("... gefällig?", []),
            ("Haus...", []),
            ("frynser(i)", []),
            ("frío (Antónimo)", []),
            ("frío (Ant\xef\xbf\xbdnimo)", []),
            ("холодный (антоним)", []),
            ("dom (pojęcie nadrzędne)", []),
            ("hus (underbegreb)", []),
            ("  weit   weg  ", ["weit   weg"]),
        ],
    )
    def test_notes_are_heeded_and_cut_off(
        self, write: Write, field: str, synonyms: list[str]
    ) -> None:
        lexicon = read_mythes(write("th.dat", f"UTF-8\nx|1\n-|sure|{field}\n")).lexicon()
        assert entries(lexicon) == {"x": ["sure", *synonyms]}

    def test_the_part_of_speech_may_rule_a_line_out_or_stick_to_a_word(self, write: Write) -> None:
        content = "UTF-8\nx|4\n(антоним)|y\n[ant]|z\n(Sinônimo)bom|belo\n(adj)|w\n"
        assert entries(read_mythes(write("th.dat", content)).lexicon()) == {
            "x": ["bom", "belo", "w"]
        }

    def test_senses_that_list_the_word_itself_come_first(self, write: Write) -> None:
        content = (
            "UTF-8\nhaus|3\n-|Haus...|intern\n-|Familie (Hauptform)|Haus\n-|Haus (Hauptform)|Heim\n"
        )
        lexicon = read_mythes(write("th.dat", content)).lexicon()
        assert entries(lexicon) == {"haus": ["Heim", "Familie", "intern"]}
        assert lexicon.senses.tolist() == [0, 1, 2]

    def test_a_word_listed_twice_has_the_senses_of_both(self, write: Write) -> None:
        content = "UTF-8\nrun|1\n(noun)|race\nRun|1\n(verb)|dash\nrun|1\n(noun)|race\n"
        lexicon = read_mythes(write("th.dat", content)).lexicon()
        assert entries(lexicon) == {"run": ["race", "dash"]}
        assert lexicon.senses.tolist() == [0, 1]

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"hot|1\n-|fiery\n", r"line 1: .* name of its encoding, .*, not 'hot\|1'"),
            (b"", "line 1: .* name of its encoding"),
            (b"UTF-8\nhot\n", "line 2: expected word|number of senses, not 'hot'"),
            (b"UTF-8\nhot|1\n-|fiery\nhot|x\n", "line 4: expected word|number of senses"),
            (b"UTF-8\nhot|2\n-|fiery", "line 2: 'hot' has 2 senses, but .* after 1 of them"),
            (b"UTF-8\nhot|1\n-|\xff\n", "line 3: not UTF-8"),
        ],
    )
    def test_a_bad_line_is_named(self, write: Write, content: bytes, message: str) -> None:
        with pytest.raises(LexiconError, match=rf"th\.dat, {message}"):
            load_lexicon(str(write("th.dat", content)))


INSTALLED = Path("/usr/share/mythes")


@pytest.mark.parametrize(
    ("file", "least", "word", "known", "never"),
    [
        ("th_de_DE_v2.dat", 100_000, "Haus", {"Heim", "Eigenheim"}, {"Gebäude", "Bauwerk"}),
        ("th_es_ES_v2.dat", 20_000, "rápido", {"veloz", "raudo"}, set()),
        ("thes_fr.dat", 30_000, "joli", {"gracieux", "élégant"}, set()),
        ("th_ru_RU_v2.dat", 10_000, "абзац", {"отступ"}, set()),
        ("th_en_US_v2.dat", 100_000, "big", {"large"}, {"small", "little"}),
    ],
)
def test_a_real_thesaurus(
    file: str, least: int, word: str, known: set[str], never: set[str]
) -> None:
    if not (INSTALLED / file).exists():
        pytest.skip(f"the Debian package of {file} is not installed")
    lexicon = load_lexicon(str(INSTALLED / file))
    assert len(lexicon.words) > least
    found = set(entries(lexicon)[word.lower()])
    assert known <= found
    assert not never & found


@pytest.mark.parametrize(
    ("file", "tag", "source", "pattern"),
    [
        ("th_de_DE_v2.dat", "de", "Das Haus ist rapid.", r"Das [A-ZÄÖÜ]\w+ ist [a-zäöü]\w+\."),
        ("th_es_ES_v2.dat", "es", "La casa, rápido.", r"La \w+, \w+\."),
    ],
)
def test_a_real_thesaurus_replaces_words(file: str, tag: str, source: str, pattern: str) -> None:
    if not (INSTALLED / file).exists():
        pytest.skip(f"the Debian package of {file} is not installed")
    step = SynonymReplacement(rate=1.0, lexicon=str(INSTALLED / file))
    made = {variant.text for variant in step.variants(source, 20, language=tag)}
    assert len(made) > 3
    assert source not in made
    assert all(re.fullmatch(pattern, text) for text in made)


class TestSources:
    def test_the_fingerprint_looks_into_the_file(self, write: Write, tmp_path: Path) -> None:
        path = write("t.tsv", "big\tlarge\n")
        (tmp_path / "other").mkdir()
        copy = write("other/t.tsv", "big\tlarge\n")
        first, moved = (fingerprint(SynonymReplacement(lexicon=str(p))) for p in (path, copy))
        write("t.tsv", "big\tlarge\nbuy\tpurchase\n")
        changed = fingerprint(SynonymReplacement(lexicon=str(path)))
        assert first == moved != changed
        assert len({first, changed, fingerprint(SynonymReplacement())}) == 3

    def test_a_changed_file_is_read_again(self, write: Write) -> None:
        path = write("t.tsv", "big\tlarge\n")
        assert SynonymReplacement(rate=1.0, lexicon=str(path))("big") == "large"
        write("t.tsv", "big\tenormous\n")
        assert SynonymReplacement(rate=1.0, lexicon=str(path))("big") == "enormous"

    def test_a_missing_file_is_a_mistake_of_the_recipe(self) -> None:
        with pytest.raises(ParameterError, match=r"^lexicon: there is no file 'absent\.tsv'"):
            build({"use": "synonym", "lexicon": "absent.tsv"})

    def test_a_file_that_went_away_is_missed(self, write: Write) -> None:
        path = write("t.tsv", "big\tlarge\n")
        step = SynonymReplacement(lexicon=str(path))
        path.unlink()
        with pytest.raises(LexiconError, match=r"t\.tsv.*No such file"):
            step("big")
        with pytest.raises(LexiconError, match=r"t\.tsv.*No such file"):
            fingerprint(step)

    @pytest.mark.parametrize("value", ["wordnett", "pairs.docx", ""])
    def test_what_is_neither_name_nor_file_is_told_what_is_accepted(self, value: str) -> None:
        with pytest.raises(ParameterError, match=r"auto, cilin, wordnet, or a file \(.*\.tsv"):
            SynonymReplacement(lexicon=value)
        with pytest.raises(UnknownNameError, match=r"known: cilin, .*\.tsv.*, wordnet"):
            load_lexicon(value)

    def test_text_files_are_told_by_a_tab(self, write: Write) -> None:
        assert entries(load_lexicon(str(write("t.txt", "big\tlarge\n")))) == {"big": ["large"]}
        vectors = write("v.txt", "big 1 0\nlarge 1 0.1\nfar 0 1\n")
        assert entries(load_lexicon(str(vectors))) == {"big": ["large"], "large": ["big"]}


class TestReplacement:
    def test_other_languages_take_a_file(self, write: Write) -> None:
        path = write("th.dat", "UTF-8\nhaus|1\n-|Gebäude\nlaufen|1\n-|rennen\n")
        step = SynonymReplacement(rate=1.0, lexicon=str(path))
        source = "Laufen! Wir laufen durch das Haus, ZUM HAUS."
        made = "Rennen! Wir rennen durch das Gebäude, ZUM GEBÄUDE."
        assert step(source, language="de") == made

    def test_capitals_inside_a_sentence_are_names_where_nouns_have_none(self, write: Write) -> None:
        path = write("t.tsv", "casa\tvivienda\n")
        step = SynonymReplacement(rate=1.0, lexicon=str(path))
        assert step("la casa de Casa", language="es") == "la vivienda de Casa"
        assert step("la casa de Casa", language="und") == "la vivienda de Casa"

    def test_words_are_not_replaced_by_phrases(self, write: Write) -> None:
        path = write("t.tsv", "film\tmotion picture\t9\nfilm\tmovie\nhot\tvery warm\n")
        step = SynonymReplacement(rate=1.0, lexicon=str(path))
        assert {variant.text for variant in step.variants("hot film", 20)} == {"hot movie"}

    def test_insertion_takes_files_too(self, write: Write) -> None:
        path = write("t.tsv", "casa\tvivienda\n")
        step = RandomInsertion(min_edits=1, lexicon=str(path))
        assert step("casa", language="es") == "casa vivienda"

    @pytest.mark.parametrize(
        ("tag", "text"),
        [
            ("de", "Wir haben das nicht und werden es auch nicht"),
            ("es", "no lo hemos sido nunca y no lo seremos para ellos"),
            ("fr", "nous ne sommes pas avec eux dans cette"),
        ],
    )
    def test_function_words_are_left_alone(self, write: Write, tag: str, text: str) -> None:
        words = sorted({word.lower() for word in text.split()} - {"seremos"})
        path = write("t.tsv", "".join(f"{word}\twrong\n" for word in words))
        assert SynonymReplacement(rate=1.0, lexicon=str(path))(text, language=tag) == text

    def test_languages_without_a_list_have_no_stopwords(self) -> None:
        assert len(language("fi").stopwords) == 0


class TestCompiling:
    def test_a_compiled_file_is_a_lexicon_with_the_same_contents(
        self, write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        source, table = write("th.dat", ENGLISH), tmp_path / "th.arrow"
        assert compiling.main([str(source), str(table)]) == 0
        assert capsys.readouterr().out == "1 words, 3 candidates\n"
        assert load_lexicon(str(table)).digest == load_lexicon(str(source)).digest

    def test_vectors_take_their_bounds(self, write: Write, tmp_path: Path) -> None:
        source, table = write("v.vec", "a 1 0\nb 1 1\nc 0 1\n"), tmp_path / "v.arrow"
        assert compiling.main([str(source), str(table), "--min-cosine", "0.5", "--count", "1"]) == 0
        assert entries(load_lexicon(str(table))) == {"a": ["b"], "b": ["a"], "c": ["b"]}

    def test_mistakes_are_told_in_a_line(
        self, write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert compiling.main([str(write("t.tsv", "a b\n")), str(tmp_path / "t.arrow")]) == 1
        assert "t.tsv, line 1: expected word<TAB>synonym" in capsys.readouterr().err
        with pytest.raises(SystemExit):
            compiling.main([str(tmp_path / "t.tsv"), str(tmp_path / "t.csv")])
