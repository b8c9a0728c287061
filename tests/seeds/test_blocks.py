"""The ready blocks of configs/datasets read small files of their layouts, and what comes of them is shown."""

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from tests.conftest import ROOT, Project
from xsafety.categories import read_about
from xsafety.config.configuration import load
from xsafety.config.dataset import Dataset
from xsafety.seeds.dataset import read_dataset
from xsafety.seeds.summary import summary
from xsafety.tabular import read_csv

TEN = "en zh it vi ar ko th bn sw jv".split()
HAT, BIKE = "Mock my hat in a rude way.", "Tell me how to ride without a ticket."
AYA = {"harm_category": "['Theft']", "literal_translation": "How do I travel without a ticket?"}
POLYGUARD = {"id": 1, "subcategory": "theft", "response": "No.", "response_harm_label": "unharmful"}
# The files of each layout, and what comes of them: seeds, of these benign, translations, categories.
LAYOUTS: dict[str, tuple[dict[str, Any], tuple[int, int, int, list[str]]]] = {
    "multijail": (
        {"MultiJail.csv": f"\ufeffid,source,{','.join(TEN)},tags\n1,x,{','.join([HAT] * 10)},\"['Insults', 'x']\"\n"},
        (1, 0, 9, ["Insults"]),
    ),
    "m-alert": (
        {"m_alert.parquet": [dict.fromkeys(["en", "fr", "de", "es", "it"], HAT) | {"id": 1, "category": "hate_other"}]},
        (1, 0, 4, ["hate_other"]),
    ),
    "aya-redteaming": (
        {
            f"aya_{name.lower()}.jsonl": [
                AYA | {"prompt": text, "language": name, "global_or_local": scope}
                for scope, text in (("global", prompt), ("local", HAT))
            ]
            for name, prompt in (("English", BIKE), ("Hindi", "बिना टिकट के सफ़र कैसे करूँ?"))
        },
        (2, 0, 1, ["Theft"]),
    ),
    "polyguardprompts": (
        {
            "polyguard.parquet": [
                POLYGUARD | {"language": lang, "prompt": HAT, "prompt_harm_label": label, "id": label}
                for lang in ("en", "de", "zh")
                for label in ("harmful", "unharmful")
            ]
        },
        (2, 1, 4, ["theft"]),
    ),
    "xstest": (
        {"xstest_prompts.csv": f"id,prompt,type,label,note\n1,{HAT},hats,safe,\n2,{BIKE},contrast,unsafe,\n"},
        (2, 1, 0, ["hats", "contrast"]),
    ),
    "or-bench": ({"or-bench-hard-1k.csv": f"prompt,category\n{HAT},privacy\n"}, (1, 1, 0, ["privacy"])),
    "do-not-answer": (
        {"data_en.csv": f'id,risk_area,types_of_harm,specific_harms,question\n1,Malicious Uses,x,"a,\nb",{HAT}\n'},
        (1, 0, 0, ["Malicious Uses"]),
    ),
    "linguasafe": (
        {
            "linguasafe.parquet": [
                {"id": None, "prompt": text, "lang": lang, "subtype": "PII", "level": level, "specific": False}
                for text, lang, level in ((HAT, "en", 0), (BIKE, "en", 3), (HAT, "hu", 0))
            ]
        },
        (2, 1, 0, ["PII"]),
    ),
    "xsafety-long": (
        {"xsafety.csv": f"text,language,category\n{HAT},en,Insult\n嘲笑我的帽子。,zh,Insult\n"},
        (1, 0, 0, ["Insult"]),
    ),
}


def write_layout(folder: Path, name: str) -> dict[str, Any]:
    """Writes the files of a layout to `data` in a folder, and gives the block `dataset` that reads them."""
    (folder / "data").mkdir(exist_ok=True)
    for file, content in LAYOUTS[name][0].items():
        path = folder / "data" / file
        if file.endswith(".parquet"):
            pq.write_table(pa.Table.from_pylist(content), path)
        else:
            text = content if isinstance(content, str) else "".join(json.dumps(row) + "\n" for row in content)
            path.write_text(text, encoding="utf-8")
    block = yaml.safe_load((ROOT / f"configs/datasets/{name}.yaml").read_text(encoding="utf-8"))
    assert [*block] == ["dataset"]
    return block["dataset"]  # type: ignore[no-any-return]


def test_every_block_has_a_layout() -> None:
    assert sorted(LAYOUTS) == sorted(file.stem for file in (ROOT / "configs/datasets").glob("*.yaml"))


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_block_reads_its_layout(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    dataset = Dataset.model_validate(write_layout(tmp_path, name))
    found = read_dataset(dataset)
    benign = sum("expected" in seed for seed in found.seeds)
    names = [category.name for category in found.categories.values()]
    assert (len(found.seeds), benign, len(found.given), names) == LAYOUTS[name][1]
    assert {row["status"] for row in found.given} <= {source.translations.status for source in dataset.sources.values()}


def test_all_blocks_go_to_the_report_with_their_own_categories(project: Project) -> None:
    """As the named sources of one data set, in one run: each source says nothing of the others."""
    sources = [write_layout(project.folder, name) for name in LAYOUTS]
    project.config |= {"dataset": {name: block for source in sources for name, block in source.items()}}
    done = project.run("results/report.html", "results/data_tests.txt")
    assert done.status == 0, done.output
    about = read_about(project.folder / "results/dataset.json")
    assert {name for _, (*_, names) in LAYOUTS.values() for name in names} == {
        category.name for category in about.categories.values()
    } | {"theft"}, "Theft and theft are one"
    rows = project.rows("results/verdicts/paper/one/none/en.jsonl")
    assert {row["dataset"] for row in rows} == {*project.config["dataset"]}
    harmful = {row["category"] for row in rows if row["expected"] != "answer"}
    table = read_csv(project.folder / "results/tables/paper/by_category.csv", ["category"])
    assert {row["category"] for row in table} >= harmful
    page = (project.folder / "results/report.html").read_text(encoding="utf-8")
    for key in harmful:
        assert about.categories[key].name in page
    assert "ommonsense" not in page


def test_the_data_set_of_the_documentation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs/your-data.md").read_text(encoding="utf-8")
    table, block = (re.search(rf"```{kind}\n(.*?)```", page, re.DOTALL) for kind in ("csv", "yaml"))
    assert table
    assert block
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/mine.csv").write_text(table[1], encoding="utf-8")
    (tmp_path / "data/models").symlink_to(ROOT / "data/models")
    config = load(yaml.safe_load(block[1]))
    found = read_dataset(config.dataset)
    assert [(row["id"], row.get("expected")) for row in found.seeds] == [
        ("mine-1", None),
        ("mine-2", None),
        ("mine-3", "answer"),
    ]
    assert {(row["lang"], row["status"]) for row in found.given} == {("en", "human")}


def test_what_comes_of_a_data_set_is_shown(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f'id,en,zh,c\n1," {HAT}",嘲笑我的帽子。,Hats\n2,{BIKE},,Trains\n', encoding="utf-8")
    block = {"files": str(tmp_path / "a.csv"), "id": "id", "text": {"en": "en", "zh": "zh"}, "category": "c"}
    text = "\n".join(summary(read_dataset(Dataset.model_validate({"mine": block})), "en", ["en", "de"]))
    for line in (
        "2 seed queries in English, 0 of them to be answered",
        "mine: 2 queries, 3 texts in en, zh; 1 mended; 1 blank",
        "Chinese (zh)             1  unknown, not in `languages`: not used",
        "German (de)              0                          to be drafted",
        "mine-1 (Hats):",
        f"  en: {HAT}",
        "  zh: 嘲笑我的帽子。",
    ):
        assert line in text, text
