"""A run on this machine alone: a served model, drafts by a Marian, verdicts off the next token of a guard."""

import socket
import sys

from tests.asking.tiny import save_llama
from tests.conftest import ROOT, SHORT, Project
from tests.translation.checkpoints import checkpoint


def test_a_run_translates_asks_and_judges_on_this_machine(project: Project) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = project.folder
    (folder / "guard").mkdir()
    save_llama(folder / "guard", ["Yes", "No", "[judge]"], "{{ messages[1].content }} {{ guideline }} [judge]")
    marian = checkpoint("marian", folder)
    served = f"{sys.executable} {ROOT}/tests/servers/served.py {port} starts"
    project.config |= {
        "translation": {
            "memory": "memory",
            "engine": "transformers",
            "transformers": {"model": str(marian), "family": "marian", "licence": "CC-BY-4.0"},
        },
        "models": {
            "one": {"engine": "openai", "model": "m", "base_url": f"http://127.0.0.1:{port}/v1", "serve": served}
        },
        "judges": {"guard": {"engine": "transformers", "model": str(folder / "guard"), "protocol": "shieldgemma"}},
    }
    done = project.run(SHORT, "results/verdicts/guard/one/none/en.jsonl")
    assert done.status == 0, done.output
    assert "note: fr: translated by marian; its licence: CC-BY-4.0" in done.output
    assert len(project.rows("journal/drafts/fr.jsonl")) == 3
    assert len((folder / "starts").read_text().split()) == 1
    assert {row["response"] for row in project.rows("results/verdicts/guard/one/none/en.jsonl")} == {"Yes"}
    answers = [row["answer"] for row in project.rows("journal/verdicts/guard/one/none/en.jsonl")]
    assert [answer["status"] for answer in answers] == ["answered"] * 3
    assert project.run("results/verdicts/guard/one/none/en.jsonl").nothing_done
