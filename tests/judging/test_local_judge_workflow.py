"""A run on this machine alone: a served model, and verdicts off the next token of a guard."""

import socket
import sys

from tests.asking.tiny import save_llama
from tests.conftest import ROOT, Project


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


def test_drafts_rest_on_the_weights_that_translate(project: Project) -> None:
    weights = project.write("marian/model.safetensors", "weights")
    block = {"model": str(weights.parent), "family": "marian", "threads": 2}
    project.config["translation"] = {"memory": "memory", "engine": "transformers", "transformers": block}
    planned = project.run("--dry-run", "results/drafts/fr.csv")
    assert planned.status == 0, planned.output
    assert str(weights) in planned.output
    assert "--threads 2 " in planned.output
