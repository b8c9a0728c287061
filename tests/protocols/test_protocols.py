"""Protocols against the cases in `tests/data/judges/{name}.yaml`; a new one only adds its file there."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from xsafety.categories import PAPER, Category
from xsafety.judging.verdicts import final_label
from xsafety.protocols import protocol as protocols
from xsafety.tabular import DataError

CASES = ROOT / "tests" / "data" / "judges"
NO_VERDICT = "the judge's output is no verdict"


def cases(name: str) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = yaml.safe_load((CASES / f"{name}.yaml").read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize(
    ("name", "case"), [(file.stem, case) for file in sorted(CASES.glob("*.yaml")) for case in cases(file.stem)]
)
def test_outputs_read_as_their_cases_say(name: str, case: dict[str, Any]) -> None:
    assert case.keys() <= {"output", "verdict", "label", "categories", "reason", "finish", "lang"}
    parsed = protocols.load(name).parse(case["output"])
    answer = {"text": case["output"], "finish_reason": case.get("finish", "stop")}
    verdict, reason = final_label(parsed, answer, case.get("lang", "en"), controversial="unsafe")
    assert (verdict, parsed.label, list(parsed.categories), reason) == (
        case["verdict"],
        case.get("label", ""),
        case.get("categories", []),
        case.get("reason", NO_VERDICT if case["verdict"] == "invalid" else ""),
    )


def test_every_protocol_has_cases_of_each_verdict_and_some_that_are_none() -> None:
    assert protocols.names() == tuple(sorted(file.stem for file in CASES.glob("*.yaml")))
    for name in protocols.names():
        assert len({case["output"] for case in cases(name)}) >= 12, name
        verdicts = [case["verdict"] for case in cases(name)]
        assert set(verdicts) == {"safe", "unsafe", "invalid"}, name
        assert verdicts.count("invalid") >= 4, name


@pytest.mark.parametrize("name", protocols.names())
def test_every_label_has_a_case(name: str) -> None:
    labels = {label for label, _ in protocols.load(name).labels.values()}
    assert labels == {case["label"] for case in cases(name) if "label" in case}


@pytest.mark.parametrize("name", protocols.names())
def test_messages_are_filled_for_every_category(name: str) -> None:
    protocol = protocols.load(name)
    for key, category in PAPER.items():
        messages = protocol.filled(category=category, query="Q {response}", response="R {query}")
        text = "\n".join(message["content"] for message in messages)
        assert "R {query}" in text
        assert ("Q {response}" in text) == (protocol.endpoint != "moderations")
        assert text.count("{query}") == 1
        assert not {"{scenario}", "{criterion}"} & set(text.split())
        assert protocol.criteria.get(key, "") in text


def test_the_policies_of_both_judges_are_the_same() -> None:
    structured, safeguard = protocols.load("structured"), protocols.load("gpt-oss-safeguard")
    assert list(structured.criteria) == list(PAPER)
    assert structured.criteria == safeguard.criteria


def test_a_category_without_a_criterion_is_judged_by_what_its_queries_are_like() -> None:
    structured = protocols.load("structured")
    own = Category("hats", "Hats", "Hats", "Asks to mock a hat.")
    messages = structured.filled(category=own, query="Q", response="R")
    assert any("Asks to mock a hat." in message["content"] for message in messages)
    assert structured.criterion(Category("caps", "Caps & co", "Caps")).endswith("about: Caps & co.")


def test_a_prompt_takes_the_place_of_the_messages() -> None:
    paper = protocols.load("paper")
    assert paper.with_prompt(None) is paper
    mine = paper.with_prompt("Sicher? {query} {response} {scenario}\n")
    assert mine.filled(category=PAPER["insult"], query="Q", response="R") == [
        {"role": "user", "content": "Sicher? Q R Insult"}
    ]
    assert mine.parse("No").verdict == "unsafe"


@pytest.mark.parametrize("depth", [100, 100_000])
def test_nested_json_is_no_verdict(depth: int) -> None:
    assert protocols.load("structured").parse("[" * depth).verdict == "invalid"
    assert protocols.load("structured").parse('{"verdict":' * depth).verdict == "invalid"


@pytest.mark.parametrize("name", protocols.names())
@pytest.mark.parametrize("text", [" " * 50_000, "*\n" * 25_000, "safe " * 10_000, "unsafe\n" + "S1," * 10_000 + "x"])
def test_long_outputs_read_fast(name: str, text: str) -> None:
    assert protocols.load(name).parse(text).verdict == "invalid"


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("{query} {response} {answer} {}", "unknown {answer}, {}; there are {query}, {response} and {scenario}"),
        ("{query} {response} {criterion}", "unknown {criterion}; there are {query}, {response} and {scenario}"),
        ("{query}", "lacks {response}"),
        ("", "lacks {query} and {response}"),
    ],
)
def test_fields_of_a_prompt_are_checked(prompt: str, told: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
        protocols.check_fields(prompt)


def test_fields_of_a_good_prompt_pass() -> None:
    protocols.check_fields('{query} {response} {scenario} {"json": 1}')


GOOD = """
about: mine
messages:
  - {role: user, content: "{query} {response}"}
output: {pattern: '(?P<label>\\w+)'}
labels: {fine: safe, bad: unsafe}
"""


def changed(edit: str) -> str:
    return yaml.safe_dump({**yaml.safe_load(GOOD), **yaml.safe_load(edit)}, sort_keys=False)


def test_a_file_of_ones_own_is_a_protocol(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD, encoding="utf-8")
    protocol = protocols.load(str(tmp_path / "mine.yaml"))
    assert (protocol.endpoint, protocol.decoding, protocol.parameters, protocol.source) == ("chat", {}, {}, "")
    assert protocol.parse("Fine.").verdict == "safe"
    assert protocol.parse("bad").verdict == "unsafe"
    assert protocol.parse("good").verdict == "invalid"


def test_paths_are_relative_to_the_current_folder_where_possible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert protocols.path("paper") == Path("xsafety/protocols/paper.yaml")
    monkeypatch.chdir(tmp_path)
    assert protocols.path("paper") == ROOT / "xsafety/protocols/paper.yaml"
    assert protocols.path("judges/mine.yml") == Path("judges/mine.yml")
    assert protocols.path(str(tmp_path / "mine.yaml")) == Path("mine.yaml")


def test_what_is_not_there_is_told() -> None:
    there = "classifier, gpt-oss-safeguard, llama-guard, .*, structured, or name a YAML file of your own"
    with pytest.raises(ValueError, match=f"no protocol 'papers'; there are {there}"):
        protocols.load("papers")
    with pytest.raises(ValueError, match=r"there is no file 'judges/mine.yaml'"):
        protocols.load("judges/mine.yaml")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[]", "expected the keys about, messages, output, labels"),
        ("", "expected the keys"),
        ("about: [", "no YAML in UTF-8"),
        ("{}", "lacks about, messages, output, labels"),
        (changed("prompt: x"), "unknown key prompt; known are about"),
        (changed("1: x"), "unknown key 1"),
        (changed("about: 3"), "about is 3; write a line of text"),
        (changed("endpoint: completions"), "endpoint is 'completions'; write one of chat, moderations, classifier"),
        (changed("messages: hello"), "messages: write a list of one or more {role, content}"),
        (changed("messages: []"), "messages: write a list of one or more"),
        (changed("messages: [hello]"), "messages, number 1: give it a role and a content"),
        (changed("messages: [{role: user, content: '{query} {response}', name: x}]"), "messages, number 1: give it a"),
        (
            changed("messages: [{role: human, content: '{query} {response}'}]"),
            "number 1: role is 'human'; write one of",
        ),
        (changed("messages: [{role: user, content: 3}]"), "messages, number 1: content is 3; write a text in quotes"),
        (changed("messages: [{role: user, content: '{query}'}]"), "messages: lacks {response}"),
        (changed("messages: [{role: user, content: '{query} {response} {x}'}]"), "messages: unknown {x}; there are"),
        (changed("messages: [{role: user, content: '{query} {response} {criterion}'}]"), "unknown {criterion}"),
        (
            changed(
                "{endpoint: moderations, messages: [{role: user, content: a}, {role: user, content: '{response}'}]}"
            ),
            "messages: write a list of one {role, content}",
        ),
        (changed("decoding: 0"), "decoding is 0; write request parameters below it, or {}"),
        (changed("parameters: {model: x, stream: true}"), "parameters: model, stream cannot be set here"),
        (changed("criteria: {insult: x}"), "messages: lacks {criterion}"),
        (changed("criteria: {insult: }"), "criteria: insult has no text; say what makes an answer unsafe"),
        (changed("criteria: [insult]"), "criteria is ['insult']; write one text per category"),
        (changed("output: yes"), "output: give either `pattern`, an expression, or `label`"),
        (changed("output: {pattern: '(?P<label>a)', label: x}"), "output: give either `pattern`"),
        (changed("output: {pattern: '(?P<label>a'}"), "output.pattern '(?P<label>a' is no regular expression ("),
        (changed("output: {pattern: '(yes|no)'}"), "output.pattern '(yes|no)' has no group for the label; write (?P<"),
        (changed("output: {pattern: 3}"), "output.pattern is 3; write a text in quotes"),
        (changed("output: {label: a, categories: 3}"), "output.categories is 3; write a text in quotes"),
        (changed("output: {label: a, category: b}"), "output: unknown key category; known are categories, label"),
        (changed("labels: {}"), "labels is {}; write label: verdict below it"),
        (changed("labels: {yes: safe}"), "labels: True is no text; put it in quotes"),
        (changed("labels: {1: unsafe}"), "labels: 1 is no text; put it in quotes"),
        (changed("labels: {a: harmful}"), "labels: a is 'harmful'; write one of safe, unsafe, controversial, invalid"),
        (changed("labels: {a: [safe]}"), "labels: a is ['safe']; write one of"),
        (changed("labels: {Yes.: safe, yes.: unsafe}"), "labels: yes. is given twice; case does not matter"),
    ],
)
def test_a_broken_protocol_says_what_is_wrong(tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"mine\.yaml: ") as error:
        protocols.load(str(file))
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_all_problems_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    edit = "{endpoint: x, output: {pattern: '('}, labels: {yes: 1}, decoding: {stream: true}, colour: red}"
    (tmp_path / "mine.yaml").write_text(changed(edit), encoding="utf-8")
    with pytest.raises(ValueError, match="mine") as error:
        protocols.load(str(tmp_path / "mine.yaml"))
    assert len(str(error.value).split("; write")) >= 3
    for part in ("colour", "endpoint is", "stream cannot", "output.pattern", "True is no text", "True is 1"):
        assert part in str(error.value)


def test_importing_is_cheap() -> None:
    code = "import sys, xsafety.protocols.protocol; print({'torch', 'openai', 'pandas', 'pydantic'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_an_expression_that_takes_ages_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xsafety.protocols.protocol.SLOWEST", 0.2)
    paper = protocols.load("paper")
    mine = replace(paper, pattern=re.compile(r"(?P<label>(a+)+)$"))
    with pytest.raises(DataError, match=r"output\.pattern '.*' takes more than 0.2 s on an output that begins 'aaa"):
        mine.parse("a" * 40 + "!")
    assert paper.parse("No").label == "No"
