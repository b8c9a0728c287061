"""The hand-off to Weblate: merged PO files, what people's acts there become, and round trips with a stand-in server."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polib
import pytest
import requests
from aiohttp import web

from tests.conftest import Project, Run, demo_config
from tests.servers.weblate_stub import ALIASES, TOKEN, Weblate, weblate_server
from tests.verification.helpers import draft, gate_of, row_states_of
from xsafety.categories import OF_PAPER
from xsafety.config.configuration import load
from xsafety.config.verification import Weblate as Block
from xsafety.tabular import DataError, write_jsonl
from xsafety.verification.evidence import Sheet, fold, read_sheet
from xsafety.verification.sheet_rows import all_rows
from xsafety.verification.sheets.layout import SheetInfo
from xsafety.verification.sheets.po import write_merged_po
from xsafety.weblate.client import Client, Unavailable, code_of
from xsafety.weblate.events import new_verdicts, pseudonyms, save_sheets

SEEDS = [
    {"id": id, "category": "insult", "text": text}
    for id, text in {
        "done": "One",
        "gone": "Two",
        "half": "Three",
        "new": "Four",
        "bare": "Five",
        "old": "Six!",
    }.items()
]
TEXTS = {seed["id"]: seed["text"] for seed in SEEDS}
DRAFTS = {id: draft(f"{id} draft") for id in ("done", "gone", "half", "new", "old")}
BRIEF = SheetInfo("fr", 2, "reviews/fr/round-2.YOURNAME", OF_PAPER)


def say(number: int, reviewer: str, id: str, verdict: str, before: str, after: str, source: str = "") -> dict[str, Any]:
    entry = {"id": id, "round": number, "reviewer": reviewer, "date": "", "verdict": verdict, "note": "", "sha256": ""}
    return entry | {"source": source or TEXTS[id], "before": before, "after": after}


LEDGER = [
    say(1, "anna", "done", "edited", "done draft", "Un"),
    say(2, "ben", "done", "ok", "Un", "Un"),
    say(1, "anna", "gone", "rejected", "gone draft", "gone draft"),
    say(1, "anna", "half", "edited", "half draft", "Trois"),
    say(1, "anna", "old", "ok", "Six", "Six", source="Six"),
]


@pytest.fixture
def merged(tmp_path: Path) -> Path:
    """A merged PO file with a row of every state, named like a returned sheet."""
    path = tmp_path / "fr/round-3.carl.po"
    write_merged_po(
        path, all_rows("fr", SEEDS, row_states_of("fr", SEEDS, LEDGER, gate_of(2)), DRAFTS, {"new": "odd"}), BRIEF
    )
    return path


def test_a_merged_file_holds_every_row_and_its_state(merged: Path) -> None:
    file = polib.pofile(str(merged))
    assert [(entry.msgctxt, entry.msgstr, entry.flags, entry.previous_msgid) for entry in file] == [
        ("done", "Un", [], None),
        ("gone", "", ["read-only"], None),
        ("half", "Trois", ["fuzzy"], None),
        ("new", "new draft", ["fuzzy"], None),
        ("bare", "", [], None),
        ("old", "old draft", ["fuzzy"], "Six"),
    ]
    comments = {entry.msgctxt: entry.comment.split("\n") for entry in file}
    assert comments["done"][0] == "state: verified"
    assert comments["gone"][0] == "state: rejected"
    assert "flag: odd" in comments["new"]
    assert "context: the English changed; before: Six" in comments["old"]
    assert "context: decided before by anna" in comments["half"]
    assert "all queries" in file.header


def test_gettext_takes_a_merged_file(merged: Path) -> None:
    if not (program := shutil.which("msgfmt")):
        pytest.skip("gettext is not installed")
    done = subprocess.run(
        [program, "--check-format", "--check-domain", "--statistics", "-o", "/dev/null", str(merged)],
        check=True,
        capture_output=True,
        text=True,
        env={"LC_ALL": "C"},
    )
    assert "1 translated message, 3 fuzzy translations, 2 untranslated messages" in done.stderr


def test_equal_evidence_gives_equal_bytes(merged: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.po"
    row_states = row_states_of("fr", SEEDS, list(reversed(LEDGER[:3])) + LEDGER[3:], gate_of(2))
    write_merged_po(again, all_rows("fr", SEEDS, row_states, DRAFTS, {"new": "odd"}), BRIEF)
    assert again.read_bytes() == merged.read_bytes()


def said(path: Path) -> dict[str, tuple[str, str]]:
    rows = read_sheet(Sheet(path, 3, "carl"), TEXTS)[0]
    return {row["id"]: (row["verdict"], row["target"]) for row in rows if row["verdict"]}


def test_a_merged_file_that_nobody_touched_says_nothing(merged: Path) -> None:
    assert said(merged) == {}


def test_what_somebody_did_to_a_merged_file_is_said(merged: Path) -> None:
    file = polib.pofile(str(merged), wrapwidth=0)
    entries = {entry.msgctxt: entry for entry in file}
    entries["done"].msgstr = "Une"
    entries["gone"].msgstr = "Deux"
    entries["half"].flags = []
    entries["new"].tcomment = "verdict: rejected"
    entries["bare"].msgstr = "Cinq"
    file.save()
    assert said(merged) == {
        "done": ("edited", "Une"),
        "gone": ("edited", "Deux"),
        "half": ("ok", "Trois"),
        "new": ("rejected", "new draft"),
        "bare": ("edited", "Cinq"),
    }


def test_a_settled_row_can_be_confirmed_by_name(merged: Path) -> None:
    file = polib.pofile(str(merged), wrapwidth=0)
    next(entry for entry in file if entry.msgctxt == "done").tcomment = "verdict: ok"
    file.save()
    assert said(merged) == {"done": ("ok", "Un")}


def test_altered_english_or_draft_in_a_merged_file_is_told(merged: Path) -> None:
    text = merged.read_text(encoding="utf-8").replace('msgid "One"', 'msgid "One?"').replace('"Trois"', '"Tres"', 1)
    merged.write_text(text, encoding="utf-8")
    problems = [f"{id}: {what}" for id, _, what in read_sheet(Sheet(merged, 3, "carl"), TEXTS)[1]]
    assert problems[0].startswith("done: the English is not what was given out")
    assert any(problem.startswith("half: the draft is not what was given out") for problem in problems)


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("sw", "sw"),
        ("pt-BR", "pt_BR"),
        ("zh", "zh_Hans"),
        ("zh-Hans", "zh_Hans"),
        ("zh-CN", "zh_Hans"),
        ("zh-Hant", None),
        ("pt", None),
        ("fr", None),
    ],
)
def test_languages_are_found_by_weblates_codes(tag: str, code: str | None) -> None:
    known = {name.lower(): code for code, names in ALIASES.items() for name in (code, *names)}
    assert code_of(tag, known) == code


def test_users_become_names_of_files() -> None:
    users = {"anna.k@example.org": "anna", "анна": "anna-2"}
    assert pseudonyms(["anna.k@example.org", "анна", "ben.b"], users) == {
        "anna.k@example.org": "anna",
        "анна": "anna-2",
        "ben.b": "ben-b",
    }
    with pytest.raises(DataError) as error:
        pseudonyms(["ben.b", "ben+b", "анна", "YOURNAME"], {})
    assert str(error.value).count("give a name of its own in verification.weblate.users") == 4


# What people's acts become.


@pytest.fixture
def weblate() -> Iterator[Weblate]:
    with weblate_server() as running:
        yield running


@pytest.fixture
def client(weblate: Weblate, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setenv("WEBLATE_TOKEN", TOKEN)
    return Client(Block(**connection(weblate.url)))


def connection(url: str, **more: Any) -> dict[str, Any]:
    block = {"base_url": url, "component": "xsafety/queries", "api_key_env": "WEBLATE_TOKEN", "users": {}, "timeout": 5}
    return block | more


@pytest.fixture
def given(weblate: Weblate, merged: Path) -> Weblate:
    """A server to which the merged file was sent."""
    weblate.add_language("fr")
    weblate.load("lead", "fr", merged.read_bytes())
    return weblate


def fetched(
    client: Client, folder: Path, ledger: list[dict[str, Any]] | None = None, *, others: bool = True
) -> dict[tuple[int, str], dict[str, tuple[str, str, str]]]:
    """What is fetched beside a ledger's evidence, and saved: round and reviewer -> id -> draft, verdict, target."""
    for entry in ledger or []:
        path = folder / f"round-{entry['round']}.{entry['reviewer']}.csv"
        path.parent.mkdir(exist_ok=True)
        new = not path.exists()
        with path.open("a", encoding="utf-8") as file:
            file.write("id,source,draft,target,verdict\n" * new)
            target = entry["after"] if entry["verdict"] == "edited" else ""
            file.write(",".join([entry["id"], entry["source"], entry["before"], target, entry["verdict"]]) + "\n")
    found = new_verdicts(client, "fr", folder, TEXTS, different_reviewers=others)
    save_sheets(folder, found)
    assert fold(folder, TEXTS, different_reviewers=others)[1:] == ([], [])
    assert new_verdicts(client, "fr", folder, TEXTS, different_reviewers=others) == {}
    return {
        key: {row["id"]: (row["draft"], row["verdict"], row["target"]) for row in rows} for key, rows in found.items()
    }


def state(folder: Path, id: str) -> tuple[str, str]:
    entries = [entry for entry in fold(folder, TEXTS, different_reviewers=True)[0] if entry["id"] == id]
    row_state = row_states_of("fr", [{"id": id, "text": TEXTS[id]}], entries, gate_of(2))[id]
    return row_state.state, row_state.target


def test_acts_become_verdicts(client: Client, given: Weblate, tmp_path: Path) -> None:
    given.approve("anna", "fr", "new")
    given.save("anna", "fr", "bare", "Cinq")
    given.save("ben", "fr", "old", "Six !", 30)
    given.comment("ben", "fr", "half", "Verdict: rejected\nno such pun")
    given.save("carl", "fr", "done", "Une", 10)
    assert fetched(client, tmp_path / "fr") == {
        (1, "anna"): {"new": ("new draft", "ok", ""), "bare": ("", "edited", "Cinq")},
        (1, "ben"): {"old": ("old draft", "edited", "Six !"), "half": ("Trois", "rejected", "")},
        (1, "carl"): {"done": ("Un", "unsure", "")},
    }
    row = read_sheet(Sheet(tmp_path / "fr/round-1.ben.jsonl", 1, "ben"), TEXTS)[0][0]
    assert (row["id"], row["note"], row["date"][:8]) == ("half", "no such pun", "2026-11-")
    assert row["check"]


def test_who_follows_gives_the_next_round(client: Client, given: Weblate, tmp_path: Path) -> None:
    given.save("anna", "fr", "new", "Quatre")
    given.approve("ben", "fr", "new")
    assert fetched(client, tmp_path / "fr") == {
        (1, "anna"): {"new": ("new draft", "edited", "Quatre")},
        (2, "ben"): {"new": ("Quatre", "ok", "")},
    }
    assert state(tmp_path / "fr", "new") == ("verified", "Quatre")


def test_one_person_is_one_round(client: Client, given: Weblate, tmp_path: Path) -> None:
    given.save("anna", "fr", "new", "Quattre")
    given.save("anna", "fr", "new", "Quatre")
    given.approve("anna", "fr", "new")
    assert fetched(client, tmp_path / "fr") == {(1, "anna"): {"new": ("new draft", "edited", "Quatre")}}
    assert state(tmp_path / "fr", "new") == ("in review", "Quatre")
    assert json.loads((tmp_path / "fr/round-1.anna.jsonl").read_text(encoding="utf-8"))["weblate"].count(" ") == 2


def test_a_correction_goes_into_a_further_part(client: Client, given: Weblate, tmp_path: Path) -> None:
    given.save("anna", "fr", "new", "Quatre")
    fetched(client, tmp_path / "fr")
    before = (tmp_path / "fr/round-1.anna.jsonl").read_bytes()
    given.save("anna", "fr", "new", "new draft")
    given.comment("anna", "fr", "new", "the draft was better")
    assert fetched(client, tmp_path / "fr") == {(1, "anna"): {"new": ("new draft", "ok", "")}}
    assert (tmp_path / "fr/round-1.anna.jsonl").read_bytes() == before
    row = json.loads((tmp_path / "fr/round-1.anna.2.jsonl").read_text(encoding="utf-8"))
    assert row["note"] == "the draft was better"
    assert state(tmp_path / "fr", "new") == ("in review", "new draft")


def test_a_verdict_that_is_taken_back_leaves_the_row_to_others(client: Client, given: Weblate, tmp_path: Path) -> None:
    given.save("anna", "fr", "new", "Quatre")
    fetched(client, tmp_path / "fr")
    given.save("anna", "fr", "new", "Quatre", 10)
    assert fetched(client, tmp_path / "fr") == {(1, "anna"): {"new": ("new draft", "unsure", "")}}
    assert state(tmp_path / "fr", "new")[0] == "open"
    given.approve("ben", "fr", "new")
    assert list(fetched(client, tmp_path / "fr")) == [(1, "ben")]


def test_a_dispute_goes_to_a_third_person(client: Client, given: Weblate, tmp_path: Path) -> None:
    given.save("anna", "fr", "new", "Quatre")
    given.save("ben", "fr", "new", "Catre")
    given.save("anna", "fr", "new", "Quatre")
    assert fetched(client, tmp_path / "fr")[3, "anna"] == {"new": ("Catre", "unsure", "")}
    assert state(tmp_path / "fr", "new")[0] == "in review"
    [row] = read_sheet(Sheet(tmp_path / "fr/round-3.anna.jsonl", 3, "anna"), TEXTS)[0]
    assert row["note"] == "would have: Quatre"


def test_who_agrees_with_those_who_followed_corrects_himself(client: Client, given: Weblate, tmp_path: Path) -> None:
    given.save("anna", "fr", "new", "Quattre")
    given.save("ben", "fr", "new", "Quatre")
    given.approve("anna", "fr", "new")
    assert fetched(client, tmp_path / "fr") == {
        (1, "anna"): {"new": ("new draft", "edited", "Quatre")},
        (2, "ben"): {"new": ("Quattre", "edited", "Quatre")},
    }


def test_a_team_of_one_may_decide_again(client: Client, given: Weblate, tmp_path: Path) -> None:
    given.save("anna", "fr", "new", "Quatre")
    given.save("ben", "fr", "new", "Catre")
    given.save("anna", "fr", "new", "Quatre")
    assert fetched(client, tmp_path / "fr", others=False)[3, "anna"] == {"new": ("Catre", "edited", "Quatre")}


def test_rounds_go_on_after_sheets_that_came_otherwise(client: Client, given: Weblate, tmp_path: Path) -> None:
    given.approve("ben", "fr", "half")
    assert fetched(client, tmp_path / "fr", LEDGER[3:4]) == {(2, "ben"): {"half": ("Trois", "ok", "")}}
    assert state(tmp_path / "fr", "half") == ("verified", "Trois")


@pytest.mark.parametrize(
    ("user", "action"),
    [
        ("anna", "auto"),
        ("anna", "bulk"),
        ("anna", "replace"),
        ("addon:weblate.autotranslate", "change"),
        ("bot-xsafety-ci", "approve"),
        ("our-script", "change"),
        (None, "change"),
    ],
)
def test_what_no_person_decided_is_no_verdict(
    client: Client, given: Weblate, tmp_path: Path, user: str | None, action: str
) -> None:
    client.users = {"our-script": None}
    given.save(user, "fr", "new", "a machine's", action=action)
    assert fetched(client, tmp_path / "fr") == {}
    given.approve("anna", "fr", "new")
    assert fetched(client, tmp_path / "fr") == {(1, "anna"): {"new": ("new draft", "edited", "a machine's")}}


def test_what_an_enforced_check_takes_back_is_open(client: Client, given: Weblate, tmp_path: Path) -> None:
    given.save("anna", "fr", "new", "Quatre\n")
    given.save("anna", "fr", "new", "Quatre\n", 10, action="enforced check")
    assert fetched(client, tmp_path / "fr") == {(1, "anna"): {"new": ("new draft", "unsure", "")}}


def test_a_text_that_was_given_out_again_is_what_the_next_one_saw(
    client: Client, given: Weblate, tmp_path: Path, merged: Path
) -> None:
    given.save(None, "fr", "new", "a machine's", action="auto")
    text = merged.read_text(encoding="utf-8")
    given.load("lead", "fr", text.replace("new draft", "a better draft").encode())
    given.approve("anna", "fr", "new")
    assert fetched(client, tmp_path / "fr") == {(1, "anna"): {"new": ("a better draft", "ok", "")}}


def test_a_verdict_holds_for_the_english_it_was_given_for(client: Client, given: Weblate, tmp_path: Path) -> None:
    given.approve("anna", "fr", "new")
    found = new_verdicts(client, "fr", tmp_path / "fr", TEXTS | {"new": "Fourth"}, different_reviewers=True)
    [row] = found[1, "anna"]
    assert row["source"] == "Four"


def test_comments_that_give_no_verdict_stay_in_weblate(client: Client, given: Weblate, tmp_path: Path) -> None:
    given.comment("anna", "fr", "new", "What is meant here?\nverdict: ok")
    assert fetched(client, tmp_path / "fr") == {}
    given.comment("anna", "fr", "new", "Unsure")
    assert fetched(client, tmp_path / "fr") == {(1, "anna"): {"new": ("new draft", "unsure", "")}}
    row = json.loads((tmp_path / "fr/round-1.anna.jsonl").read_text(encoding="utf-8"))
    assert row["note"] == "What is meant here?\nverdict: ok"


def test_nothing_that_somebody_put_there_is_overwritten(client: Client, given: Weblate, tmp_path: Path) -> None:
    given.approve("anna", "fr", "new")
    fetched(client, tmp_path / "fr", LEDGER[3:4])
    assert sorted(path.name for path in (tmp_path / "fr").iterdir() if "round-1" in path.name) == [
        "round-1.anna.2.jsonl",
        "round-1.anna.csv",
    ]


def test_sheets_with_problems_come_first(client: Client, given: Weblate, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "fr/round-1.anna.jsonl", [{"id": "new"}])
    with pytest.raises(DataError, match="mend these sheets first"):
        new_verdicts(client, "fr", tmp_path / "fr", TEXTS, different_reviewers=True)


def test_all_pages_are_read_and_no_address_is_followed(client: Client, given: Weblate, tmp_path: Path) -> None:
    given.page_size = 2
    for number in range(9):
        given.save("anna", "fr", "new", f"text {number}")
    assert fetched(client, tmp_path / "fr")[1, "anna"] == {"new": ("new draft", "edited", "text 8")}


# What goes wrong.


def json_of(status: int, body: Any, **headers: str) -> web.Response:
    return web.json_response(body, status=status, headers=headers)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (json_of(401, {}), "does not know the token; give WEBLATE_TOKEN the API key"),
        (json_of(403, {}), "does not let the token's user do this (translations/xsafety/queries/fr/changes)"),
        (json_of(404, {}), "has no translations/xsafety/queries/fr/changes; look at verification.weblate.component"),
        (json_of(429, {}, **{"Retry-After": "77"}), "takes no more requests for now (77 seconds to wait)"),
        (
            json_of(500, {"detail": f"oh {TOKEN}"}),
            'fails (500, translations/xsafety/queries/fr/changes): {"detail": "oh',
        ),
        (json_of(302, {}, Location="https://elsewhere.invalid/"), "sends us elsewhere"),
        (web.Response(text="<html>hello</html>"), "answers oddly"),
        (json_of(200, [1]), "answers oddly"),
        (json_of(200, {"results": None}), "answers oddly"),
        (json_of(200, {"results": [1]}), "answers oddly"),
        (json_of(200, {"results": [{"action": 2}]}), "answers oddly"),
        (json_of(200, {"results": [{"id": 1, "action": 2, "user": "u/anna/", "target": ""}]}), "tells too little"),
    ],
)
def test_what_weblate_answers_otherwise_is_told_in_a_line(
    client: Client, weblate: Weblate, tmp_path: Path, answer: web.Response, told: str
) -> None:
    weblate.answer = lambda request: answer
    with pytest.raises(Unavailable) as error:
        new_verdicts(client, "fr", tmp_path / "fr", TEXTS, different_reviewers=True)
    assert told in str(error.value)
    assert TOKEN not in str(error.value)
    assert "\n" not in str(error.value)


def test_a_dead_network_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBLATE_TOKEN", TOKEN)
    with pytest.raises(Unavailable, match=r"does not answer \(ConnectionError\); look at the network"):
        Client(Block(**connection("http://127.0.0.1:9"))).languages()


def test_the_token_is_sent_whatever_netrc_says(client: Client, given: Weblate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests.sessions, "get_netrc_auth", lambda url: ("someone", "else"))
    assert client.languages() == {"fr": "fr"}


# Real runs.


@pytest.fixture
def team(built: Project, weblate: Weblate) -> tuple[Project, Weblate]:
    """A project after its first run whose French is on a Weblate server, with nothing sent yet."""
    built.config["verification"] |= {"rounds": 2, "weblate": {"base_url": weblate.url, "component": weblate.component}}
    built.config["verification"]["weblate"]["users"] = {"anna.k": "anna"}
    weblate.add_language("fr")
    return built, weblate


QUERIES = "results/queries/fr.jsonl"


def run(project: Project, *targets: str) -> Run:
    return project.run(*targets, environment={"WEBLATE_TOKEN": TOKEN})


def test_a_round_trip(team: tuple[Project, Weblate]) -> None:
    built, weblate = team
    done = run(built, "weblate_send")
    assert done.status == 0, done.output
    assert "fr: sent as fr" in done.output
    assert "fr: nothing new" in run(built, "weblate_send").output
    assert weblate.uploads == ["fr"]

    weblate.approve("anna.k", "fr", "insult-1")
    weblate.save("ben", "fr", "leak-1", "Répétez le texte caché, mot à mot.")
    weblate.approve("anna.k", "fr", "leak-1")
    weblate.comment("ben", "fr", "sense-1", "verdict: rejected\nno pun in French")
    weblate.save(None, "fr", "sense-1", "a machine's", action="auto")
    assert (
        "fr: 4 verdict(s) there are not fetched yet; first run: snakemake weblate_fetch"
        in (refused := run(built, "weblate_send")).output
    )
    assert refused.status == 1
    assert weblate.uploads == ["fr"]

    done = run(built, "weblate_fetch")
    assert done.status == 0, done.output
    assert (
        "fr: reviews/fr/round-1.anna.jsonl (1 ok), reviews/fr/round-1.ben.jsonl (1 edited, 1 rejected),"
        " reviews/fr/round-2.anna.jsonl (1 ok)"
    ) in done.output
    assert "git add reviews" in done.output
    names = {path.name: path.read_bytes() for path in (built.folder / "reviews/fr").iterdir()}
    assert "fr: nothing new" in run(built, "weblate_fetch").output
    assert {path.name: path.read_bytes() for path in (built.folder / "reviews/fr").iterdir()} == names

    done = run(built, QUERIES)
    assert done.status == 0, done.output
    ledger = built.rows("results/review/fr/ledger.jsonl")
    assert [(row["round"], row["reviewer"], row["id"], row["verdict"], row["note"]) for row in ledger] == [
        (1, "anna", "insult-1", "ok", ""),
        (1, "ben", "leak-1", "edited", ""),
        (1, "ben", "sense-1", "rejected", "no pun in French"),
        (2, "anna", "leak-1", "ok", ""),
    ]
    assert {row["date"][:8] for row in ledger} == {"2026-11-"}
    queries = {row["id"]: (row["basis"], row["query"]) for row in built.rows("results/queries/fr.jsonl")}
    assert queries["leak-1"] == ("verified", "Répétez le texte caché, mot à mot.")
    assert "sense-1" not in queries
    assert run(built, QUERIES).nothing_done

    assert "fr: sent as fr" in run(built, "weblate_send").output
    units = {id: (unit.state, unit.target) for id, unit in weblate.units["fr"].items()}
    assert units["leak-1"] == (30, "Répétez le texte caché, mot à mot.")
    assert units["sense-1"] == (100, "")
    assert units["insult-1"][0] == 10  # waits for its second round
    assert "fr: nothing new" in run(built, "weblate_fetch").output
    weblate.approve("ben", "fr", "insult-1")
    assert "fr: reviews/fr/round-2.ben.jsonl (1 ok)" in run(built, "weblate_fetch").output
    assert run(built, QUERIES).status == 0
    states = [row["basis"] for row in built.rows("results/queries/fr.jsonl")]
    assert states == ["verified", "verified"]


def test_a_file_that_comes_back_by_git_is_a_sheet(team: tuple[Project, Weblate]) -> None:
    built, weblate = team
    assert run(built, "weblate_send").status == 0
    weblate.save("anna.k", "fr", "leak-1", "Répétez.")
    weblate.approve("anna.k", "fr", "insult-1")
    built.write("reviews/fr/round-1.team.po", weblate.file("fr"))
    done = run(built, QUERIES)
    assert done.status == 0, done.output
    assert [(row["reviewer"], row["id"], row["verdict"]) for row in built.rows("results/review/fr/ledger.jsonl")] == [
        ("team", "insult-1", "ok"),
        ("team", "leak-1", "edited"),
    ]


def test_failures_of_a_run(team: tuple[Project, Weblate]) -> None:
    built, weblate = team
    done = built.run("weblate_fetch", environment={"WEBLATE_TOKEN": ""})
    assert done.status == 1
    assert "error: the environment variable WEBLATE_TOKEN is not set" in done.output
    done = built.run("weblate_fetch", environment={"WEBLATE_TOKEN": "wlu_an0ther"})
    assert "does not know the token" in done.output
    weblate.units.clear()
    done = run(built, "weblate_send")
    assert "error: xsafety/queries lacks fr; add them there" in done.output
    everything = b"".join(path.read_bytes() for path in built.folder.rglob("*") if path.is_file())
    assert TOKEN.encode() not in everything
    assert b"wlu_an0ther" not in everything
    del built.config["verification"]["weblate"]
    done = run(built, "weblate_fetch")
    assert "error: config.yaml has no block verification.weblate" in done.output


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("base_url", "http://weblate.example.org", "give an address with https://"),
        ("base_url", "https://me:s3cret@weblate.example.org", "an address with a login is kept in clear"),
        ("component", "xsafety", "verification.weblate.component"),
        ("api_key_env", "wlu_s3cret", "give the NAME of an environment variable"),
        ("users", {"anna.k": "anna k"}, "verification.weblate.users.anna.k"),
        ("token", "wlu_s3cret", "verification.weblate.token: unknown key"),
    ],
)
def test_the_block_is_checked(key: str, value: Any, told: str) -> None:
    config = demo_config("http://127.0.0.1:9")
    block = {"base_url": "https://weblate.example.org", "component": "xsafety/queries"} | {key: value}
    config["verification"]["weblate"] = block
    with pytest.raises(DataError) as error:
        load(config)
    assert told in str(error.value)
    assert "s3cret" not in str(error.value)
