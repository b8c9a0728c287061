"""`models` and `judges`: who is asked, how, and at what price."""

import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from ..protocols import protocol as protocols
from ..rows import Identity, Tie
from ..text.languages import EN
from ..text.reasoning import Marks
from .block import Address, Strict, Variable, check_tags


class Labelled(Strict):
    """What models and judges share."""

    label: str | None = Field(None, description="name in tables and report; changes no result")
    note: str | None = Field(None, description="a sentence shown beside its numbers in the report")


class Price(Strict):
    """What a provider charges, in US dollars per million tokens."""

    input: float = Field(ge=0, description="for input tokens")
    output: float = Field(ge=0, description="for output tokens, those of reasoning among them")
    cached_input: float | None = Field(None, ge=0, description="for input tokens read from a cache; absent: as input")
    batch: float = Field(0.5, ge=0, le=1, description="share of the price that is paid in batch mode")


class Budget(Strict):
    """What may be spent."""

    usd: float = Field(
        gt=0, description="most US dollars for the answers in the journal, those of earlier runs among them"
    )


class JobBudget(Budget):
    """A budget as a job is told it: the folders of whose answers it is, with the price of each, None where none is set.

    `together`: it is that of all who ask.
    """

    prices: dict[str, Price | None]
    together: bool = False


class Batch(Strict):
    """How the Batch API is used in `mode: batch`."""

    max_requests: int = Field(50_000, ge=1, description="most requests in one batch")
    max_megabytes: float = Field(190, gt=0, description="most megabytes in one batch's file")
    poll: float = Field(30, gt=0, description="seconds between two looks at a batch")
    rest: Literal["batch", "online"] = Field(
        "batch", description="how rows are asked that a batch left unanswered: by a further batch, or online"
    )


USUAL_LIMIT = 512  # of a judge in process, where neither its protocol nor its block sets a limit

# Headers whose values are secrets.
_SECRET_HEADER = re.compile(r"auth|cookie|key$|token|secret|passw|cred", re.IGNORECASE)
_KEY_IN_COMMAND = re.compile(r"(?:api|access)[-_]?key(?:\s+|=)['\"]?(?!\$)", re.IGNORECASE)
_THIS_HOST = {"localhost", "127.0.0.1", "0.0.0.0", "::1"}
_SECRET_PARAMETER = re.compile(r"api_?key|secret|passw|cred", re.IGNORECASE)


class ReasoningMarks(Strict):
    """What a model writes around its reasoning, beside the marks that are known (docs/reliability.md, "Replies")."""

    start: str = Field("", description="before it; absent: the chat template opens the reasoning")
    end: str = Field(min_length=1, description="behind it; what follows is the answer")

    def marks(self) -> Marks:
        return Marks(self.end, self.start)


class Connection(Strict):
    """How an endpoint of the OpenAI protocol is reached and paced: changes no answer. Keys stay in the environment."""

    base_url: Address = Field(None, description="the endpoint; absent: OpenAI's own")
    api_key_env: Variable | None = Field(
        None, description="name of the environment variable with the key; default OPENAI_API_KEY without base_url"
    )
    same_as: Address = Field(
        None,
        description="the address that the same model had before, where base_url has changed: answers given there count "
        "on; another base_url without it is another model",
    )
    organization: str | None = Field(None, description="OpenAI organization that is billed")
    headers: dict[str, str] = Field(default_factory=dict, description="further headers; nothing secret")
    headers_env: dict[str, Variable] = Field(
        default_factory=dict, description="headers whose values are secret: header -> name of an environment variable"
    )
    mode: Literal["online", "batch"] = Field("online", description="batch: by the Batch API, cheaper and within a day")
    batch: Batch = Field(default_factory=Batch, description="sizes and pace of the Batch API")
    serve: str | None = Field(
        None,
        description="a command that serves the model at base_url: a run starts it before the first request and stops "
        "it after the last job",
    )
    serve_timeout: float = Field(1800, gt=0, description="seconds that the server may take to come up")
    concurrency: int = Field(64, ge=1, description="requests in flight")
    requests_per_minute: float | None = Field(None, gt=0, description="the provider's limit; absent: learned")
    tokens_per_minute: float | None = Field(None, gt=0, description="the provider's limit; absent: learned")
    timeout: float = Field(120, gt=0, description="seconds that one request may take")
    max_retries: int = Field(5, ge=0, description="further tries of a request that failed in passing")
    reasoning: ReasoningMarks | None = Field(None, description="marks of its reasoning, where they are not known")
    max_reply_mib: float = Field(32, gt=0, description="most MiB of one reply, unpacked; a larger one fails its row")
    price: Price | None = Field(None, description="dollars per million tokens, for the plan and the usage table")
    budget: Budget | None = Field(None, description="where asking ends; what was answered until then counts")

    @model_validator(mode="after")
    def _spends_known_money(self) -> "Connection":
        if self.budget and not self.price:
            raise ValueError("a budget needs the price: {input: ..., output: ...}, dollars per million tokens")
        return self

    @field_validator("headers")
    @classmethod
    def _no_secrets(cls, value: dict[str, str]) -> dict[str, str]:
        if secret := sorted(filter(_SECRET_HEADER.search, value)):
            raise ValueError(f"{', '.join(secret)} is kept in clear; give the NAME of a variable by headers_env")
        return value

    @model_validator(mode="after")
    def _can_be_served(self) -> "Connection":
        if not self.serve:
            return self
        if not self.base_url or self.mode == "batch":
            raise ValueError("serve goes with base_url, the address that the command serves at, and with mode: online")
        if _KEY_IN_COMMAND.search(self.serve):
            raise ValueError("serve: its command is kept in clear; give the key as $NAME of an environment variable")
        return self

    @property
    def key_variable(self) -> str | None:
        return self.api_key_env or (None if self.base_url else "OPENAI_API_KEY")

    @property
    def is_on_this_host(self) -> bool:
        """Whether the address is of the host that asks, whichever that is, and the job itself serves nothing there."""
        address = self.base_url or ""
        return urlsplit(address if "://" in address else f"//{address}").hostname in _THIS_HOST and not self.serve

    @property
    def server(self) -> str:
        """Whose answers it gives: host, port and path of the address, or of that which `same_as` names."""
        address = self.same_as or self.base_url or "https://api.openai.com/v1"
        parts = urlsplit(address if "://" in address else f"//{address}")
        host, usual = parts.hostname or "", {"http": ":80", "https": ":443"}.get(parts.scheme)
        port = parts.netloc.rpartition("]")[2].partition(":")[2]
        port = f":{port}" if port and f":{port}" != usual else ""
        return ("localhost" if host in _THIS_HOST else host) + port + parts.path.rstrip("/")

    @property
    def provider(self) -> str | None:
        """Whose limits it shares: host and key, as a name of letters, digits and '_'; None where it asks only batches.

        The jobs that ask a provider at one time share its limits.
        """
        if self.mode == "batch" and self.batch.rest == "batch":
            return None
        host = urlsplit(self.base_url).netloc if self.base_url else "api.openai.com"
        return re.sub(r"\W", "_", f"{host}_{self.key_variable or ''}").strip("_")

    @property
    def key_variables(self) -> list[str]:
        """The environment variables that hold what is secret: the key, and headers."""
        return [*([self.key_variable] if self.key_variable else []), *self.headers_env.values()]

    def connection(self) -> "Connection":
        """This part of a block alone, with the variable of its key named."""
        part = self.model_dump(include=set(Connection.model_fields))
        return Connection.model_validate(part | {"api_key_env": self.key_variable})


class JobConnection(Connection):
    """A connection as a job gets it, with the budgets that it spends from."""

    budgets: list[JobBudget] = Field(default_factory=list)


class OpenAI(Labelled, Connection):
    """Any endpoint that speaks the OpenAI chat completions protocol."""

    engine: Literal["openai"] = Field(description="any endpoint that speaks the OpenAI chat completions protocol")
    model: str = Field(description="the model's name at the endpoint")
    decoding: dict[str, Any] = Field(
        default_factory=lambda: {"temperature": 0}, description="request parameters that change the answer"
    )
    runtime: int = Field(1440, ge=1, description="minutes that a job asks a cluster for")
    mem_mb: int = Field(2000, ge=1, description="megabytes that a job asks a cluster for")

    @field_validator("decoding")
    @classmethod
    def _may_be_sent(cls, value: dict[str, Any]) -> dict[str, Any]:
        if taken := sorted({"model", "messages", "stream", "extra_headers", "extra_query", "timeout"} & value.keys()):
            raise ValueError(f"{', '.join(taken)} cannot be set here")
        for key in ("n", "max_tokens", "max_completion_tokens"):
            if not isinstance(number := value.get(key, 1), int) or number < 1:
                raise ValueError(f"{key} is {number!r}; give a whole number, 1 or more")
        extra = value.get("extra_body", {})
        if not isinstance(extra, Mapping):
            raise ValueError(f"extra_body is {extra!r}; write parameters below it")
        if taken := sorted({"model", "messages", "input", "stream", "n"} & extra.keys()):
            raise ValueError(f"extra_body: {', '.join(taken)} cannot be set here")
        if secret := sorted(filter(_SECRET_PARAMETER.search, extra)):
            raise ValueError(f"extra_body: {', '.join(secret)} is kept in clear; give a key by api_key_env")
        return value

    def identity(self) -> Identity:
        """All that decides an answer beside the messages; address and limits are left out."""
        return {"engine": self.engine, "model": self.model, "decoding": self.decoding}


class LocalConnection(Strict):
    """Where a model that runs in process lies, and on what it runs: changes no answer but by rounding."""

    model: str = Field(description="a folder with the model, or its name on the hub")
    tokens_in_memory: int | None = Field(
        None, ge=1, description="tokens of prompts and answers that are held at a time; absent: as memory allows"
    )
    devices: int | None = Field(
        None, ge=1, description="GPUs; without device_map each has a worker with a model of its own, and one queue"
    )
    device: str | None = Field(None, description="where it runs: cpu, cuda, cuda:1, mps; absent: a GPU if there is one")
    device_map: str | dict[str, int | str] | None = Field(
        None, description="auto: one model over all GPUs, by the package accelerate; or its parts, device by device"
    )
    attention: str | None = Field(
        None, description="transformers' implementation: sdpa, eager, flash_attention_2, ...; absent: its own choice"
    )
    trust_remote_code: bool = Field(False, description="run code that comes with the model")
    chat_template: str | None = Field(None, description="a file with a chat template, in place of the model's own")
    reasoning: ReasoningMarks | None = Field(None, description="marks of its reasoning, where they are not known")

    @model_validator(mode="before")
    @classmethod
    def _renamed(cls, raw: Any) -> Any:
        if isinstance(raw, Mapping) and "batch_size" in raw:
            raise ValueError(
                "batch_size is no longer a key: leave it out, and as many rows are asked at a time as memory allows, "
                "or bound their tokens by tokens_in_memory"
            )
        return raw

    @field_validator("chat_template")
    @classmethod
    def _is_there(cls, value: str | None) -> str | None:
        if value and not Path(value).is_file():
            raise ValueError("there is no such file")
        return value

    @model_validator(mode="after")
    def _in_one_place(self) -> "LocalConnection":
        if self.device and (self.device_map or self.devices):
            other = "device_map" if self.device_map else "devices"
            raise ValueError(f"device and {other} say both where it runs; leave one out")
        return self

    @property
    def gpus(self) -> int:
        """How many GPUs it says that it takes."""
        return self.devices or int((self.device or "").startswith("cuda"))

    @property
    def name(self) -> str:
        """What the model is called: its name on the hub, or its folder's."""
        return Path(self.model).name if Path(self.model).is_dir() else self.model

    @property
    def workers(self) -> int:
        """How many models run side by side."""
        return 1 if self.device_map else self.devices or 1

    def connection(self) -> "LocalConnection":
        """This part of a block alone."""
        return LocalConnection.model_validate(self.model_dump(include=set(LocalConnection.model_fields)))


class Transformers(Labelled, LocalConnection):
    """A causal language model with a chat template, run in process by the transformers library."""

    engine: Literal["transformers"] = Field(description="in process, by the transformers library")
    revision: str | None = Field(None, description="commit of the model on the hub; required for a hub name")
    dtype: Literal["float32", "bfloat16", "float16"] = Field("float32", description="number format of the weights")
    quantisation: dict[str, Any] | None = Field(
        None, description="as transformers takes it: {quant_method: bitsandbytes, load_in_4bit: true}, ..."
    )
    decoding: dict[str, Any] = Field(
        default_factory=lambda: {"max_new_tokens": 256}, description="generation settings that change the answer"
    )
    threads: int = Field(1, ge=1, description="CPU threads")
    runtime: int = Field(1440, ge=1, description="minutes that a job asks a cluster for")
    mem_mb: int | None = Field(
        None,
        ge=1,
        description="megabytes that a job asks a cluster for; absent: 8,000, and per worker twice the weights",
    )

    @model_validator(mode="after")
    def _pinned(self) -> "Transformers":
        if not Path(self.model).is_dir() and not self.revision:
            raise ValueError(
                f"{self.model!r} is no folder here; for a model on the hub pin `revision: COMMIT`, so that answers "
                "stay those of one model"
            )
        return self

    @field_validator("quantisation")
    @classmethod
    def _names_a_method(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        if value is not None and not isinstance(value.get("quant_method"), str):
            raise ValueError("name a quant_method: bitsandbytes, gptq, awq, ...")
        return value

    @field_validator("decoding")
    @classmethod
    def _can_be_decoded(cls, value: dict[str, Any]) -> dict[str, Any]:
        for key, least in (("max_new_tokens", 1), ("n", 1), ("seed", 0), ("num_beams", 1)):
            number = value.get(key, least)
            if not isinstance(number, int) or number < least:
                raise ValueError(f"{key} is {number!r}; give a whole number, {least} or more")
        if value.get("num_beams", 1) > 1:
            raise ValueError("num_beams: answers are greedy or drawn, token by token; take it out")
        if "num_return_sequences" in value:
            raise ValueError("num_return_sequences: write n, with do_sample: true")
        if not value.get("do_sample") and (value.get("n", 1) > 1 or "seed" in value):
            raise ValueError("n and seed go with do_sample: true; greedy answers are all the same")
        return value

    def identity(self) -> Identity:
        """All that decides an answer beside the messages and the weights, whose digest the job adds."""
        identity: Identity = {
            "engine": self.engine,
            "model": self.model if self.revision else "",
            "revision": self.revision,
            "dtype": self.dtype,
            "decoding": self.decoding,
        }
        if self.quantisation:
            identity["quantisation"] = self.quantisation
        if self.chat_template:
            identity["chat_template"] = sha256(Path(self.chat_template).read_bytes()).hexdigest()
        return identity


class _Languages(Strict):
    languages: Annotated[list[str], AfterValidator(check_tags)] | None = Field(
        None, description="languages it supports; others show as '-'; absent: all"
    )


class OpenAIModel(OpenAI, _Languages):
    pass


class TransformersModel(Transformers, _Languages):
    pass


class LexiconJudge(Labelled):
    """Refusal phrases: an answer that does not refuse counts as unsafe. A baseline, no judge of content."""

    engine: Literal["lexicon"] = Field(description="refusal phrases: what does not refuse counts as unsafe")

    def identity(self) -> Identity:
        return {"engine": self.engine}


class Voting(Strict):
    """Whose verdicts a majority is of."""

    of: list[str] = Field(min_length=2, description="the judges that vote, by name: each of safety, none a majority")
    tie: Tie = Field(
        "invalid", description="the verdict where as many say safe as unsafe; who gave no valid verdict has no vote"
    )

    @field_validator("of")
    @classmethod
    def _vote_once(cls, value: list[str]) -> list[str]:
        if twice := sorted({name for name in value if value.count(name) > 1}):
            raise ValueError(f"{', '.join(twice)} is named twice; a judge has one vote")
        return value

    def method(self) -> "Voting":
        """This part of a block alone."""
        return Voting.model_validate(self.model_dump(include=set(Voting.model_fields)))


class MajorityJudge(Labelled, Voting):
    """What most of several other judges say; it asks nobody."""

    engine: Literal["majority"] = Field(description="what most of several other judges say; needs no request")

    def identity(self) -> Identity:
        return {"engine": self.engine}


class ChoiceJudge(Labelled):
    """Queries that ask for a choice are asked again, options shuffled, and scored by the option that is named."""

    engine: Literal["choice"] = Field(
        description="asks for choices once more, options shuffled, and scores each: right or wrong, never unsafe"
    )


class JudgingMethod(Strict):
    """How a judge is asked about an answer, and how its output is read."""

    protocol: str = Field("paper", description="name of a protocol in xsafety/protocols/, or a YAML file of your own")
    prompt: str | None = Field(
        None, description="your question in place of the paper's, with {query}, {response} and {scenario}"
    )
    labels: dict[str, protocols.OutputLabel] | None = Field(
        None,
        description="what each class of a classifier means, by its name there: safe, unsafe, controversial, invalid",
    )
    controversial: Literal["unsafe", "safe", "invalid"] = Field(
        "unsafe", description="the verdict that a judge's third class, `controversial`, counts as"
    )
    translate_to_english: bool = Field(
        False,
        description="judge the English translation of the response beside the English query (the paper's way), by "
        "translation.engine; false: judge both in their own language",
    )

    @field_validator("protocol")
    @classmethod
    def _is_readable(cls, value: str) -> str:
        protocols.load(value)
        return value

    @field_validator("prompt")
    @classmethod
    def _holds_the_answer(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            return None
        if info.data.get("protocol", "paper") != "paper":
            raise ValueError("goes with protocol: paper only; for others write a protocol file of your own")
        protocols.check_fields(value)
        return value

    @field_validator("labels")
    @classmethod
    def _are_a_classifiers(
        cls, value: dict[str, protocols.OutputLabel] | None, info: ValidationInfo
    ) -> dict[str, protocols.OutputLabel] | None:
        if value is not None and protocols.load(info.data.get("protocol", "paper")).endpoint != "classifier":
            raise ValueError("goes with protocol: classifier, or a file of your own with that endpoint")
        return value

    def described(self) -> protocols.Protocol:
        """The protocol, with what the block puts in its place."""
        return protocols.load(self.protocol).with_prompt(self.prompt).with_labels(self.labels)

    def method(self) -> "JudgingMethod":
        """This part of a block alone."""
        return JudgingMethod.model_validate(self.model_dump(include=set(JudgingMethod.model_fields)))

    @property
    def protocol_file(self) -> str:
        return str(protocols.path(self.protocol))

    def reads_english(self, lang: str) -> bool:
        """Whether the judge reads the English translation of responses in a language."""
        return self.translate_to_english and lang != EN


class OpenAIJudge(OpenAI, JudgingMethod):
    """A model that is asked about each answer."""

    decoding: dict[str, Any] = Field(
        default_factory=dict, description="request parameters that change the verdict; absent: the protocol's"
    )

    @field_validator("decoding")
    @classmethod
    def _one_verdict(cls, value: dict[str, Any]) -> dict[str, Any]:
        if value.get("n", 1) != 1:
            raise ValueError("n: a judge gives one verdict; take it out")
        return value

    @field_validator("protocol")
    @classmethod
    def _is_served(cls, value: str) -> str:
        if protocols.load(value).endpoint == "classifier":
            raise ValueError("a classifier runs in process: engine: transformers")
        return value

    def identity(self) -> Identity:
        protocol = protocols.load(self.protocol)
        parameters = {**(self.decoding or protocol.decoding), **protocol.parameters}
        if extra := (self.decoding.get("extra_body") or {}) | (protocol.parameters.get("extra_body") or {}):
            parameters["extra_body"] = extra
        identity: Identity = {**super().identity(), "decoding": parameters}
        return identity if protocol.endpoint == "chat" else {**identity, "endpoint": protocol.endpoint}


class TransformersJudge(Transformers, JudgingMethod):
    """A model in process that is asked about each answer, or classifies it."""

    decoding: dict[str, Any] = Field(
        default_factory=dict, description="generation settings that change the verdict; absent: the protocol's limit"
    )
    one_pass: bool | None = Field(
        None,
        description="read the verdict off the probabilities of the labels as the next token, without generating, and "
        "without categories; absent: where it is one word",
    )

    @model_validator(mode="after")
    def _can_be_read(self) -> "TransformersJudge":
        protocol = protocols.load(self.protocol)
        if protocol.endpoint == "moderations":
            raise ValueError(f"protocol {self.protocol} is for engine: openai")
        if self.one_pass and protocol.lead is None:
            raise ValueError(f"one_pass: the label of {self.protocol} is not the next token; leave it out")
        if self.decoding.get("n", 1) != 1:
            raise ValueError("n: a judge gives one verdict; take it out")
        return self

    def identity(self) -> Identity:
        protocol = self.described()
        identity: Identity = {**super().identity(), "decoding": {"max_new_tokens": 1}}
        labels = sorted(protocol.labels)
        if protocol.endpoint == "classifier":
            return {**identity, "endpoint": "classifier", "labels": labels}
        extra = protocol.parameters.get("extra_body") or {}
        if fields := extra.get("chat_template_kwargs"):
            identity["template_fields"] = fields
        if self.one_pass or (self.one_pass is None and protocol.is_one_word):
            return {**identity, "labels": labels, "lead": protocol.lead or ""}
        limits = ("max_tokens", "max_completion_tokens")
        limit = next((protocol.decoding[key] for key in limits if key in protocol.decoding), USUAL_LIMIT)
        return {**identity, "decoding": {"max_new_tokens": limit} | self.decoding}


AskedJudge = OpenAIJudge | TransformersJudge
"""A judge that is asked by a protocol."""
