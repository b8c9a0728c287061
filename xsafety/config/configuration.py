"""`config.yaml`, typed: the one source of its keys, defaults and checks.

Every problem of a configuration is reported at once, each with its key, its value and the fix.
"""

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from ..rows import Shown
from ..tabular import DataError
from ..text.languages import EN
from .block import Name, Strict, check_tags
from .calibration import Calibration
from .dataset import Dataset
from .errors import advice
from .models import (
    AskedJudge,
    Budget,
    ChoiceJudge,
    Connection,
    JobBudget,
    JobConnection,
    Labelled,
    LexiconJudge,
    LocalConnection,
    MajorityJudge,
    OpenAI,
    OpenAIModel,
    Transformers,
    TransformersModel,
)
from .prompting import PromptingMethod
from .release import DataRelease
from .translation import ServiceConnection, Translation
from .verification import Verification

EngineBlock = OpenAI | Transformers | Translation
SafetyJudge = LexiconJudge | MajorityJudge | AskedJudge
JobPart = ServiceConnection | Connection | LocalConnection
Block = EngineBlock | LexiconJudge | MajorityJudge | ChoiceJudge


class Report(Strict):
    title: str = Field("XSafety", description="heading of the report")
    note: str | None = Field(None, description="a paragraph under the heading")
    max_failed: float = Field(
        0.01, ge=0, le=1, description="share of failed rows above which a rate is withheld until they are answered"
    )
    redact: bool = Field(False, description="leave queries and answers out of what is shown, for copies to be shared")
    explore_port: int | None = Field(
        8642, ge=1, le=65535, description="where make explore serves, to which numbers lead; null: numbers lead nowhere"
    )


class Config(Strict):
    """The whole of `config.yaml`."""

    languages: Annotated[list[str], Field(min_length=1), AfterValidator(check_tags)] = Field(
        description="BCP 47 tags; dataset.source, en by default, is the language of the seeds"
    )
    dataset: Dataset = Field(description="where seed queries come from")
    translation: Translation = Field(Translation(), description="how rows without a human translation get a draft")
    verification: Verification = Field(Verification(), description="when a language may be evaluated")
    promptings: dict[Name, PromptingMethod] = Field(
        default_factory=lambda: {"none": PromptingMethod(label="no method")},
        min_length=1,
        description="the first is the main table's",
    )
    models: dict[Name, Annotated[OpenAIModel | TransformersModel, Field(discriminator="engine")]] = Field(
        min_length=1, description="the models under test"
    )
    judges: dict[Name, Annotated[SafetyJudge | ChoiceJudge, Field(discriminator="engine")]] = Field(
        min_length=1, description="the first is the primary one"
    )
    budget: Budget | None = Field(
        None, description="where asking ends for all models, judges and translations together"
    )
    calibration: Calibration = Field(Calibration(), description="how good judges are, by labels of people")
    report: Report = Field(Report(), description="what the report says of its own accord")
    release: DataRelease | None = Field(None, description="the data set as others get it, for `snakemake release`")
    since: str | None = Field(None, description="older release that `changes` compares with: a folder, or a git tag")
    compare_with: str | None = Field(
        None, alias="with", description="older results folder, or tag, that `compare` compares with"
    )
    tag: Name | None = Field(None, description="name under which `snakemake tag` keeps the verdicts as they are")
    journal: str = Field("journal", description="folder that keeps every answer; never deleted by the workflow")
    results: str = Field(
        "results", validate_default=True, description="folder of all that the workflow makes; may be deleted"
    )

    @field_validator("journal", "results")
    @classmethod
    def _own_folders(cls, folder: str, info: ValidationInfo) -> str:
        if not folder or "data" in Path(folder).parts[:1]:
            raise ValueError("name a folder of its own; data/ is what people own")
        if info.field_name == "results" and Path(info.data.get("journal", "")).is_relative_to(folder):
            raise ValueError("the journal must lie outside the results, which may be deleted")
        return folder

    @field_validator("models")
    @classmethod
    def _columns(cls, models: dict[str, Any]) -> dict[str, Any]:
        if taken := sorted({"All", "lang", "basis"} & models.keys()):
            raise ValueError(
                f"{', '.join(taken)} is the name of another column of the tables; name the model otherwise"
            )
        return models

    @field_validator("judges")
    @classmethod
    def _have_a_translator(cls, judges: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        translation, dataset = info.data.get("translation"), info.data.get("dataset")
        what = ""
        if dataset and dataset.source != EN and EN not in info.data.get("languages", [EN]):
            what = f"it reads queries in English, and the seeds are {dataset.source}; add en to languages"
        elif translation and translation.engine == "none":
            what = "set translation.engine, which translates for it"
        error = PydanticCustomError("value_error", "", {"error": what})
        lacking = [
            InitErrorDetails(type=error, loc=(name, judge.engine, "translate_to_english"), input=True)
            for name, judge in judges.items()
            if isinstance(judge, AskedJudge) and judge.translate_to_english
        ]
        if lacking and what:
            raise ValidationError.from_exception_data("judges", lacking)
        return judges

    @field_validator("judges")
    @classmethod
    def _judge_safety(cls, judges: dict[str, Any]) -> dict[str, Any]:
        if all(isinstance(judge, ChoiceJudge) for judge in judges.values()):
            raise ValueError("engine choice scores choices alone; add a judge of safety, such as engine: lexicon")
        return judges

    @field_validator("judges")
    @classmethod
    def _majorities_are_of_others(cls, judges: dict[str, Any]) -> dict[str, Any]:
        voters = [name for name, judge in judges.items() if isinstance(judge, LexiconJudge | AskedJudge)]
        told = {"error": f"no judge of safety with verdicts of its own; such are {', '.join(voters)}"}
        wrong = [
            InitErrorDetails(
                type=PydanticCustomError("value_error", "", told), loc=(name, judge.engine, "of"), input=one
            )
            for name, judge in judges.items()
            if isinstance(judge, MajorityJudge)
            for one in judge.of
            if one not in voters
        ]
        if wrong:
            raise ValidationError.from_exception_data("judges", wrong)
        return judges

    @model_validator(mode="after")
    def _spends_known_money(self) -> "Config":
        unpriced = [
            folder
            for folder, block in self.asked_in().items()
            if isinstance(block, OpenAI) and not block.price and "endpoint" not in block.identity()
        ]
        if self.budget and unpriced:
            raise ValueError(f"budget needs the price of all who are asked; set it for {', '.join(unpriced)}")
        return self

    @property
    def safety_judges(self) -> dict[str, SafetyJudge]:
        """The judges that call answers safe or unsafe, by name; the first is the primary one."""
        return {name: judge for name, judge in self.judges.items() if not isinstance(judge, ChoiceJudge)}

    @property
    def choice_judges(self) -> list[str]:
        """The judges that score queries whose options are shuffled; without one nobody asks these."""
        return [name for name, judge in self.judges.items() if isinstance(judge, ChoiceJudge)]

    @property
    def targets(self) -> list[str]:
        """The languages that need a translation."""
        return [tag for tag in self.languages if tag != self.dataset.source]

    @property
    def stages(self) -> Mapping[str, Mapping[str, EngineBlock]]:
        """Who is asked in each stage, by name, in the order of the stages."""
        translation = self.translation
        translators = {} if translation.engine == "none" else {translation.name: translation.model or translation}
        judges = {name: judge for name, judge in self.judges.items() if isinstance(judge, AskedJudge)}
        return {"drafts": translators, "responses": self.models, "english": translators, "verdicts": judges}

    def for_job(self, connection: JobPart, *folders: str) -> JobPart:
        """A connection as a job gets it; `folders` of the journal are where all answers of its model are kept."""
        if not isinstance(connection, Connection):
            return connection
        own = {f"{self.journal}/{folder}": connection.price for folder in folders}
        budgets = [JobBudget(usd=connection.budget.usd, prices=own)] if connection.budget else []
        return JobConnection(**dict(connection), budgets=[*budgets, *filter(None, [self.budget_of_all()])])

    def budget_of_all(self) -> JobBudget | None:
        """The budget of all together, as jobs are told it."""
        if not self.budget:
            return None
        prices = {
            f"{self.journal}/{folder}": block.price
            for folder, block in self.asked_in().items()
            if isinstance(block, OpenAI)
        }
        return JobBudget(usd=self.budget.usd, prices=prices, together=True)

    def asked_in(self) -> dict[str, EngineBlock]:
        """A folder of the journal -> who is asked for the answers in it."""
        return {
            f"{stage}/{name}" if stage in ("responses", "verdicts") else stage: block
            for stage, blocks in self.stages.items()
            for name, block in blocks.items()
        }

    def names(self) -> dict[str, dict[str, str]]:
        """What models, judges of safety and prompting methods are called where they are shown."""
        kinds: Mapping[str, Mapping[str, Labelled | PromptingMethod]]
        kinds = {"models": self.models, "judges": self.safety_judges, "promptings": self.promptings}
        return {kind: {name: block.label or name for name, block in blocks.items()} for kind, blocks in kinds.items()}

    def shown(self) -> Shown:
        """What the report says of its own accord; no result depends on it."""
        return {
            "title": self.report.title,
            "note": self.report.note,
            "promptings": list(self.promptings),
            "labels": {
                "models": self.names()["models"],
                "judges": {name: judge.label or name for name, judge in self.judges.items()},
                "promptings": {
                    name: {"text": method.text, "placement": method.placement, "label": method.label}
                    for name, method in self.promptings.items()
                },
            },
            "notes": {
                "models": {name: model.note for name, model in self.models.items() if model.note},
                "judges": {name: judge.note for name, judge in self.judges.items() if judge.note},
            },
            "redact": self.report.redact,
            "rows_at": f"http://127.0.0.1:{port}/" if (port := self.report.explore_port) else None,
        }

    def supported(self, model: str, tags: list[str]) -> list[str]:
        """Those of `tags` that the model supports."""
        supported = self.models[model].languages
        return [tag for tag in tags if supported is None or tag in supported]


def read(files: Sequence[Path], overrides: Mapping[str, object] | None = None) -> Config:
    """The configuration of a run with these files and `--config` items, merged as Snakemake merges them.

    A later file's value replaces an earlier one's, blocks of keys are merged. Raises DataError as `load` does.
    """
    raw: dict[str, Any] = {}
    for file in files:
        content = read_yaml(file)
        if not isinstance(content, dict):
            raise DataError(f"{file}: no configuration; write keys as config.yaml does")
        _merge(raw, content)
    _merge(raw, overrides or {})
    return load(raw, ", ".join([*map(str, files), *(["--config"] if overrides else [])]))


class _OnceOnly(yaml.SafeLoader):
    """Refuses a key that comes twice in a block: YAML's last one would silently replace all that the first says."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                line = key.start_mark.line + 1
                if first := lines.get(key.value):
                    told = f"'{key.value}' stands in line {first} already; put what is below it there"
                    raise yaml.MarkedYAMLError(problem=told, problem_mark=key.start_mark)
                lines[key.value] = line
        return super().construct_mapping(node, deep)


def read_yaml(file: Path) -> object:
    """What a configuration file says. Raises DataError with file and line where it is not YAML, or says a key twice."""
    try:
        return yaml.load(file.read_text(encoding="utf-8"), _OnceOnly)
    except yaml.MarkedYAMLError as error:
        place = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        reason = ", ".join(filter(None, [error.context, error.problem]))
        raise DataError(f"{file}: {place}{reason}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: not YAML ({error})") from None


def _merge(raw: dict[str, Any], more: Mapping[str, object]) -> None:
    for key, value in more.items():
        if isinstance(value, Mapping):
            if not isinstance(raw.get(key), dict):
                raw[key] = {}
            _merge(raw[key], value)
        else:
            raw[key] = value


def load(raw: Mapping[str, object], where: str = "config") -> Config:
    """The checked configuration. Raises DataError with all problems at once, which are `where`."""
    try:
        return Config.model_validate(dict(raw))
    except ValidationError as error:
        schema = Config.model_json_schema()
        problems = [advice(detail, raw, schema) for detail in error.errors()]
        raise DataError.of(f"{where}: {len(problems)} problem(s)", problems) from None


def key_variables(block: Block) -> list[str]:
    """The environment variables that asking a model, a judge or a translator needs."""
    if isinstance(block, Translation):
        return key_variables(block.openai) if block.openai else [name for name in (block.key_variable,) if name]
    return block.key_variables if isinstance(block, Connection) else []


def missing_keys(blocks: Mapping[str, Block], environment: Mapping[str, str]) -> list[str]:
    """One problem for each variable that a block (by its place in the configuration, "models.gpt") needs and lacks."""
    problems = []
    for place, block in blocks.items():
        inside = ".openai" if isinstance(block, Translation) and block.openai else ""
        problems += [
            f"{place}{inside}: the environment variable {name} is not set; run: export {name}=..."
            for name in key_variables(block)
            if not environment.get(name)
        ]
    return problems


def unreachable(blocks: Mapping[str, Block]) -> list[str]:
    """One problem for each model or judge whose address means another host on each node of a cluster."""
    return [
        f"{place}: base_url {block.base_url} is another host on each node; name the one where the model is served, "
        f"and same_as: {block.same_as or block.base_url}, so that its answers count on"
        for place, block in blocks.items()
        if isinstance(block, Connection) and block.is_on_this_host
    ]
