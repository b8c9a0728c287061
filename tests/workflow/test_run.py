"""What a run tells before its first job, which keys it lacks, and after its last, what waits."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import ROOT, SEEDS, Project, demo_config
from tests.servers.loopback import Server
from xsafety.config.configuration import Config
from xsafety.workflow.run import asked_blocks, without_phrases

WAITS = "Translations that wait for people"


def job(rule: str, waits: bool = False, **wildcards: str) -> Any:
    file = SimpleNamespace(flags={"checkpoint_target": True} if waits else {})
    return SimpleNamespace(rule=SimpleNamespace(name=rule), wildcards=SimpleNamespace(**wildcards), input=[file])


@pytest.mark.parametrize("reads_english", [False, True])
@pytest.mark.parametrize(
    ("jobs", "asked"),
    [
        ([job("seeds"), job("responses", model="one")], set()),
        ([job("ask", model="two")], {"models.two"}),
        ([job("ask_judge", judge="paper"), job("drafts", lang="fr")], {"judges.paper", "translation"}),
        ([job("english", model="one", lang="fr")], {"translation"}),
        ([job("drafts", lang="fr"), job("browser", lang="fr", reviewer="anna")], set()),
        ([job("report", waits=True)], {"models.one", "models.two", "judges.lexicon", "judges.paper"}),
    ],
)
def test_whom_jobs_ask(jobs: list[Any], asked: set[str], reads_english: bool) -> None:
    raw = demo_config("http://localhost")
    raw["models"]["two"] = raw["models"]["one"]
    raw["judges"]["paper"]["translate_to_english"] = reads_english
    raw["dataset"] = {"seeds": "."}
    if any(job.rule.name == "report" for job in jobs) and reads_english:
        asked = asked | {"translation"}
    blocks = asked_blocks(jobs, Config.model_validate(raw))
    assert set(blocks) == asked
    assert all(block.engine in ("openai", "lexicon", "libretranslate") for block in blocks.values())


def test_languages_in_which_a_lexicon_says_nothing_are_told() -> None:
    raw = demo_config("http://localhost") | {"dataset": {"seeds": "."}, "languages": ["en", "fr", "pt-BR", "tr"]}
    (line,) = without_phrases(Config.model_validate(raw))
    assert line.startswith(
        "judge lexicon has no refusal phrases for pt-BR, tr: all its verdicts there are invalid; take "
    )
    assert without_phrases(Config.model_validate(raw | {"languages": ["en", "fr"]})) == []
    raw["judges"] = {"paper": {"engine": "openai", "model": "m"}}
    assert without_phrases(Config.model_validate(raw)) == []


def test_all_keys_that_are_missing_are_told_before_any_job_runs(project: Project, server: Server) -> None:
    project.config["models"]["one"]["api_key_env"] = "NOT_SET_ONE"
    project.config["models"]["two"] = project.config["models"]["one"] | {"api_key_env": "NOT_SET_TWO"}
    project.config["translation"]["api_key_env"] = "NOT_SET_EITHER"
    done = project.run()
    assert (done.status, done.jobs) == (1, []), done.output
    assert [line for line in done.output.splitlines() if "is not set" in line] == [
        "  - translation: the environment variable NOT_SET_EITHER is not set; run: export NOT_SET_EITHER=...",
        "  - models.one: the environment variable NOT_SET_ONE is not set; run: export NOT_SET_ONE=...",
        "  - models.two: the environment variable NOT_SET_TWO is not set; run: export NOT_SET_TWO=...",
    ]
    assert "Traceback" not in done.output
    assert project.run("-n").status == 0
    # What asks nobody wants no key.
    assert project.run("results/seeds.csv").jobs == ["seeds"]
    assert (server.chats, server.translations) == ([], [])


def test_only_jobs_that_run_want_their_keys(built: Project, server: Server) -> None:
    built.config["models"]["one"]["api_key_env"] = "NOT_SET_ANYWHERE"
    assert built.run().nothing_done
    built.config["models"]["two"] = demo_config(server.url)["models"]["one"] | {"model": "model-2"}
    assert built.run("results/asked/models/two.json").jobs == ["ask two"]
    built.config["models"]["one"]["model"] = "model-3"
    done = built.run()
    assert (done.status, done.jobs) == (1, []), done.output
    assert "models.one: the environment variable NOT_SET_ANYWHERE is not set" in done.output
    assert WAITS not in done.output
    assert {body["model"] for body in server.chats} == {"model-2"}


def test_a_reviewers_page_takes_the_drafts_of_memory_and_wants_no_key(project: Project) -> None:
    seeds = [(line.split(",")[0], line.split(",", 2)[2].strip('"')) for line in SEEDS.splitlines()[1:]]
    rows = "\n".join(f'{id},"{text}",Voici.,me,draft' for id, text in seeds)
    project.write("memory/fr.csv", f"id,source,draft,engine,status\n{rows}\n")
    project.config["translation"] = {"memory": "memory", "engine": "deepl", "api_key_env": "NOT_SET_ANYWHERE"}
    done = project.run("results/browser/fr/anna.json")
    assert done.status == 0, done.output
    assert "drafts fr" in done.jobs


def test_commands_that_only_look_and_targets_before_the_checkpoint_end_without_the_waiting_list(built: Project) -> None:
    for arguments in (["--list"], ["--rulegraph"], ["results/sheets/fr.csv", "results/browser/fr/anna.json"]):
        done = built.run(*arguments)
        assert done.status == 0, done.output
        assert WAITS not in done.output, arguments
    assert WAITS in built.run("results/report.html").output


def test_verdicts_are_compared_with_those_of_a_tag(built: Project) -> None:
    done = built.run("tag", "--config", "tag=first")
    assert "snakemake compare --config with=first" in done.output, done.output
    before = next((built.folder / "journal/tags/first").rglob("fr.csv"))
    text = before.read_text(encoding="utf-8")
    assert ",safe," in text
    rows = text.replace(",safe,", ",unsafe,", 1).splitlines(keepends=True)
    before.write_text("".join([*rows[:-1], f"old-{rows[-1]}"]), encoding="utf-8")
    done = built.run("compare", "--config", "with=first")
    assert "1 gone, query withdrawn: old-" in done.output, done.output
    assert "1 verdict(s) changed, 1 gone, 1 new; " in done.output


def test_another_workflow_can_import_this_one(project: Project) -> None:
    project.write(
        "Snakefile",
        f"""
configfile: "config.yaml"
module xsafety:
    snakefile: {str(ROOT / "Snakefile")!r}
    config: config
use rule * from xsafety as xsafety_*
""",
    )
    done = project.run("--snakefile", "Snakefile", "results/queries/en.jsonl")
    assert done.jobs == ["xsafety_seeds", "xsafety_source_queries"], done.output
