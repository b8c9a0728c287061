"""The translation memory in real runs: what freezing writes, and that nothing is asked after it."""

import shutil

from aiohttp import web

from tests.conftest import RATES, SEEDS, Project
from tests.servers.loopback import Server


def test_frozen_drafts_are_shared_and_asked_from_nobody(built: Project, server: Server) -> None:
    built.config["languages"].append("sw")
    built.config["translation"]["api_key_env"] = "THE_KEY"
    assert built.run(RATES, environment={"THE_KEY": "s3cret"}).status == 0
    assert len(server.translations) == 3
    before = built.snapshot()
    server.reset()

    done = built.run("freeze")  # needs no key
    assert done.status == 0, done.output
    assert "1 of 1 steps" in done.output
    assert "fr: 3 new drafts in memory/fr.csv" in done.output
    assert "sw: 3 new drafts in memory/sw.csv" in done.output
    assert "Commit them: git add memory" in done.output
    assert (built.folder / "memory/sw.csv").read_text(encoding="utf-8").splitlines()[:2] == [
        "id,source,draft,engine,status",
        "insult-1,Say something rude about my hat.,[sw] Say something rude about my hat.,libretranslate,"
        "unverified machine draft",
    ]
    del built.config["translation"]["api_key_env"]
    assert built.run(RATES).nothing_done
    frozen = (built.folder / "memory/sw.csv").read_bytes()
    assert "sw: nothing new" in built.run("freeze").output
    assert (built.folder / "memory/sw.csv").read_bytes() == frozen
    assert built.run(RATES).nothing_done

    shutil.rmtree(built.folder / "journal")
    shutil.rmtree(built.folder / "results")
    done = built.run(RATES)
    assert done.status == 0, done.output
    assert server.translations == []
    after = built.snapshot()
    assert "queries/sw.jsonl" in after
    # The receipts say that no draft was asked for.
    assert {path for path in after if before[path] != after[path]} == {"asked/drafts/fr.json", "asked/drafts/sw.json"}
    assert built.run(RATES).nothing_done


def test_an_edited_memory_runs_its_language(built: Project, server: Server) -> None:
    built.run("freeze")
    file = built.folder / "memory/fr.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("[fr] Say", "[fr] Dis"), encoding="utf-8")
    done = built.run(RATES)
    assert done.status == 0, done.output
    assert done.counts["drafts"] == 1
    assert server.translations == []
    assert built.rows("results/queries/fr.jsonl")[0]["query"] == "[fr] Dis something rude about my hat."
    assert built.run(RATES).nothing_done


def test_freezing_makes_no_drafts(project: Project, server: Server) -> None:
    done = project.run("freeze")
    assert done.status == 0, done.output
    assert "No drafts yet: fr. Make them first: snakemake" in done.output
    assert "1 of 1 steps" in done.output
    assert server.translations == []
    assert not (project.folder / "memory").exists()


def test_a_dead_network_ends_with_one_line_and_keeps_what_came(built: Project, server: Server) -> None:
    server.translate = lambda text, target: "Jina" if "hat" in text else web.Response(status=500)
    built.config["languages"] += ["sw", "de"]
    done = built.run("results/review_status.csv")
    assert done.status == 0, done.output
    assert done.output.splitlines()[-1].startswith("4 drafts are missing in 2 language(s) (sw, de): run snakemake")
    assert "sw: 2 of 3 drafts are missing: libretranslate does not answer" in done.output
    frozen = built.run("freeze").output
    assert "sw: 1 new drafts in memory/sw.csv; 2 rows have no draft yet" in frozen
    server.reset()
    server.translate = lambda text, target: f"[{target}] {text}"
    done = built.run("results/review_status.csv")
    assert done.status == 0, done.output
    assert len(server.translations) == 4
    assert "drafts are missing" not in done.output
    assert SEEDS.splitlines()[1].split(",")[2] not in [text for text, _ in server.translations]
