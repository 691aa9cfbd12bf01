"""The page in headless Chromium: what is there, how it is used, that it needs nothing else."""

import os
import re
import shutil
from itertools import pairwise
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="module")
def browser():
    """Chromium as the system has it, or as CHROMIUM names it, or as playwright fetched it."""
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    with sync_api.sync_playwright() as playwright:
        if found is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip(
                "no Chromium: install the package chromium, or name one in the variable CHROMIUM"
            )
        with playwright.chromium.launch(executable_path=found, args=["--no-sandbox"]) as chromium:
            yield chromium


@pytest.fixture
def opened(browser, card):
    """Opens the page; whatever it asks for or complains of ends the test."""
    contexts, asked, said = [], [], []

    def call(**options):
        context = browser.new_context(offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(card.page.as_uri())
        return page

    yield call
    for context in contexts:
        context.close()
    assert {url for url in asked if not url.startswith("data:")} == {card.page.as_uri()}
    assert said == []


def shown(page):
    return page.locator("li.example:visible").count()


def test_it_reads_well_for_those_who_do_not_see_it(opened, card):
    page = opened()
    assert page.title() == "Quality of long, version 1"
    assert page.locator("h1").inner_text() == "long"
    for role, count in (("banner", 1), ("main", 1), ("navigation", 1), ("search", 1)):
        assert page.get_by_role(role).count() == count
    levels = [int(h.evaluate("h => h.tagName[1]")) for h in page.get_by_role("heading").all()]
    assert levels[0] == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    for plot in page.locator("svg").all():
        told = plot.evaluate(
            "s => s.getAttribute('aria-labelledby').split(' ')"
            ".map(id => document.getElementById(id).textContent)"
        )
        assert all(told), told
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    for control in page.locator("input, select").all():
        assert control.evaluate("c => c.labels.length") == 1
    for cell in page.locator("table").all():
        assert cell.locator("caption").count() == 1
    yields = card.quality.values["funnel"]["views"]["weak"]["yield"]
    assert f"{yields * 100:.1f} %" in page.locator("section[aria-labelledby=yield]").inner_text()


def test_the_examples_are_found_by_keyboard_alone(opened, card):
    page = opened()
    everything = len(card.quality.examples) + len(card.quality.replayed.examples)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "words"
    page.keyboard.type("river NOBODY")
    hits = page.locator("li.example:visible")
    assert 0 < hits.count() < everything
    for text in hits.all_text_contents():
        assert "river" in text.lower()
        assert "nobody" in text.lower()
    assert re.fullmatch(
        rf"\d+ of \d+ that fit, {everything} in all", page.locator("#found").inner_text()
    )
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "status"
    page.keyboard.type("rejected")
    assert page.locator("li.example:visible:not(.rejected)").count() == 0
    assert shown(page) == min(40, len(card.quality.replayed.examples)) > 0
    page.get_by_label("Show", exact=True).select_option("kept")
    assert page.locator("li.example.rejected:visible").count() == 0


def test_the_filters_narrow_what_is_shown(opened, card):
    page = opened()
    page.get_by_label("Method", exact=True).select_option("random_swap")
    tags = page.locator("li.example:visible .tags").all_inner_texts()
    assert tags
    assert all("random_swap" in text for text in tags)
    page.get_by_role("button", name="Clear").click()
    page.wait_for_function("document.activeElement.id === 'words'")
    page.get_by_label("Reason", exact=True).select_option("length_ratio: too_long")
    wanted = [e for e in card.quality.replayed.examples if e.reason.endswith("too_long")]
    assert shown(page) == min(40, len(wanted)) > 0
    page.get_by_label("Reason", exact=True).select_option("")
    page.get_by_label("Order", exact=True).select_option("rate")
    rates = [float(e.get_attribute("data-rate")) for e in page.locator("li.example:visible").all()]
    assert rates == sorted(rates, reverse=True)
    page.get_by_role("button", name="Show more").click()
    assert shown(page) > 40
    page.get_by_label("Search", exact=True).fill("no variant has these words")
    assert page.locator("#found").inner_text() == "No variant fits."


def test_diffs_show_source_and_variant(opened, card):
    page = opened()
    example = card.quality.examples[0]
    diff = page.locator("li.example .diff").first
    parts = diff.evaluate(
        "p => ['DEL', 'INS'].map(tag => [...p.childNodes].filter(n => n.nodeName !== tag)"
        ".map(n => n.textContent).join(''))"
    )
    assert parts == [example.text, example.source]


def test_it_fits_a_narrow_screen(opened):
    page = opened(viewport={"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_colours_can_be_told_apart(opened, scheme):
    page = opened(color_scheme=scheme)
    for selector in ("main p", ".note", "nav a", ".tag", "del", "ins", "thead th", ".facts"):
        ink, ground = page.locator(selector).first.evaluate(
            """e => { const ink = getComputedStyle(e).color;
            while (getComputedStyle(e).backgroundColor === 'rgba(0, 0, 0, 0)') e = e.parentElement;
            return [ink, getComputedStyle(e).backgroundColor]; }"""
        )
        assert contrast(ink, ground) >= 4.5, (selector, ink, ground)


def contrast(*colours):
    """After WCAG 2.2, of text and what it stands on."""

    def luminance(colour):
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted(map(luminance, colours))
    return (light + 0.05) / (dark + 0.05)


def test_it_prints_without_its_controls(opened):
    page = opened(color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.locator("nav").is_hidden()
    assert page.locator("#controls").is_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert 0 < shown(page) <= 40
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_it_is_all_there_without_scripts(opened, card):
    page = opened(java_script_enabled=False)
    assert page.locator("#controls").is_hidden()
    assert shown(page) == len(card.quality.examples) + len(card.quality.replayed.examples)
