"""The report: verification first, marks on what is unverified, nothing from outside, nothing that runs."""

import json
import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from scripts import report as report_script
from tests.report.test_charts import quality
from xsafety.analysis.comparisons import COMPARISONS_FILE, comparison_rows
from xsafety.analysis.grid import COUNTS, read_grid
from xsafety.analysis.rates import RATES_FILE, rate_rows
from xsafety.analysis.tables import bases, count_frame, judge_tables
from xsafety.calibration.labels import answer_digest
from xsafety.categories import OF_PAPER, About, write_about
from xsafety.cli import arguments
from xsafety.explore.selection import Selection
from xsafety.report import page as module
from xsafety.report.charts import HEAT_BINS, drawing_names
from xsafety.report.drawing import Picture
from xsafety.report.page import (
    MANY,
    SECTIONS,
    Contents,
    ReviewTables,
    heat_class,
    printable,
    read_judge,
    render,
    shown_change,
    shown_kappa,
    shown_rate,
)
from xsafety.report.usage import TOKENS, TRIES
from xsafety.rows import (
    ChoiceRate,
    Comparison,
    Count,
    Example,
    JudgePair,
    JudgeQuality,
    RateEstimate,
    RunChange,
    SeedCount,
    Shown,
    Status,
    Todo,
    Usage,
)
from xsafety.tabular import read_rows, write_jsonl, write_rows, write_text
from xsafety.verification.agreement import (
    ModificationRate,
    ReviewerAgreement,
    modification_rates,
    reviewer_agreement,
    survey,
)
from xsafety.verification.readiness import source_readiness

LANGUAGES = ["en", "ar", "zh", "bn"]
NOTE = "toy model: its numbers say nothing about any real model"
SHOWN: Shown = {
    "title": "A <demo> & more",
    "note": None,
    "promptings": ["none", "safe"],
    "labels": {
        "models": {"a": "Model A"},
        "judges": {"lexicon": "Lexicon", "second": "Second judge"},
        "promptings": {
            "safe": {"label": "SafePrompt", "text": "Answer safely under {scenario}.", "placement": "system"}
        },
    },
    "notes": {"models": {"a": NOTE}, "judges": {"lexicon": "A baseline."}},
    "redact": False,
    "rows_at": "http://127.0.0.1:8642/",
}
PLAIN: Shown = {
    "title": "",
    "note": None,
    "promptings": ["none", "safe"],
    "labels": {"models": {}, "judges": {}, "promptings": {}},
    "notes": {"models": {}, "judges": {}},
    "redact": False,
    "rows_at": None,
}
HOSTILE = "<script>alert('x')</script><img src=http://evil.example/x.png>\x07"


def status(ar: str = "unverified draft") -> list[dict[str, Any]]:
    zero = Status(**source_readiness("en", 10), sheet="", reviews="", problems="")
    return [
        zero | {"lang": "en", "basis": "source", "state": "source"},
        zero | {"lang": "ar", "basis": ar, "state": "drafted", "drafted": 10},
        zero | {"lang": "zh", "basis": "verified", "state": "verified", "verified": 10},
        zero
        | {"lang": "bn", "basis": "", "state": "no drafts", "ready": "no", "used": 0, "missing": 10}
        | {"waits_for": [Todo(who="translator", rows=10)], "sheet": "results/sheets/bn", "reviews": "reviews/bn"}
        | {"sheet_round": 1},
    ]


def counts() -> list[Count]:
    rows: list[Count] = []
    for model, supported in (("a", ["en", "ar", "zh"]), ("b", ["en", "zh"])):
        for prompting, unsafe in (("none", 4), ("safe", 1)):
            for lang in supported:
                for category in ("insult", "commonsense", "goal_hijacking"):
                    numbers = {"n": 10, "safe": 9 - unsafe, "unsafe": unsafe, "invalid": 1, "failed": 0, "refusal": 5}
                    row = {"model": model, "prompting": prompting, "lang": lang, "category": category, **numbers}
                    rows.append(row)  # type: ignore[arg-type]
    return rows


def example(lang: str, response: str, **other: Any) -> Example:
    row: Any = {"sample": 1, "label": "", "categories": [], "judge_output": ""}
    row |= {"id": "q1", "category": "insult", "lang": lang, "source": "How?", "query": "How?", "response": response}
    return {**row, "verdict": "unsafe", "reason": "", "refusal": False, "model": "a", "prompting": "none", **other}


EXAMPLES = [
    example("en", HOSTILE),
    example("ar", "نعم", query="كيف؟"),
    example("zh", "", verdict="invalid", reason="empty"),
]


def used(stage: str, name: str, engine: str, **numbers: Any) -> Any:
    zero = dict.fromkeys(("answers", *TOKENS, *TRIES), 0) | {"cost": ""}
    return {"stage": stage, "name": name, "engine": engine, "lang": "All", **zero, **numbers}


USAGE = [
    used("drafts", "google", "google", answers=7),
    used("responses", "a", "openai", answers=3000, input_tokens=120000, cached_input_tokens=500, cost="1.234567")
    | {"output_tokens": 90000, "reasoning_tokens": 40000, "retries": 12, "rate_limited": 9},
    used("responses", "a", "openai", answers=3000) | {"lang": "en"},
    used("responses", "b", "transformers", answers=99),
    used("verdicts", "second", "openai", answers=40, input_tokens=1000, output_tokens=80),
]


def said(round: int, reviewer: str, id: str, verdict: str, after: str = "T") -> Any:
    who = {"id": id, "round": round, "reviewer": reviewer, "date": "", "note": "", "sha256": ""}
    return {**who, "verdict": verdict, "source": "E", "before": "T", "after": after}


LEDGER = [
    *(said(1, "anna", id, "edited", "U") for id in "ab"),
    *(said(1, "anna", id, "ok") for id in "cde"),
    *(said(1, "ben", id, "ok") for id in "cde"),
    said(1, "ben", "b", "ok"),
    said(2, "carl", "c", "ok"),
]


def verification(ledgers: dict[str, list[Any]] | None = None, rows: list[dict[str, str]] | None = None) -> ReviewTables:
    categories = dict.fromkeys("abc", "insult") | {"d": "commonsense"}  # e is no seed any more
    surveys = {lang: survey(entries, categories) for lang, entries in (ledgers or {}).items()}
    return ReviewTables(
        status() if rows is None else rows,
        modification_rates(surveys, OF_PAPER.categories),
        reviewer_agreement(surveys),
    )


def folder(path: Path, ar: str = "unverified draft") -> Path:
    for name, text in tables_of(ar).items():
        write_text(path / name, text)
    return path


@cache
def tables_of(ar: str) -> dict[str, str]:
    """The texts of a judge's tables, by name."""
    with TemporaryDirectory() as path:
        make_tables(Path(path), ar)
        return {file.name: file.read_text(encoding="utf-8") for file in Path(path).iterdir()}


def make_tables(path: Path, ar: str) -> None:
    basis = bases({row["lang"]: row["basis"] for row in status(ar)}, LANGUAGES, "en")
    frame = count_frame(counts(), LANGUAGES, ["a", "b"], ["none", "safe"], OF_PAPER)
    for file, table in judge_tables(frame, basis, OF_PAPER).items():
        write_text(path / file, table.to_csv(index=False))
    grid = read_grid(seeds(path), ["none", "safe"], LANGUAGES, OF_PAPER, 0.01)
    write_rows(path / RATES_FILE, RateEstimate, rate_rows(grid, basis))
    write_rows(path / COMPARISONS_FILE, Comparison, comparison_rows(grid))


def seeds(path: Path) -> dict[str, Path]:
    """The files of counts by seed that `counts` are of."""
    files: dict[str, list[SeedCount]] = {"a": [], "b": []}
    zero: dict[str, Any] = dict.fromkeys(COUNTS, 0) | {"expected": "refusal"}
    for row in counts():
        for at in range(row["n"]):
            verdict = "invalid" if at == 9 else "unsafe" if at < row["unsafe"] else "safe"
            seed = {name: row[name] for name in ("prompting", "lang", "category")}  # type: ignore[literal-required]
            seed |= zero | {"id": f"{row['category']}-{at}", "answers": 1, verdict: 1}
            files[row["model"]].append(seed)  # type: ignore[arg-type]
    for model, rows in files.items():
        write_rows(path / f"{model}.csv", SeedCount, rows)
    return {model: path / f"{model}.csv" for model in files}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    tables_at = folder(tmp_path_factory.mktemp("tables"))
    return rendered(
        [read_judge("lexicon", tables_at, OF_PAPER), read_judge("second", tables_at, OF_PAPER)],
        EXAMPLES,
        verification({"zh": LEDGER}),
        USAGE,
        SHOWN,
    )


class Elements(HTMLParser):
    """Collects the elements of a page and checks that they nest."""

    VOID = frozenset(["meta", "link", "br", "img", "input", "hr"])

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> at {self.getpos()}"


def test_the_answer_comes_first_with_what_it_rests_on(page: str) -> None:
    body = page[page.index("<body>") :]
    order = [section.name for section in SECTIONS if section.name not in ("changes", "choices")]
    places = [body.index(f'<section id="{name}">') for name in order]
    assert places == sorted(places)
    assert order.index("unsafe") == 0
    assert order.index("trust") < order.index("reviewers") < order.index("examples") < order.index("method")
    first = words(body[: places[0]])
    assert "Model A ‡ (see its note) : 44% unsafe outside English [24, 67], as in English" in first
    assert "b: 44% unsafe in Chinese [24, 67], as in English; asked in 1 of 2 languages; judge not calibrated" in first
    assert "Unverified drafts are in use in Arabic ar : what was verified" in first
    assert "A baseline." in first
    assert [f'href="#{name}"' in body[: places[0]] for name in order] == [True] * len(order)


def gate(page: str) -> str:
    """What is told of verification: whether to trust it, and what reviewers changed."""
    sections = dict(re.findall(r'<section id="(\w+)">(.*?)</section>', page, re.DOTALL))
    return str(sections["trust"] + sections["reviewers"])


def words(html: str) -> str:
    return " ".join(re.sub("<.*?>", " ", html).split())


def rendered(*given: Any) -> str:
    return render(Contents(*given))


def render_gate(tmp_path: Path, known: ReviewTables) -> str:
    page = rendered([read_judge("lexicon", folder(tmp_path), OF_PAPER)], [], known, [], PLAIN)
    Elements(page)
    return gate(page)


def test_state_of_every_language_and_who_must_do_what(page: str) -> None:
    table = gate(page)[: gate(page).index("</table>")]
    rows = [words(row) for row in re.findall(r"<tr>.*?</tr>", table)]
    assert rows[3:] == [
        "Chinese zh verified nobody verified by people 10 of 10 rows 10 0 0 0 0",
        "Bangla bn no drafts a translator: 10 row(s) have no draft fill results/sheets/bn.xlsx (or .po,"
        " .csv), save it as reviews/bn/round-1.YOURNAME.xlsx not evaluated 0 of 10 rows 0 0 0 0 10",
    ]
    assert "Translations into 3 languages: 1 drafted, 1 verified, 1 no drafts." in words(gate(page))


def test_many_languages_are_folded_and_scroll(tmp_path: Path) -> None:
    tags = "af am az be bg bs ca cs cy da el et eu".split()
    assert len(tags) > MANY
    _, _, done, waiting = status()
    finished = status() + [done | {"lang": tag} for tag in tags]
    section = render_gate(tmp_path, ReviewTables(finished))
    _, table, folded, *_ = section.split("<details>")
    assert "<code>bn</code>" in table
    assert not any(f"<code>{tag}</code>" in table for tag in ("zh", *tags))
    assert all(f"<code>{tag}</code>" in folded for tag in ("en", "zh", *tags))
    assert folded.count('class="scroll tall"') == 1

    section = render_gate(tmp_path, ReviewTables(status() + [waiting | {"lang": tag} for tag in tags]))
    assert "Not evaluated: 14 languages." in words(section)
    assert section.count('class="scroll tall"') == 1

    section = render_gate(tmp_path, ReviewTables([row | {"waits_for": []} for row in finished]))
    assert "Nobody has anything to do." in section
    assert section.count("<details>") == 1


def test_states_of_the_gate_are_told_apart(tmp_path: Path) -> None:
    states = ["in review (round 2: 3 of 10)", "in review (round 1: 7 of 10)", "stale (2)", "spot check (1 of 2)"]
    figures: list[dict[str, Any]] = [
        {"lang": "bg", "state": "in review", "round": 2, "passed": 3},
        {"lang": "cs", "state": "in review", "round": 1, "passed": 7},
        {"lang": "da", "state": "stale", "stale": 2},
        {"lang": "el", "state": "spot check", "inspected": 1, "sampled": 2},
    ]
    rows = [status()[3] | given for given in figures]
    section = render_gate(tmp_path, ReviewTables(status() + rows))
    assert (
        "Translations into 7 languages: 2 in review, 1 drafted, 1 verified, 1 no drafts, 1 stale, 1 spot check."
        in words(section)
    )
    assert all(f">{state}</span>" in section for state in states)


def test_a_to_do_is_one_whatever_its_reason(tmp_path: Path) -> None:
    reason = "libretranslate wants a key; name its variable by translation.api_key_env"
    todos = [Todo(who="translator", rows=2, reason=reason), Todo(who="reviewer", rows=3, round=1)]
    write_rows(tmp_path / "status.csv", Status, [*status(), status()[3] | {"lang": "bg", "waits_for": todos}])
    section = render_gate(tmp_path, ReviewTables(read_rows(tmp_path / "status.csv", Status)))
    row = section[section.rindex("<code>bg</code>") :]
    cell = row[row.index("<div>") : row.index("<small>")]
    assert cell == (
        f"<div>a translator: 2 row(s) have no draft ({reason})</div><div>a reviewer: round 1, 3 row(s)</div>"
    )


def test_no_evidence_is_said_in_words(tmp_path: Path) -> None:
    nothing = [
        row | {"basis": "unverified draft", "state": "drafted"} if row["lang"] == "zh" else row for row in status()
    ]
    section = render_gate(tmp_path, ReviewTables(nothing))
    assert "No review sheet has come back yet" in section
    released = render_gate(tmp_path, ReviewTables(status("verified")))
    assert "The verified rows came with the data" in released
    for said_of in (section, released):
        assert said_of.count("<table") == 1
        assert "How far reviewers agree" not in said_of


def test_rates_by_language_round_issue_and_reviewer(tmp_path: Path) -> None:
    section = render_gate(tmp_path, verification({"ar": LEDGER[:5], "zh": LEDGER}))
    tables = re.findall(r"<table.*?</table>", section, re.DOTALL)[1:]
    changes, issues, reviewers, agree = (
        [words(row) for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL)] for table in tables
    )
    assert changes == [
        "Language Round 1 Round 2",
        "Arabic ar 40.0 2 of 5: 11.8–76.9 anna -",
        "Chinese zh 25.0 1 of 4: 4.6–69.9 1 in dispute anna, ben 0.0 0 of 1: 0.0–79.3 carl",
        "All languages 33.3 3 of 9: 12.1–64.6 1 in dispute anna, ben 0.0 0 of 1: 0.0–79.3 carl",
    ]
    assert [row.split(" ")[0] for row in issues[1:]] == ["Insult", "Commonsense", "of"]
    assert "Chinese zh 1 ben 0.0 0.0–49.0 4 4 0 0 0 0" in reviewers
    assert agree[1:] == ["Chinese zh 1 anna, ben 4 75.0 75.0 0.00 0.72"]


def test_one_reviewer_and_nobody_to_agree_with(tmp_path: Path) -> None:
    section = render_gate(tmp_path, verification({"zh": LEDGER[:5]}))
    assert "No two reviewers have decided the same row in the same round" in section
    assert "All languages" not in section
    undecided = render_gate(tmp_path, verification({"zh": [said(1, "anna", "a", "skip")]}))
    assert re.search(r'<td class="none">-<small>anna</small></td>', undecided)


def test_names_of_reviewers_are_escaped(tmp_path: Path) -> None:
    entries = [said(1, "<b>anna</b>", "a", "ok"), said(1, "<i>ben</i>", "a", "ok")]
    section = render_gate(tmp_path, verification({"zh": entries}))
    assert "<i>" not in section
    assert section.count("&lt;i&gt;ben&lt;/i&gt;") == 3  # by language, by reviewer, in a pair


def test_unverified_language_is_marked_in_every_table(page: str) -> None:
    for table in re.findall(r"<table.*?</table>", page.replace(gate(page), ""), re.DOTALL):
        if "<code>ar</code>" in table:
            assert re.search(r'Arabic <code>ar</code><span class="mark">.*?unverified draft', table)
            assert not re.search(r'Chinese <code>zh</code><span class="mark">', table)
    assert page.count("<b>Unverified draft:</b>") >= 5


def test_no_mark_when_everything_is_verified(tmp_path: Path) -> None:
    judge = read_judge("lexicon", folder(tmp_path, "verified"), OF_PAPER)
    page = rendered([judge], [], ReviewTables(status("verified")), [], PLAIN)
    assert "No unverified draft is in use." in page
    assert "†" not in page
    assert '<section id="examples">' not in page
    assert '<section id="judges">' not in page


def test_model_output_is_escaped(page: str) -> None:
    assert "<script" not in page
    assert "&lt;script&gt;alert(" in page
    assert "A &lt;demo&gt; &amp; more" in page
    assert "\x07" not in page
    assert printable("a\x00\ud800\tb\n") == "a\ufffd\ufffd\tb\n"


def test_languages_and_directions(page: str) -> None:
    assert '<dd class="text" lang="ar" dir="rtl">كيف؟</dd>' in page
    assert '<dd class="text" lang="ar" dir="auto">نعم</dd>' in page
    assert '<dd class="text" lang="en" dir="ltr">How?</dd>' in page
    assert "(empty)" in page


BESIDE = "provenance.json"  # the one file that the page links to, and shows nothing of


def test_page_is_complete_in_itself(page: str) -> None:
    elements = Elements(page).found
    assert not {tag for tag, _ in elements} & {"script", "img", "iframe", "object", "embed", "video", "audio"}
    for tag, attributes in elements:
        assert not [name for name in attributes if name == "src" or name.startswith("on")], (tag, attributes)
        assert (attributes.get("href") or "#").startswith(("#", "data:", "http://127.0.0.1:", BESIDE)), (
            tag,
            attributes,
        )
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'" in page


def test_links_and_labels_have_their_targets(page: str) -> None:
    attributes = [attributes for _, attributes in Elements(page).found]
    ids = [given["id"] for given in attributes if "id" in given]
    assert len(ids) == len(set(ids))
    for given in attributes:
        if given.get("class") == "rows":
            continue
        assert (given.get("href") or "#method").removeprefix("#") in (*ids, "data:,", BESIDE)
        assert given.get("aria-labelledby", "main-caption") in ids


def test_tables_have_captions_and_scopes(page: str) -> None:
    for table in re.findall(r"<table.*?</table>", page, re.DOTALL):
        assert "<caption" in table
        assert all("scope=" in cell for cell in re.findall(r"<th\b[^>]*>", table))


def test_same_input_same_bytes_and_no_path(tmp_path: Path) -> None:
    pages = []
    for name in ("one", "two"):
        judge = read_judge("lexicon", folder(tmp_path / name), OF_PAPER)
        pages.append(rendered([judge], EXAMPLES, verification({"zh": LEDGER}), USAGE, SHOWN))
    assert pages[0] == pages[1]
    assert str(tmp_path) not in pages[0]


def test_numbers_bounds_and_dashes(page: str) -> None:
    assert ">44.4</a><small>[23.7, 67.3]</small><small>2 invalid: 40.0–50.0</small></td>" in page
    assert '<td class="none">-</td>' in page
    assert (
        "<td>44.4<small>[23.7, 67.3]</small><small>1 of 2</small></td>" in page
    )  # b lacks one of the two non-English languages
    assert "<td>−33.3<small>[−54.9, −5.1]</small></td>" in page


def test_what_differs_from_english_is_marked_and_only_that(tmp_path: Path) -> None:
    judge = read_judge("lexicon", folder(tmp_path), OF_PAPER)
    text = rendered([judge], [], verification(), [], SHOWN)
    assert "(differs from English)" not in text
    assert "(5% by Holm, 3 comparisons of cells; “Ave” and “All” apart)" in text
    missed = re.findall(r"differences of up to ([\d.]+) points may have been missed", text)
    assert min(map(float, missed)) > 15
    assert len(missed) == 2, "without and with Commonsense Safety"
    blind = [{**row, "detectable": "127.8"} for row in judge.comparisons]
    text = rendered([replace(judge, comparisons=blind)], [], verification(), [], SHOWN)
    assert "Elsewhere, even the largest differences, of so few queries, may have been missed" in text
    compared = [
        {**row, "p_adjusted": "0.0499"} if (row["lang"], row["model"], row["prompting"]) == ("ar", "a", "none") else row
        for row in judge.comparisons
    ]
    text = rendered([replace(judge, comparisons=compared)], [], verification(), [], SHOWN)
    marks = dict(re.findall(r'<section id="(\w+)">(.*?)</section>', text, re.DOTALL))
    counted = {name: shown.count("(differs from English)</span></sup>") for name, shown in marks.items()}
    assert counted["unsafe"] == 2, "without and with Commonsense Safety"
    assert counted["categories"] == 5, "three issues, all but Commonsense Safety, all"
    assert sum(counted.values()) == 7
    alone = rendered([replace(judge, rates=[], comparisons=[])], [], verification(), [], SHOWN)
    assert "(differs from English)" not in alone


def test_what_an_api_took_is_told_and_summed(page: str) -> None:
    section = page[page.index('<section id="usage">') : page.index('<section id="method">')]
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', section)
    assert [re.sub("<.*?>", "", name) for name, _ in rows] == ["Model A model", "Second judge judge", "Together"]
    cells = [re.findall(r"<td.*?>(.*?)</td>", values) for _, values in rows]
    tokens = ["120,000<small>500 from a cache</small>", "90,000<small>40,000 of reasoning</small>"]
    assert cells[0] == ["3,000", *tokens, "$1.23", "12", "9"]
    assert cells[1] == ["40", "1,000", "80", "-", "0", "0"]
    tokens = [tokens[0].replace("120", "121"), tokens[1].replace("90,000", "90,080")]
    assert cells[2] == ["3,040", *tokens, "$1.23", "12", "9"]


def test_local_models_and_an_empty_journal_show_nothing_of_the_machine(tmp_path: Path) -> None:
    judge = read_judge("lexicon", folder(tmp_path), OF_PAPER)
    for usage in ([], [row for row in USAGE if row["engine"] != "openai"], [used("responses", "a", "openai")]):
        page = rendered([judge], EXAMPLES, verification(), usage, SHOWN)
        assert "What it took" not in page
        assert page == rendered([judge], EXAMPLES, verification(), [], SHOWN)


def test_note_stands_at_every_table_of_rates(page: str) -> None:
    sections = re.findall(r'<section id="(\w+)">(.*?)</section>', page, re.DOTALL)
    assert {name for name, text in sections if NOTE in text} >= {
        "unsafe",
        "categories",
        "promptings",
        "refusals",
        "judges",
    }
    assert "<b>Model A:</b>" in page
    assert "A baseline." in page


def test_percent_change_and_heat() -> None:
    assert [shown_rate(text) for text in ("15.25", "", "0")] == ["15.3", "-", "0.0"]
    assert [shown_change(text) for text in ("-7.1", "2", "0", "-0.01", "")] == ["−7.1", "+2.0", "±0.0", "±0.0", "-"]
    assert [shown_kappa(text) for text in ("-0.0451", "", "1.0000")] == ["−0.05", "-", "1.00"]
    rates = ("", "0", "0.5", "5", "5.1", "75", "75.1", "100")
    assert [heat_class(text) for text in rates] == ["", "h0", "h1", "h1", "h2", "h6", "h7", "h7"]


def _luminance(colour: str) -> float:
    colour = colour if len(colour) == 6 else "".join(digit * 2 for digit in colour)
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_no_map_of_harm_has_a_category_that_asks_for_a_choice(page: str, tmp_path: Path) -> None:
    asked = {key: replace(one, choice=key == "commonsense") for key, one in OF_PAPER.categories.items()}
    judge = read_judge("lexicon", folder(tmp_path), About("en", asked))
    heads = '<th scope="col">Commonsense Safety</th>'
    assert heads in page
    assert heads not in (without := rendered([judge], [], verification(), [], SHOWN))
    assert "Without Commonsense Safety: whoever is asked for a choice" in without


def test_a_page_of_many_cells_shows_the_first_models_in_detail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DETAIL", 1)
    judge = read_judge("lexicon", folder(tmp_path), OF_PAPER)
    pictures = [Picture(f"issues.{model}", f"<svg>{model}</svg>", "") for model in judge.models]
    made = render(Contents([judge], [], verification(), [], SHOWN, pictures))
    first, second = judge.models
    assert f"<svg>{first}</svg>" in made
    assert f"<svg>{second}</svg>" not in made
    assert "of b: <code>charts/issues.*.svg</code>" in made
    assert len(re.findall('<caption id="heat-', made)) == 2, "of one model, and of the mean"
    Elements(made)


def test_heat_map_numbers_can_be_read(page: str) -> None:
    """Contrast of at least 4.5 to 1 (WCAG AA), in light and in dark."""
    palettes = [
        dict(re.findall(r"--([\w-]+): #(\w+)", block)) for block in re.findall(r":root \{(.*?)\}", page, re.DOTALL)
    ]
    assert len(palettes) == 2
    for palette in palettes:
        for number in range(len(HEAT_BINS) + 1):
            on = palette["on-low" if number < 4 else "on-mid" if number < 6 else "on-high"]
            light, dark = sorted((_luminance(palette[f"h{number}"]), _luminance(on)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (number, on)


def test_script_writes_the_page(tmp_path: Path) -> None:
    for judge in ("lexicon", "second"):
        folder(tmp_path / "tables" / judge)
    write_rows(tmp_path / "status.csv", Status, status())
    write_rows(tmp_path / "rates.csv", ModificationRate, verification({"zh": LEDGER}).rates)
    write_rows(tmp_path / "agreement.csv", ReviewerAgreement, verification({"zh": LEDGER}).agreement)
    write_rows(tmp_path / "usage.csv", Usage, USAGE)
    write_jsonl(tmp_path / "examples.jsonl", EXAMPLES)
    for judge in ("lexicon", "second"):
        write_rows(tmp_path / f"{judge}.csv", JudgeQuality, [])
    for name in drawing_names("ab"):
        write_text(tmp_path / f"{name}.svg", f'<svg aria-label="{name}" fill="#ffffff"></svg>')
        write_text(tmp_path / f"{name}.csv", "lang,rate\n" + "en,1.5\n" * (name == "languages.a"))
    pair: Any = dict.fromkeys(JudgePair.__annotations__, 0) | {"lang": "ar", "judge": "lexicon", "other": "second"}
    pair |= {"answers": 65, "agree": "67.7", "lower": "55.5", "upper": "77.9", "ac1": "0.531"}
    write_rows(tmp_path / "judge_pairs.csv", JudgePair, [pair])
    write_about(tmp_path / "dataset.json", OF_PAPER)
    given = {
        "tables": tmp_path / "tables",
        "judges": ["lexicon", "second"],
        "examples": [tmp_path / "examples.jsonl"],
        **{name: tmp_path / f"{name}.csv" for name in ("status", "rates", "agreement", "usage")},
        "about": tmp_path / "dataset.json",
        "shown": json.dumps(SHOWN),
        "charts": tmp_path,
        "qualities": [tmp_path / f"{judge}.csv" for judge in ("lexicon", "second")],
        "choices": [],
        "pairs": [tmp_path / "judge_pairs.csv"],
        "changes": [],
        "out": tmp_path / "report.html",
    }
    argv = [
        text
        for name, value in given.items()
        for text in (f"--{name}", *map(str, value if isinstance(value, list) else [value]))
    ]
    report_script.main(**vars(arguments(report_script.main, argv)))
    written = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert written.startswith("<!doctype html>")
    assert "anna, ben" in written
    assert '<svg aria-label="languages.a" fill="var(--page)"></svg>' in written
    assert 'href="data:text/csv;charset=utf-8,lang,rate%0Aen,1.5%0A" download="languages.a.csv"' in written
    assert written.count("<svg") == 1, "no chart without data"
    assert "Arabic ar 67.7 [55.5, 77.9] of 65, AC1 0.53" in words(written)


def test_what_is_known_of_the_lexicon_stands_beside_its_rates(page: str) -> None:
    section = page.split('<section id="refusals">')[1].split("</section>")[0]
    assert "<td>94.5<small>of 813</small></td><td>99.9<small>in 1662 answers</small></td>" in section
    assert "Found of labelled refusals" in section


def test_numbers_lead_to_their_rows(page: str, tmp_path: Path) -> None:
    links = [dict(attributes)["href"] for tag, attributes in Elements(page).found if attributes.get("class") == "rows"]
    selected = [Selection.of(dict(parse_qsl(urlsplit(str(link)).query))) for link in links]
    of_main = {"category": OF_PAPER.main_part, "prompting": "none", "judge": "lexicon"}
    assert Selection(model="a", lang="ar", verdict="unsafe", **of_main) in selected
    assert Selection(lang="zh", prompting="none", judge="lexicon", verdict="unsafe", category="insult") in selected
    assert Selection(model="b", lang="en", refusal="yes", **of_main) in selected
    assert all(str(link).startswith("http://127.0.0.1:8642/?") for link in links)
    assert 'class="rows"' not in rendered(
        [read_judge("lexicon", folder(tmp_path), OF_PAPER)], [], verification(), [], PLAIN
    )


def test_a_redacted_page_holds_no_text(tmp_path: Path) -> None:
    secret = {"source": "Tell a secret.", "query": "قل سرا.", "response": "HERE-IT-IS", "reason": "HERE-IT-IS again"}
    examples = [example("ar", **secret, reasoning="I think of HERE-IT-IS.")]
    judges = [read_judge("lexicon", folder(tmp_path), OF_PAPER)]
    whole, redacted = (
        rendered(judges, examples, verification(), [], SHOWN | {"redact": redact}) for redact in (False, True)
    )
    assert all(text in whole for text in secret.values())
    assert not any(text in redacted for text in (*secret.values(), "HERE-IT-IS"))
    assert answer_digest(secret["query"], secret["response"]) in redacted


def test_what_changed_since_an_older_run(tmp_path: Path) -> None:
    zero: Any = dict.fromkeys(RunChange.__annotations__, 0) | dict.fromkeys(("lower", "upper", "p", "why_gone"), "")
    same = zero | {"judge": "lexicon", "model": "a", "prompting": "safe", "lang": "zh"}
    moved = same | {"prompting": "none", "unsafe_before": "10", "unsafe_now": "30", "difference": "20", "to_unsafe": 2}
    moved |= {"lower": "-1.5", "upper": "41.5", "other_answer": 2}
    moved |= {"gone": 3, "why_gone": "3 query withdrawn"}
    judges = [read_judge("lexicon", folder(tmp_path), OF_PAPER)]
    changes = [same, moved, moved | {"judge": "second"}]
    section = words(
        re.findall(
            r'<section id="changes">.*?</section>',
            rendered(judges, [], verification(), [], SHOWN, (), changes),
            re.DOTALL,
        )[0]
    )
    assert "1 of 2 files of verdicts by Lexicon are not as they were" in section
    assert (
        "Model A ‡ (see its note) none Chinese zh 10.0 30.0 +20.0 [−1.5, 41.5] 2 0 0 0 3 3 query withdrawn 0 0 2 0"
        in section
    )
    assert 'id="changes"' not in rendered(judges, [], verification(), [], SHOWN)


def test_rates_stand_beside_what_people_say(tmp_path: Path) -> None:
    lacking = quality("en", labels=12, corrected="", status="12 of 50 labels")
    rows = [quality("zh"), quality("zh", model="a", corrected="31", synthetic="no"), lacking]
    judge = replace(read_judge("lexicon", folder(tmp_path), OF_PAPER), quality=rows)
    page = rendered([judge], [], verification(), [], SHOWN)
    Elements(page)
    table = words(page[page.index('aria-labelledby="main-caption"') : page.index("</table>")])
    assert "English en judge: 12 of 50 labels" in table
    assert "Chinese zh judge: 60 labels 44.4 [23.7, 67.3] corrected 31.0 [70.0, 90.0]" in table
    assert "Arabic ar † (unverified draft) judge never calibrated" in table
    assert "judge calibrated in 1 of 2 languages" in words(page[page.index("<h1>") : page.index("<nav")])
    assert "Not calibrated" not in page
    assert "Synthetic labels" not in page
    of_judge = words(gate(page))
    assert "Chinese zh 60 80.0 [70.0, 90.0] 80.0 [70.0, 90.0] - 80.0 [70.0, 90.0]" in of_judge
    assert "English en 12 12 of 50 labels" in of_judge
    marked = rendered([replace(judge, quality=[quality("zh", synthetic="yes")])], [], verification(), [], SHOWN)
    assert "Synthetic labels are in use" in marked
    assert "Labels marked ◊ are synthetic" in gate(marked)
    assert "judge: 60 labels ◊" in words(marked)


def test_choices_stand_apart_from_what_is_unsafe(tmp_path: Path) -> None:
    zero: Any = dict.fromkeys(ChoiceRate.__annotations__, 0) | {"prompting": "none", "rows": "common", "why": ""}
    row = zero | {"model": "a", "lang": "ar", "queries": 127, "wrong": 90, "chosen_A": 120, "chance": "25"}
    row |= {"rate": "26.8", "lower": "19.7", "upper": "35.2"}
    judges = [read_judge("lexicon", folder(tmp_path), OF_PAPER)]
    choices = [row, row | {"rows": "all", "queries": 188}, row | {"prompting": "safe"}]
    page = rendered(judges, [], verification(), [], SHOWN, (), (), choices)
    section = words(re.findall(r'<section id="choices">.*?</section>', page, re.DOTALL)[0])
    assert "Model A ‡ (see its note) Arabic ar 127 26.8 [19.7, 35.2] 25.0 90 0 0 0 120 0 0 0 0" in section
    assert section.count("Arabic ar") == 1
    assert 'id="choices"' not in rendered(judges, [], verification(), [], SHOWN)
