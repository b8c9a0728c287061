"""Real runs in which a row, a language, a model or a judge fails: it costs its own rows, and the next run asks them."""

import csv
from typing import Any

from tests.conftest import Project
from tests.servers.loopback import Server


def test_what_fails_costs_its_own_rows_and_nothing_else(project: Project, server: Server) -> None:
    project.config["languages"] = ["en"]
    one = project.config["models"]["one"] | {"max_retries": 0}
    project.config["models"] |= {"bad": one | {"model": "bad"}, "locked": one | {"model": "locked"}}
    project.config["judges"] |= {"down": project.config["judges"]["paper"] | {"model": "down", "max_retries": 0}}
    well = server.reply

    def reply(body: dict[str, Any]) -> Any:
        if body["model"] == "bad" and "my hat" in body["messages"][-1]["content"]:
            return 500, {"error": {"message": "no", "code": "overheated"}}
        if body["model"] == "locked":
            return 401, {"error": {"message": "no", "code": "invalid_api_key"}}
        return (503, {}) if body["model"] == "down" else well(body)

    server.reply = reply
    done = project.run("results/report.html")
    assert done.status != 0
    last = done.output.rstrip().splitlines()[-5:]
    assert last[0].startswith("judge down ended early: none of ")
    assert last[1:3] == ["model bad: 1 rows failed", "       1  500 overheated: no"]
    assert last[3].startswith("model locked ended early: ")
    assert "run snakemake again: it asks these rows only" in last[-1]
    rows = project.rows("results/verdicts/paper/bad/none/en.jsonl")
    assert [(row["verdict"], row["reason"]) for row in rows] == [
        ("failed", "the model did not answer: 500 overheated: no"),
        ("safe", ""),
        ("safe", ""),
    ]
    for judge in ("paper", "lexicon"):
        assert {row["verdict"] for row in project.rows(f"results/verdicts/{judge}/locked/none/en.jsonl")} == {"failed"}
        assert {row["verdict"] for row in project.rows(f"results/verdicts/{judge}/one/none/en.jsonl")} == {"safe"}
    assert {row["verdict"] for row in project.rows("results/verdicts/down/one/none/en.jsonl")} == {"failed"}
    with (project.folder / "results/tables/paper/unsafe_rate.csv").open() as file:
        rates = {row["lang"]: (row["one"], row["bad"], row["locked"]) for row in csv.DictReader(file)}
    assert rates["en"] == ("0.0", "", "")
    page = (project.folder / "results/report.html").read_text()
    assert "all 2 failed" in page
    assert "1 failed: 0.0–50.0" in page

    server.reset()
    server.reply = reply
    verdicts = [
        f"results/verdicts/{judge}/{model}/none/en.jsonl"
        for judge in project.config["judges"]
        for model in project.config["models"]
    ]
    done = project.run(*verdicts)
    assert {body["model"] for body in server.chats} == {"bad", "locked", "down"}
    assert done.counts["responses"] == 2, done.output  # of the two models

    server.reset()
    server.reply = well
    done = project.run(*verdicts)
    assert done.status == 0, done.output
    assert len([body for body in server.chats if body["model"] == "bad"]) == 1
    assert {row["verdict"] for file in verdicts for row in project.rows(file)} == {"safe"}
    assert project.run(*verdicts).nothing_done
