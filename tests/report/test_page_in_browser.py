"""The page in headless Chromium: wide, narrow, in the dark, by keyboard."""

import shutil
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.browser.helpers import shut_out
from tests.report.test_charts import STATUS, comparison, drawings, estimates
from tests.report.test_report import EXAMPLES, LEDGER, SHOWN, USAGE, folder, rendered, verification
from xsafety.categories import OF_PAPER
from xsafety.explore.selection import Selection
from xsafety.report.charts import ChartNames, drawing_names
from xsafety.report.drawing import read_pictures, write_drawing
from xsafety.report.page import read_judge

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs chromium and chromedriver"),
    pytest.mark.slow,
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    path = tmp_path_factory.mktemp("page")
    names = ChartNames(
        {"a": "Model A", "b": "b"}, {"none": "none", "safe": "SafePrompt"}, {"strict": "Strict"}, OF_PAPER
    )
    for drawing in drawings(estimates(["ar", "bn", "zh"]), [comparison("bn")], {}, STATUS, names):
        write_drawing(drawing, path)
    pictures = read_pictures(path, drawing_names("ab"))
    judges = [read_judge(name, folder(path), OF_PAPER) for name in ("lexicon", "second")]
    page = rendered(judges, EXAMPLES, verification({"zh": LEDGER}), USAGE, SHOWN, pictures)
    (path / "report.html").write_text(page, encoding="utf-8")
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(DRIVER)))
    driver.get((path / "report.html").as_uri())
    yield driver
    driver.quit()


def look(browser: webdriver.Chrome, width: int, scheme: str = "light") -> None:
    size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def ask(browser: webdriver.Chrome, script: str) -> Any:
    return browser.execute_script(f"return {script}")


def test_the_answer_is_on_the_first_screen_and_nothing_is_wider_than_a_phone(browser: webdriver.Chrome) -> None:
    for width in (1280, 390):
        look(browser, width)
        assert ask(browser, "document.querySelector('.answers li').getBoundingClientRect().top") < 200
        assert ask(browser, "document.documentElement.scrollWidth") <= width
        wide = "[...document.querySelectorAll('svg')].filter(e => e.getBoundingClientRect().right > innerWidth).length"
        assert ask(browser, wide) == 0
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]


def test_charts_take_the_colours_of_the_dark(browser: webdriver.Chrome) -> None:
    colour = "getComputedStyle(document.querySelector('svg text')).fill"
    look(browser, 1280)
    light = ask(browser, colour)
    look(browser, 1280, "dark")
    assert ask(browser, colour) != light
    assert ask(browser, "getComputedStyle(document.querySelector('svg > rect')).fill") == ask(
        browser, "getComputedStyle(document.body).backgroundColor"
    )


def test_by_keyboard_the_contents_stay_and_what_is_folded_opens(browser: webdriver.Chrome) -> None:
    look(browser, 1280)
    browser.execute_script("document.querySelector('nav a[href=\"#trust\"]').focus()")
    ActionChains(browser).send_keys(Keys.ENTER).perform()
    assert ask(browser, "document.querySelector('nav').getBoundingClientRect().top") == 0
    heading = "document.querySelector('#trust h2').getBoundingClientRect()"
    nav = ask(browser, "document.querySelector('nav').getBoundingClientRect().bottom")
    assert nav <= ask(browser, f"{heading}.top") < 300
    browser.execute_script("document.querySelector('#examples summary').focus()")
    ActionChains(browser).send_keys(Keys.ENTER).perform()
    assert ask(browser, "document.querySelector('#examples details').open") is True


def test_headings_go_down_by_one_and_whatever_scrolls_can_be_reached(browser: webdriver.Chrome) -> None:
    levels = ask(browser, "[...document.querySelectorAll('h1,h2,h3,h4')].map(e => +e.tagName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert ask(browser, "[...document.querySelectorAll('svg')].every(e => e.getAttribute('aria-label'))")
    assert ask(browser, "[...document.querySelectorAll('.scroll')].every(e => e.tabIndex == 0)")
    assert ask(browser, "getComputedStyle(document.querySelector('dd[lang=ar]')).direction") == "rtl"


def test_a_cell_of_the_heat_map_leads_to_its_rows(browser: webdriver.Chrome) -> None:
    look(browser, 1280)
    cell = "document.querySelectorAll('#categories figure svg a')"
    browser.execute_script(f"{cell}[0].scrollIntoView({{block: 'center'}})")
    middle = "(box => document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2))"
    href = ask(browser, f"{middle}({cell}[0].getBoundingClientRect()).closest('a').href.baseVal")
    found = Selection.of(dict(parse_qsl(urlsplit(href).query)))
    assert (found.model, found.prompting, found.judge, found.verdict) == ("a", "none", "lexicon", "unsafe")
    assert found.lang in ("en", "ar", "bn", "zh")
    assert found.category in OF_PAPER.categories
    assert ask(browser, f"[...{cell}].every(e => e.tabIndex == -1)")  # for the keyboard the table has them all


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_axe_finds_nothing_that_shuts_people_out(browser: webdriver.Chrome, width: int, scheme: str) -> None:
    look(browser, width, scheme)
    browser.execute_script("document.querySelectorAll('details').forEach(e => e.open = true)")
    assert shut_out(browser) == []


def test_texts_are_blurred_until_asked_for(browser: webdriver.Chrome) -> None:
    blur = "getComputedStyle(document.querySelector('#examples dd.text')).filter"
    assert ask(browser, blur) != "none"
    browser.execute_script("document.querySelector('#show-texts').click()")
    assert ask(browser, blur) == "none"
