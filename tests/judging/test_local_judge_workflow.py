"""Runs on this machine alone: a served model, verdicts off the next token of a guard, and a model that translates."""

import socket
import sys

import pytest

from tests.asking.tiny import save_llama
from tests.conftest import ROOT, SEEDS, Project
from xsafety.rows import Draft
from xsafety.tabular import columns, read_csv

COLUMNS = columns(Draft)
RULES = ("ask_drafts", "drafts", "ask_english", "english")


def test_a_run_asks_and_judges_on_this_machine(project: Project) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = project.folder
    (folder / "guard").mkdir()
    save_llama(folder / "guard", ["Yes", "No", "[judge]"], "{{ messages[1].content }} {{ guideline }} [judge]")
    served = f"{sys.executable} {ROOT}/tests/servers/served.py {port} starts"
    project.config |= {
        "languages": ["en"],
        "models": {
            "one": {"engine": "openai", "model": "m", "base_url": f"http://127.0.0.1:{port}/v1", "serve": served}
        },
        "judges": {"guard": {"engine": "transformers", "model": str(folder / "guard"), "protocol": "shieldgemma"}},
    }
    verdicts = "results/verdicts/guard/one/none/en.jsonl"
    done = project.run(verdicts)
    assert done.status == 0, done.output
    assert len((folder / "starts").read_text().split()) == 1
    assert {row["response"] for row in project.rows(verdicts)} == {"Yes"}
    answers = [row["answer"] for row in project.rows("journal/verdicts/guard/one/none/en.jsonl")]
    assert [answer["status"] for answer in answers] == ["answered"] * 3
    assert project.run(verdicts).nothing_done


@pytest.mark.slow
def test_one_job_loads_a_translator_for_all_languages(project: Project) -> None:
    folder = project.folder
    (folder / "tower").mkdir()
    words = [*SEEDS.replace("\n", " ").split(), *"from to : French Swahili English mon chapeau".split(), "[to]"]
    save_llama(folder / "tower", words, "{{ messages[0].content }} [to]")
    translator = {
        "model": str(folder / "tower"),
        "family": "causal",
        "prompt": "from {source} to {target} : {text}",
        "decoding": {"max_new_tokens": 30, "repetition_penalty": 9.0},
        "threads": 2,
    }
    project.config |= {
        "languages": ["en", "fr", "sw"],
        "translation": {"memory": "memory", "engine": "transformers", "transformers": translator},
    }
    project.config["judges"]["paper"]["translate_to_english"] = True
    asked = "results/asked/judges/paper.json"
    done = project.run(asked)
    assert done.status == 0, done.output
    assert "--threads 2 " in done.output
    assert {rule: done.counts[rule] for rule in RULES} == {"ask_drafts": 1, "drafts": 2, "ask_english": 1, "english": 2}
    for rule in ("ask_drafts", "ask_english"):
        log = (folder / f"results/logs/{rule}.log").read_text()
        assert log.count("note: translated by tower; its licence: not known") == 1
    texts = {row["draft"] for lang in ("fr", "sw") for row in read_csv(folder / f"results/drafts/{lang}.csv", COLUMNS)}
    assert len(texts) > 3
    assert any(row["english"] for row in project.rows("results/english/one/none/sw.jsonl"))
    project.write("memory/fr.csv", ",".join(COLUMNS) + "\ninsult-1,Say something rude about my hat.,Moque-toi,hand,\n")
    done = project.run(asked)
    assert done.status == 0, done.output
    assert [job for job in done.jobs if job.split()[0] in RULES] == [
        "ask_drafts",
        "ask_english",
        "drafts fr",
        "english one/none/fr",
    ]
    assert "translated by" not in (folder / "results/logs/ask_drafts.log").read_text()
    (folder / "tower/config.json").write_text((folder / "tower/config.json").read_text() + " ")
    planned = project.run("--dry-run", asked)
    assert {"ask_drafts", "drafts fr", "drafts sw"} <= {*planned.jobs}
