"""Protocols: how a judge is asked about an answer, and how what it says is read. No judge has code of its own.

Adding a judge = adding one file, `xsafety/protocols/{name}.yaml`, or a file of your own that `protocol` in config.yaml
names, with these keys:

    about:      what it is, in a line
    source:     address of the paper, model card or repository that it follows (may be left out)
    endpoint:   chat (the default); moderations, which takes one message; classifier, a model in process with a head
                of classes, which takes one message or a pair
    messages:   list of {role, content}; {query}, {response} and {scenario} stand for the row's, {criterion} for its
                category's text under `criteria`
    decoding:   request parameters (may be left out); the `decoding` of a judge in config.yaml replaces them
    parameters: request parameters that belong to the method and are always sent (may be left out)
    criteria:   category key -> what makes an answer unsafe (may be left out); of a category that it lacks, it is what
                the data set says that its queries are like
    output:     either `pattern`, a regular expression (Python's `re`, case does not matter) that must match from the
                start of the output, with the group `label` and maybe `categories`; a mark, a line end or the end must
                follow it, and "The answer is:" may precede it, and maybe with `lead`, the text behind which the next
                token's probabilities tell the label; or `label`, the key of a JSON object
                that holds the label, and maybe `categories`, the key of the categories
    labels:     label -> safe, unsafe, controversial (what that counts as is set in config.yaml) or invalid

and at least twelve cases in `tests/data/judges/{name}.yaml`, which `tests/test_protocols.py` finds by itself.
"""

import json
import re
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from ..categories import Category
from ..rows import Message
from ..tabular import DataError
from ..text.labels import behind_lead, marked, own_words
from ..text.reasoning import split_reasoning

SHIPPED = Path(__file__).parent
SLOWEST = 10.0  # seconds, for an expression on one output

OutputLabel = Literal["safe", "unsafe", "controversial", "invalid"]
"""A verdict's `VerdictClass`, or the third class of some judges, which config.yaml makes one of them."""

EndpointKind = Literal["chat", "moderations", "classifier"]

_REQUIRED = ("about", "messages", "output", "labels")
_KEYS = (*_REQUIRED, "source", "endpoint", "decoding", "parameters", "criteria")
_ROLES = ("system", "developer", "user", "assistant")
_ENGINES_OWN = {"model", "messages", "input", "stream", "extra_headers", "extra_query", "timeout"}

# Tokens of chat templates around what a judge says, and the name of its turn.
_TOKEN = r"(?:<\|[^<>|\n]{1,40}\|>|</?s>|<(?:bos|eos|pad|start_of_turn|end_of_turn)>|\[/?INST\])"
_FIRST_TOKENS = re.compile(
    rf"\A(?:\s*{_TOKEN})*(?:(?:assistant|model)\s*?(?=\n|<\|))?(?:\s*{_TOKEN})*\s*", re.IGNORECASE
)
_LAST_TOKEN = re.compile(rf"{_TOKEN}\s*\Z")

# LaTeX around a label, such as \boxed{\text{No}}; underscores that are markup; letters and digits of full width.
_LATEX = re.compile(r"\\(?:boxed|fbox|text(?:bf|rm|tt)?|mathrm|mathbf)\s*(?=\{)")
_UNDERSCORES = re.compile(r"(?<![^\W_])_+|_+(?![^\W_])")
_WIDE = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}

_CODES = re.compile(r"\b[SO]\d{1,2}\b", re.IGNORECASE)
_WORD = re.compile(r"\b\w")
_FENCED = re.compile(r"```\w*\s*(.*?)\s*```", re.DOTALL)


@dataclass(frozen=True)
class ParsedOutput:
    """What a judge's output says; `invalid` with no label is no verdict, with a label the judge's own wish.

    `rest` is what it says after the label; of JSON, all other texts.
    """

    verdict: OutputLabel
    label: str = ""
    categories: tuple[str, ...] = ()
    rest: str = ""


NO_VERDICT = ParsedOutput("invalid")


@dataclass(frozen=True)
class Protocol:
    """One checked protocol file; `labels` is casefolded label -> (label as written in the file, verdict)."""

    about: str
    source: str
    endpoint: EndpointKind
    messages: Sequence[Message]
    decoding: Mapping[str, Any]
    parameters: Mapping[str, Any]
    criteria: Mapping[str, str]
    pattern: re.Pattern[str] | None
    lead: str | None
    label_key: str
    categories_key: str
    labels: Mapping[str, tuple[str, OutputLabel]]

    def with_prompt(self, prompt: str | None) -> "Protocol":
        """This protocol with one user message of its own; without a prompt, as it is."""
        return replace(self, messages=[{"role": "user", "content": prompt}]) if prompt else self

    def with_labels(self, labels: Mapping[str, OutputLabel] | None) -> "Protocol":
        """This protocol with labels of its own."""
        return replace(self, labels={name.casefold(): (name, labels[name]) for name in labels}) if labels else self

    @property
    def is_one_word(self) -> bool:
        """Whether a label is all that its output is read for, and can be read off the next token."""
        return self.lead is not None and self.pattern is not None and "categories" not in self.pattern.groupindex

    def criterion(self, category: Category) -> str:
        """What makes an answer to a query of a category unsafe."""
        return self.criteria.get(category.key) or (
            f"It takes part in what such queries are after. {category.meaning or f'They are about: {category.name}.'}"
        )

    def filled(self, *, category: Category, query: str, response: str) -> list[Message]:
        """The messages about one answer to a query of a category."""
        values = {"query": query, "response": response, "scenario": category.scenario}
        if self.criteria:
            values["criterion"] = self.criterion(category)
        return [{"role": message["role"], "content": fill(message["content"], **values)} for message in self.messages]

    def parse(self, output: str, lang: str = "en") -> ParsedOutput:
        """The verdict, at its place in the output of a judge of answers in `lang`.

        A label elsewhere, one that is not listed, or two that disagree are none. Reasoning, tokens of a chat template,
        and a code fence around JSON, are skipped. Raises DataError where the pattern takes longer than `SLOWEST`.
        """
        text = _bare(split_reasoning(output).answer)
        if not self.pattern:
            return self._from_json(text)
        with _in_time(self.pattern.pattern, text):
            return self._matched(text, lang)

    def _matched(self, text: str, lang: str) -> ParsedOutput:
        text = _UNDERSCORES.sub("*", _LATEX.sub("", text.translate(_WIDE)))
        match = self._at(text, 0, lang) or self._at(text, behind_lead(text, lang), lang)
        if match is None:
            return NO_VERDICT
        label, verdict = self._listed(match)
        categories = _names(match.groupdict().get("categories"))
        takes_back = any(
            (other := self._at(text, word.start(), lang))
            and self._listed(other)[1] != verdict
            and own_words(text, word.start(), lang)
            for word in _WORD.finditer(text, match.end())
        )
        if takes_back or (verdict == "safe" and categories):
            return NO_VERDICT
        return ParsedOutput(verdict, label, categories, text[match.end("label") :])

    def _at(self, text: str, place: int, lang: str) -> re.Match[str] | None:
        """The label that stands at a place by itself."""
        match = self.pattern.match(text, place) if self.pattern else None
        listed = match and match["label"] and match["label"].strip().casefold() in self.labels
        return match if match and listed and marked(text, match.end(), lang) else None

    def _listed(self, match: re.Match[str]) -> tuple[str, OutputLabel]:
        return self.labels[match["label"].strip().casefold()]

    def _from_json(self, text: str) -> ParsedOutput:
        fenced = _FENCED.fullmatch(text)
        try:
            value = json.loads(fenced[1] if fenced else text, object_pairs_hook=self._unambiguous)
        except (ValueError, RecursionError):
            return NO_VERDICT
        if not isinstance(value, dict):
            return NO_VERDICT
        label = value.pop(self.label_key, None)
        # As JSON, so that 1 and "1" are one label, and so are true and "true".
        label = label if isinstance(label, str) else json.dumps(label)
        if (found := self.labels.get(label.strip().casefold())) is None:
            return NO_VERDICT
        rest = "\n".join(text for text in value.values() if isinstance(text, str))
        return ParsedOutput(found[1], found[0], _names(value.get(self.categories_key)), rest)

    def _unambiguous(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({json.dumps(value) for key, value in pairs if key == self.label_key}) > 1:
            raise ValueError("two labels")
        return dict(pairs)


@contextmanager
def _in_time(pattern: str, text: str) -> Iterator[None]:
    """Ends the reading of a text by an expression, which may take ages, in `SLOWEST`; in the main thread alone."""

    def stop(*_: object) -> None:
        raise DataError(
            f"output.pattern {pattern!r} takes more than {SLOWEST:g} s on an output that begins {text[:40]!r}; repeat"
            " nothing that is itself repeated, as in (a+)+ or (.*,)*"
        )

    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SLOWEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _bare(text: str) -> str:
    """What a judge says, without the tokens of a chat template around it."""
    text = _FIRST_TOKENS.sub("", text, count=1).rstrip()
    while last := _LAST_TOKEN.search(text, max(0, len(text) - 50)):
        text = text[: last.start()].rstrip()
    return text


def fill(text: str, **values: str) -> str:
    """A text with its fields filled; braces inside a query or a response stay as they are."""
    return re.sub(r"\{(\w+)\}", lambda field: values.get(field[1], field[0]), text).strip()


def _names(named: object) -> tuple[str, ...]:
    """Categories as a judge gives them: a text with commas, a list, or an object of truth values."""
    if isinstance(named, str):
        named = _CODES.findall(named) or re.split(r"[,;\n]", named)
    elif isinstance(named, dict):
        named = [name for name, holds in named.items() if holds is True]
    names = [name.strip(" \t\r*_`.\"'[]") for name in named if isinstance(name, str)] if isinstance(named, list) else []
    return tuple(name for name in names if name and name.casefold() not in ("none", "n/a"))


def check_fields(text: str) -> None:
    """Raises ValueError for a prompt in place of the paper's with unknown fields, or without query or response."""
    if problem := _field_problem(text, ("query", "response", "scenario"), ("query", "response")):
        raise ValueError(problem)


def _field_problem(text: str, known: Sequence[str], required: Sequence[str]) -> str:
    shown = [f"{{{name}}}" for name in known]
    if unknown := sorted(set(re.findall(r"\{\w*\}", text)) - set(shown)):
        return f"unknown {', '.join(unknown)}; there are {', '.join(shown[:-1])} and {shown[-1]}"
    if missing := [f"{{{name}}}" for name in required if f"{{{name}}}" not in text]:
        return f"lacks {' and '.join(missing)}"
    return ""


def names() -> tuple[str, ...]:
    """The protocols that ship with the library, sorted."""
    return tuple(sorted(file.stem for file in SHIPPED.glob("*.yaml")))


def path(name_or_path: str) -> Path:
    """The file of a protocol that ships with the library, or one's own; relative to the current folder if inside it."""
    own = name_or_path.endswith((".yaml", ".yml"))
    file = Path(name_or_path) if own else SHIPPED / f"{name_or_path}.yaml"
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file


def load(name_or_path: str) -> Protocol:
    """The protocol of this name, or in one's own YAML file.

    Raises ValueError for one that is not there, and for a broken file with all its problems, in one line.
    """
    file = path(name_or_path)
    if not file.is_file():
        if file.suffix == ".yaml" and file.stem == name_or_path:
            raise ValueError(
                f"no protocol {name_or_path!r}; there are {', '.join(names())}, or name a YAML file of your own"
            )
        raise ValueError(f"there is no file {name_or_path!r}; its path starts in the folder that the workflow runs in")
    return _read(file.resolve(), str(file))


@cache
def _read(file: Path, shown: str) -> Protocol:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{shown}: no YAML in UTF-8 ({' '.join(str(error).split())})") from None
    if not isinstance(content, dict):
        raise ValueError(f"{shown}: expected the keys {', '.join(_KEYS)}")
    if problems := list(_problems(content)):
        raise ValueError(f"{shown}: {'; '.join(problems)}")
    output = content["output"]
    return Protocol(
        about=content["about"],
        source=content.get("source", ""),
        endpoint=content.get("endpoint", "chat"),
        messages=content["messages"],
        decoding=content.get("decoding", {}),
        parameters=content.get("parameters", {}),
        criteria=content.get("criteria", {}),
        pattern=re.compile(output["pattern"], re.IGNORECASE) if "pattern" in output else None,
        lead=output.get("lead"),
        label_key=output.get("label", ""),
        categories_key=output.get("categories", ""),
        labels={label.casefold(): (label, verdict) for label, verdict in content["labels"].items()},
    )


def _problems(content: Mapping[Any, Any]) -> Iterator[str]:
    """All that is wrong with a protocol file: key, value and fix."""
    if unknown := sorted(str(key) for key in content.keys() - set(_KEYS)):
        yield f"unknown key {', '.join(unknown)}; known are {', '.join(_KEYS)}"
    if missing := [key for key in _REQUIRED if key not in content]:
        yield f"lacks {', '.join(missing)}"
    for key in ("about", "source"):
        if not isinstance(value := content.get(key, ""), str):
            yield f"{key} is {value!r}; write a line of text"
    if (endpoint := content.get("endpoint", "chat")) not in get_args(EndpointKind):
        yield f"endpoint is {endpoint!r}; write one of {', '.join(get_args(EndpointKind))}"
    yield from _message_problems(content)
    for key in ("decoding", "parameters"):
        if not isinstance(value := content.get(key, {}), dict):
            yield f"{key} is {value!r}; write request parameters below it, or {{}}"
        elif taken := sorted(_ENGINES_OWN & value.keys()):
            yield f"{key}: {', '.join(taken)} cannot be set here"
    if "criteria" in content:
        yield from _criteria_problems(content["criteria"])
    if "output" in content:
        yield from _output_problems(content["output"])
    if "labels" in content:
        yield from _label_problems(content["labels"])


def _message_problems(content: Mapping[Any, Any]) -> Iterator[str]:
    if "messages" not in content:
        return
    messages, endpoint = content["messages"], content.get("endpoint")
    number, most = {"moderations": ("one", 1), "classifier": ("one or two", 2)}.get(
        str(endpoint), ("one or more", None)
    )
    if not isinstance(messages, list) or not messages or len(messages) > (most or len(messages)):
        yield f"messages: write a list of {number} {{role, content}}"
        return
    for place, message in enumerate(messages, 1):
        if problem := _message_problem(message):
            yield f"messages, number {place}: {problem}"
    text = "\n".join(str(message.get("content", "")) for message in messages if isinstance(message, dict))
    criterion = ("criterion",) if "criteria" in content else ()
    query = ("query",) if endpoint in (None, "chat") else ()
    if problem := _field_problem(text, ("query", "response", "scenario", *criterion), (*query, "response", *criterion)):
        yield f"messages: {problem}"


def _message_problem(message: object) -> str:
    if not isinstance(message, dict) or message.keys() != {"role", "content"}:
        return "give it a role and a content, and nothing else"
    if message["role"] not in _ROLES:
        return f"role is {message['role']!r}; write one of {', '.join(_ROLES)}"
    return "" if isinstance(message["content"], str) else f"content is {message['content']!r}; write a text in quotes"


def _criteria_problems(criteria: object) -> Iterator[str]:
    if not isinstance(criteria, dict):
        yield f"criteria is {criteria!r}; write one text per category below it, or leave it out"
        return
    if no_text := [str(key) for key, text in criteria.items() if not isinstance(text, str) or not text.strip()]:
        yield f"criteria: {', '.join(no_text)} has no text; say what makes an answer unsafe"


def _output_problems(output: object) -> Iterator[str]:
    if not isinstance(output, dict) or ("pattern" in output) == ("label" in output):
        yield "output: give either `pattern`, an expression, or `label`, a key of a JSON object"
        return
    known = {"pattern", "lead"} if "pattern" in output else {"label", "categories"}
    if unknown := sorted(str(key) for key in output.keys() - known):
        yield f"output: unknown key {', '.join(unknown)}; known are {', '.join(sorted(known))}"
    for key in sorted(known & output.keys()):
        if not isinstance(output[key], str) or not (output[key] or key == "lead"):
            yield f"output.{key} is {output[key]!r}; write a text in quotes"
            return
    if "pattern" in output:
        try:
            groups = re.compile(output["pattern"], re.IGNORECASE).groupindex
        except re.error as error:
            yield f"output.pattern {output['pattern']!r} is no regular expression ({error})"
        else:
            if "label" not in groups:
                yield f"output.pattern {output['pattern']!r} has no group for the label; write (?P<label>...)"


def _label_problems(labels: object) -> Iterator[str]:
    if not isinstance(labels, dict) or not labels:
        yield f"labels is {labels!r}; write label: verdict below it"
        return
    for label, verdict in labels.items():
        if not isinstance(label, str):
            yield f"labels: {label!r} is no text; put it in quotes"
        if verdict not in get_args(OutputLabel):
            yield f"labels: {label} is {verdict!r}; write one of {', '.join(get_args(OutputLabel))}"
    texts = [label.casefold() for label in labels if isinstance(label, str)]
    if twice := sorted({label for label in texts if texts.count(label) > 1}):
        yield f"labels: {', '.join(twice)} is given twice; case does not matter"
