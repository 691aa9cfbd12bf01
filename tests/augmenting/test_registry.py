"""Names lead to classes: the built-in ones, and those of installed packages."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from augment import registry
from augment.compose import Chain
from augment.errors import ParameterError, PluginError, UnknownNameError
from augment.filters.surface import LengthRatio


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    registry._targets.cache_clear()
    yield
    registry._targets.cache_clear()


MODULE = """
from augment import augmenter

@augmenter("shout")
def Shout(text, rng):
    return text.upper()

class NoComponent: ...
"""


def install(folder: Path, package: str, points: str) -> None:
    """A distribution as pip would leave it, of one module and its entry points."""
    (folder / f"{package}.py").write_text(MODULE)
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(points)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


class TestPlugins:
    def test_an_entry_point_is_a_name(self, site: Path) -> None:
        install(site, "loud_words", "[augment.augmenters]\nshout = loud_words:Shout\n")
        assert "shout" in registry.names()
        assert "loud_words" not in sys.modules
        assert registry.build({"use": "shout"})("hi") == "HI"  # type: ignore[operator]

    def test_kinds_are_apart(self, site: Path) -> None:
        install(site, "loud_filter", "[augment.filters]\nshout = loud_filter:Shout\n")
        assert "shout" not in registry.names("augmenter")
        assert "shout" in registry.names("filter")

    def test_a_name_claimed_twice_names_both(self, site: Path) -> None:
        install(site, "loud_one", "[augment.augmenters]\nshout = loud_one:Shout\n")
        install(site, "loud_two", "[augment.augmenters]\nshout = loud_two:Shout\n")
        with pytest.raises(PluginError, match=r"'shout'.*loud_one and loud_two"):
            registry.names()

    def test_a_built_in_name_can_not_be_claimed(self, site: Path) -> None:
        install(site, "loud_chain", "[augment.augmenters]\nchain = loud_chain:Shout\n")
        with pytest.raises(PluginError, match="augmill and loud_chain"):
            registry.names()

    @pytest.mark.parametrize("target", ["NoComponent", "Missing"])
    def test_what_is_no_component_is_refused(self, site: Path, target: str) -> None:
        name = f"loud_{target.lower()}"
        install(site, name, f"[augment.augmenters]\nodd = {name}:{target}\n")
        with pytest.raises(PluginError, match="not a component"):
            registry.load("odd")

    def test_a_module_that_is_missing_is_the_plugins_fault(self, site: Path) -> None:
        install(site, "loud_lost", "[augment.augmenters]\nlost = loud_gone:Shout\n")
        with pytest.raises(PluginError, match=r"'lost'.*loud_gone"):
            registry.load("lost")


class TestNames:
    def test_are_sorted(self) -> None:
        assert list(registry.names()) == sorted(registry.names())

    def test_lead_to_classes(self) -> None:
        assert registry.load("chain") is Chain
        assert registry.load("length_ratio", "filter") is LengthRatio

    def test_unknown_ones_get_a_hint(self) -> None:
        with pytest.raises(UnknownNameError, match="did you mean 'synonym'"):
            registry.load("synonyms")

    def test_listing_imports_no_component_and_nothing_heavy(self) -> None:
        code = (
            "import sys; from augment import registry; import augment; registry.names(); "
            "heavy = {'torch', 'transformers', 'nlpaug', 'onnxruntime', 'ray', 'pandas'}; "
            "bad = [m for m in sys.modules if m in heavy or m.startswith('augment.methods')]; "
            "sys.exit(str(bad) if bad else 0)"
        )
        subprocess.run([sys.executable, "-c", code], check=True)

    def test_loading_every_class_imports_nothing_heavy(self) -> None:
        code = (
            "import sys; from augment import registry; "
            "[registry.load(n, k) for k in ('augmenter', 'filter') for n in registry.names(k)]; "
            "heavy = {'torch', 'transformers', 'nlpaug', 'onnxruntime', 'ray', 'pandas'}; "
            "bad = heavy & set(sys.modules); sys.exit(str(bad) if bad else 0)"
        )
        subprocess.run([sys.executable, "-c", code], check=True)


class TestBuild:
    def test_nested_entries(self) -> None:
        step = {"use": "nlpaug", "augmenter": "char.OcrAug"}
        spec = {"use": "chain", "steps": [{"use": "sometimes", "step": step, "p": 0.2}]}
        built = registry.build(spec)
        assert isinstance(built, Chain)
        assert built.steps[0].p == 0.2

    def test_all_problems_are_reported_with_their_paths(self) -> None:
        step = {"use": "nlpaug", "augmenter": "char.OcrAug"}
        with pytest.raises(ParameterError) as caught:
            registry.build(
                {
                    "use": "chain",
                    "p": 7,
                    "steps": [
                        {"use": "synonim"},
                        {"use": "one_of", "options": [step, {**step, "rate": 1}, 3], "wieghts": 1},
                        {"rate": 1},
                    ],
                }
            )
        assert [problem.path for problem in caught.value.problems] == [
            "steps[0].use",
            "steps[1].options[1].rate",
            "steps[1].options[2]",
            "steps[1].wieghts",
            "steps[2]",
            "p",
        ]

    @pytest.mark.parametrize(
        "spec", [{}, {"use": 3}, {"use": "chain"}, {"use": "chain", "steps": 3}]
    )
    def test_nonsense_is_a_parameter_error(self, spec: dict[str, object]) -> None:
        with pytest.raises(ParameterError):
            registry.build(spec)
