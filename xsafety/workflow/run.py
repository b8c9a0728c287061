"""Whom a run of the workflow will ask, and what it says in the end."""

import sys
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

from ..asking.receipt import last_receipt
from ..config.configuration import Block, Config
from ..config.models import AskedJudge, LexiconJudge
from ..text.packs import has_pack
from ..translation.memory import print_missing
from ..verification.waiting import print_waiting


def asked_blocks(jobs: Collection[Any], config: Config) -> dict[str, Block]:
    """The models, judges and translators that Snakemake's `jobs` will ask, by their place in the configuration.

    A job that waits for the checkpoint, which says what languages are ready, stands for every model and judge.
    """
    models: dict[str, Block] = {f"models.{name}": model for name, model in config.models.items()}
    judges: dict[str, Block] = {f"judges.{name}": judge for name, judge in config.judges.items()}
    reads_english = any(isinstance(judge, AskedJudge) and judge.translate_to_english for judge in judges.values())
    places: set[str] = set()
    for job in jobs:
        places.add(_place(job))
        if any(file.flags.get("checkpoint_target") for file in job.input):
            places |= {*models, *judges, *(["translation"] if reads_english else [])}
    if any(job.rule.name == "browser" for job in jobs):
        places.discard("translation")  # a reviewer takes the drafts that there are
    every: dict[str, Block] = {"translation": config.translation, **models, **judges}
    return {place: block for place, block in every.items() if place in places}


def _place(job: Any) -> str:
    match job.rule.name:
        case "drafts" | "english" | "ask_drafts" | "ask_english":
            return "translation"
        case "ask":
            return f"models.{job.wildcards.model}"
        case "ask_judge":
            return f"judges.{job.wildcards.judge}"
    return ""


def print_last_words(workflow: Any, config: Config) -> None:
    """Prints what waits for whom, where the report is and what is missing or failed, if a run had the checkpoint in it.

    Also where there was nothing to do, but not for commands that only look (--list, --lint), nor for targets before the
    checkpoint.
    """
    if workflow.scheduler and any(job.is_checkpoint for job in workflow.dag.jobs):
        results = Path(config.results)
        for line in without_phrases(config):
            print(line, file=sys.stderr)
        print_waiting(str(results / "review_status.csv"))
        print_missing({lang: results / "asked" / "drafts" / f"{lang}.json" for lang in config.targets})
        for line in (*reports(workflow.dag), *failures(workflow.dag.jobs)):
            print(line, file=sys.stderr)


def without_phrases(config: Config) -> list[str]:
    """Which judges by refusal phrases can say nothing in which languages, a line each, with what to do."""
    lexicons = [name for name, judge in config.judges.items() if isinstance(judge, LexiconJudge)]
    tags = [tag for tag in config.languages if not has_pack(tag)]
    return [
        f"judge {name} has no refusal phrases for {', '.join(tags)}: all its verdicts there are invalid; take a judge "
        f"that is asked, or add phrases as xsafety/text/packs/{tags[0]}.yaml (CONTRIBUTING.md)"
        for name in lexicons
        if tags
    ]


def reports(dag: Any) -> list[str]:
    """Where the report is, in a line, if Snakemake's `dag` has it, and it is up to date."""
    jobs = [job for job in dag.jobs if job.rule.name == "report" and (dag.finished(job) or not dag.needrun(job))]
    return [f"The report: {job.output[0]}" for job in jobs]


def failures(jobs: Collection[Any]) -> list[str]:
    """What asking failed at, by the receipts of Snakemake's `jobs`, in lines: who, how many rows, why, what to do."""
    reasons: dict[str, Counter[str]] = {}
    ended: dict[str, str] = {}
    for job in jobs:
        who = _asked(job)
        receipt = Path(job.output.get("receipt", job.output[0])) if who else Path()
        found = last_receipt(receipt)
        if not found:
            continue
        failed = list(found["failed"].values())
        counts = reasons.setdefault(who, Counter())
        counts.update(reason for part in failed for reason in (part.values() if isinstance(part, dict) else [part]))
        if found.get("ended"):
            ended[who] = found["ended"]
    lines = []
    for who, counts in sorted(reasons.items()):
        if who in ended:
            lines.append(f"{who} ended early: {ended[who]}")
        elif counts:
            lines.append(f"{who}: {counts.total():,} rows failed")
            lines += [f"{number:8,}  {reason}" for reason, number in counts.most_common(5)]
    advice = "They are marked as failed, and all else is done. Mend what is wrong, then run snakemake again: it asks "
    return [*lines, advice + "these rows only."] if lines else []


def _asked(job: Any) -> str:
    """Whom a job asks, in words; empty for one that asks nobody, and for drafts, for which people are waited for."""
    match job.rule.name:
        case "ask":
            return f"model {job.wildcards.model}"
        case "ask_judge":
            return f"judge {job.wildcards.judge}"
        case "english":
            return "translation of answers to English"
    return ""
