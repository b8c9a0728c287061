"""Any OpenAI-compatible endpoint, by the openai client on its aiohttp transport: paced, retried, nothing paid twice."""

import asyncio
import inspect
import json
import os
import random
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import openai
import orjson
from openai.resources.chat.completions import AsyncCompletions

from ...config.models import Connection
from ...rows import Identity
from ..flock import BEAT, repeatedly
from ..price import estimate_tokens
from ..requests import Completion, Fatal, Recipient, Request
from .errors import Denied, RateLimited, RowFailed, Transient, read_error
from .limits import IMPATIENT, Limiter, retry_after
from .outcome import NO_CHOICE, Empty, read_success
from .secrets import IN_PLACE_OF_A_KEY, SHORTEST_SECRET, Secrets
from .sharing import SHARED_FOLDER, sharing
from .wire import Reply, Unreadable, Wire, Withdraw, certificates, open_wire

OPENAI = "https://api.openai.com/v1"
PATHS = {"chat": "/chat/completions", "moderations": "/moderations"}
PATIENCE = 10  # how many times as often as failures, refusals for the pace are tried again
FIRST_BACKOFF, MAX_BACKOFF = 2.0, 60.0  # seconds before a further try
MOST_DIGITS = 20  # of a number that is read
_SAID = ("answered", "cut_off")  # the outcomes in which the model's own words stand

# Replies hold numbers of any length, and NaN, which is no JSON, nor what orjson reads.
_DECODER = json.JSONDecoder(
    parse_int=lambda digits: int(digits) if len(digits) <= MOST_DIGITS else None, parse_constant=lambda name: None
)


def decode(text: str) -> Any:
    """What the JSON of a reply holds. Raises ValueError or RecursionError."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return _DECODER.decode(text.lstrip("\ufeff"))


def ask_online(
    requests: Iterable[Request], recipient: Recipient, *, identity: Identity, connection: Connection
) -> None:
    """Asks with up to `concurrency` requests in flight, as fast as the provider's limits allow.

    Failures that may pass are tried again up to `max_retries` times. Raises Fatal where no request can succeed.
    """
    asyncio.run(_ask_online(requests, recipient, identity, connection))


async def _ask_online(
    requests: Iterable[Request], recipient: Recipient, identity: Identity, connection: Connection
) -> None:
    withdrawn: list[Request] = []

    def withdraw(request: Request) -> None:
        recipient.withdraw(request)
        withdrawn.append(request)

    await _ask_all(requests, recipient, endpoint(identity, connection, withdraw), connection)
    if withdrawn:  # all that come now are certain
        again = endpoint(identity, connection, withdraw, keeps=False)
        await _ask_all(withdrawn, recipient, again, connection)


async def _ask_all(
    requests: Iterable[Request],
    recipient: Recipient,
    endpoint: AbstractAsyncContextManager["Call"],
    connection: Connection,
) -> None:
    limiter = Limiter(connection.requests_per_minute, connection.tokens_per_minute)
    recipient.meter.pace = lambda: _pace(limiter)
    queue = iter(requests)
    all_taken = False
    end: list[Fatal] = []
    async with endpoint as call, _shared(limiter, connection):
        ask = partial(_ask, call, limiter, recipient, connection.max_retries, end)

        async def work(place: int) -> None:
            nonlocal all_taken
            while not (all_taken or end):
                if place >= max(1, int(limiter.share * connection.concurrency)):  # another job's
                    await asyncio.sleep(1)
                    continue
                if (request := next(queue, None)) is None:
                    all_taken = True
                    return
                try:
                    await ask(request)
                except Fatal as error:
                    end.append(error)
                if end:  # what is under way elsewhere is paid for, and comes in; nothing more is sent
                    return

        try:
            async with asyncio.TaskGroup() as group:
                for place in range(connection.concurrency):
                    group.create_task(work(place))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
    if end:
        raise end[0]


@asynccontextmanager
async def _shared(limiter: Limiter, connection: Connection) -> AsyncIterator[None]:
    """Keeps a limiter at this job's share of the provider's limits, where others may ask it too."""
    folder = os.environ.get(SHARED_FOLDER)
    if not (folder and connection.provider):
        yield
        return
    with sharing(Path(folder, connection.provider)) as jobs:
        loop = asyncio.get_running_loop()

        def use(share: float) -> None:
            limiter.share = share

        use(jobs.share())
        with repeatedly(BEAT, lambda: loop.call_soon_threadsafe(use, jobs.share())):
            yield


def _pace(limiter: Limiter) -> str:
    if paused := limiter.paused():
        return f"the provider asks to wait {paused:.0f} s"
    return f"limit {limiter.per_second * 60:,.0f}/min" if limiter.per_second else ""


async def _ask(
    call: "Call", limiter: Limiter, recipient: Recipient, max_retries: int, end: Sequence[Fatal], request: Request
) -> None:
    """Puts one request until it is answered, its tries are used up, or the job is at its `end`."""
    failures = refusals = 0
    body, tokens = call.body(request), call.tokens(request)
    meter = recipient.meter
    while not end:
        ticket = await limiter.acquire(tokens)
        if end:
            return
        meter.requests += 1
        try:
            reply, found = await call(body)
        except RowFailed as error:
            recipient.fail(request, str(error))
            return
        except RateLimited as error:
            meter.rate_limited += 1
            limiter.refused(ticket, error.after)
            if limiter.is_exhausted(error.after):
                raise Fatal(f"{call.where} refuses all requests ({error}); run snakemake again later") from None
            tries, allowed, refusals = refusals, PATIENCE * max(1, max_retries), refusals + 1
            last: Transient = error
        except Transient as error:
            tries, allowed, failures = failures, min(max_retries, error.most_retries), failures + 1
            last = error
        else:
            usage = found.usage or {}
            limiter.succeeded(reply.headers, sum(usage.get(f"{kind}_tokens", 0) for kind in ("input", "output")))
            reply.gave(request)  # before what may end the job
            recipient.deliver(request, found)
            return
        last.__traceback__ = last.__context__ = None  # their frames hold the reply
        if tries >= allowed or (last.after or 0) > IMPATIENT:
            _give_up(recipient, request, last)
            return
        meter.retries += 1
        await asyncio.sleep(_wait(tries, last.after))


def _give_up(recipient: Recipient, request: Request, last: Transient) -> None:
    """What a request comes to that gets no further try."""
    if isinstance(last, Empty):
        last.gave(request)
        recipient.deliver(request, last.completion)
    else:
        recipient.fail(request, str(last))


def _wait(tries: int, after: float | None) -> float:
    """Seconds before a further try: random, so that requests that failed together do not come again together."""
    if after is None:
        return min(FIRST_BACKOFF * 2.0**tries, MAX_BACKOFF) / random.uniform(1, 2)
    return after + random.uniform(0, min(after, 2))


class Call:
    """One endpoint, ready to be called: makes bodies of requests, and reads replies."""

    def __init__(self, client: openai.AsyncOpenAI, wire: Wire, identity: Identity, connection: Connection) -> None:
        self.client, self._wire = client, wire
        self.where = client.base_url
        self.path = PATHS[identity.get("endpoint", "chat")]
        self._identity = identity
        self._timeout = connection.timeout
        self._key = f"the key in {connection.key_variable}" if connection.key_variable else "no api_key_env being set"
        secrets = [os.environ[variable] for variable in connection.key_variables]
        self._secrets = Secrets(secrets)
        self._placeholders = [secret for secret in secrets if 4 < len(secret) < SHORTEST_SECRET]
        self._gave_several = False
        self._marks = connection.reasoning.marks() if connection.reasoning else None
        self._parameters = _parameters(identity)
        most = self._parameters.get("max_completion_tokens") or self._parameters.get("max_tokens") or 512
        self._most_output = most * self._parameters.get("n", 1) if self.path == PATHS["chat"] else 0

    def body(self, request: Request) -> dict[str, Any]:
        """What is sent for a request."""
        question: dict[str, Any] = {"messages": list(request.messages)}
        if self.path == PATHS["moderations"]:
            question = {"input": request.messages[-1]["content"]}
        return {"model": self._identity["model"], **question, **self._parameters}

    def tokens(self, request: Request) -> float:
        """About the tokens that a request takes of a provider's limit, at most."""
        return sum(estimate_tokens(message["content"]) for message in request.messages) + self._most_output

    async def __call__(self, body: Mapping[str, Any]) -> tuple[Reply, Completion]:
        """Sends a body once; the reply, and its outcome. Raises Transient, RateLimited or Fatal."""
        try:
            async with asyncio.timeout(self._timeout):
                reply = await self._wire.post(body)
        except TimeoutError:
            raise Transient(f"no answer within {self._timeout:g} s") from None
        except Unreadable as error:
            raise Transient(str(error)) from None
        try:
            return reply, self.read(reply.status, reply.text)
        except Transient as error:
            error.after = retry_after(reply.headers)
            if isinstance(error, Empty):
                error.gave = reply.gave
            raise

    def read(self, status: int, text: str) -> Completion:
        """The outcome in a reply, without the keys. Raises Transient (Empty, RateLimited), RowFailed or Fatal."""
        if status < 400 and (found := self._answer(text)):
            self._check_number(found)
            return found
        text = self._secrets.hide(text)
        if status >= 400:
            for secret in self._placeholders:  # words of answers, perhaps, but not of errors
                text = text.replace(secret, IN_PLACE_OF_A_KEY)
        try:
            body = decode(text)
        except (ValueError, RecursionError):
            body = None
        try:
            if status >= 400:
                return read_error(status, text if body is None and not text.lstrip().startswith("<") else body)
            if body is None:
                raise Transient("no JSON, or only part of it")
            found = self._without_keys(read_success(body, self._identity, self._marks))
            self._check_number(found)
            return found
        except RecursionError:
            raise Transient("JSON that is nested too deep") from None
        except Denied as error:
            told, advice = error.args
            raise Fatal(
                f"{self.where} answers {told} for model {self._identity['model']!r} with {self._key}{advice}"
            ) from None

    def _answer(self, text: str) -> Completion | None:
        """The outcome in a reply as most are; None for one that has to be read without the keys, or is none."""
        try:
            found = read_success(decode(text), self._identity, self._marks)
        except Exception:
            return None
        if any(one.status not in _SAID for one in (found, *found.more)):
            return None  # why is told in words that are cut short, and half a key would not be found
        return self._without_keys(found)

    def _without_keys(self, found: Completion) -> Completion:
        """An outcome without the keys, also those that the reply had in pieces."""
        texts = (found.text, found.reasoning, found.detail, found.finish_reason)
        if any(map(self._secrets.are_in, texts)):
            text, reasoning, detail, reason = map(self._secrets.hide, texts)
            found = found._replace(text=text, reasoning=reasoning, detail=detail, finish_reason=reason)
        return found._replace(more=tuple(map(self._without_keys, found.more))) if found.more else found

    def _check_number(self, found: Completion) -> None:
        """Raises Fatal where the first answers show that the endpoint does not know `n`."""
        if not found.more:
            return
        self._gave_several = self._gave_several or any(other.detail != NO_CHOICE for other in found.more)
        if not self._gave_several:
            wanted = 1 + len(found.more)
            raise Fatal(
                f"model {self._identity['model']!r} gives 1 answer where decoding.n asks for {wanted}; leave n out"
            )


def _check_keys(connection: Connection) -> None:
    """Raises Fatal for a variable that is not set, or holds what is no key."""
    variables = connection.key_variables
    if unset := [name for name in variables if not os.environ.get(name)]:
        raise Fatal(f"the environment variable {unset[0]} is not set; run: export {unset[0]}=...")
    if broken := [name for name in variables if not (os.environ[name].isascii() and os.environ[name].isprintable())]:
        raise Fatal(
            f"the environment variable {broken[0]} holds a line break or a letter that no key has; copy it again"
        )


@asynccontextmanager
async def endpoint(
    identity: Identity, connection: Connection, withdraw: Withdraw, *, keeps: bool = True
) -> AsyncIterator[Call]:
    """Opens connections to the endpoint, and closes them; `withdraw` gets what was asked where a reply does not count.

    `keeps`: connections are used for more than a request.
    """
    _check_keys(connection)
    key, size = connection.key_variable, connection.concurrency
    secret = {header: os.environ[variable] for header, variable in connection.headers_env.items()}
    async with openai.AsyncOpenAI(
        api_key=os.environ[key] if key else "none",
        base_url=connection.base_url or OPENAI,
        default_headers={**connection.headers, **secret},
        timeout=connection.timeout,
        max_retries=0,
        http_client=openai.DefaultAioHttpClient(
            verify=certificates(), limits=httpx2.Limits(max_connections=size, max_keepalive_connections=size)
        ),
    ) as client:
        # What the client finds in the environment is not for every provider.
        client.organization, client.project = connection.organization, None
        headers = {**client.default_headers, **client.auth_headers}
        sent = {name: value for name, value in headers.items() if isinstance(value, str)}
        url = f"{str(client.base_url).rstrip('/')}{PATHS[identity.get('endpoint', 'chat')]}"
        most = int(connection.max_reply_mib * 2**20)
        async with open_wire(url, sent, most, withdraw, keeps=keeps) as wire:
            yield Call(client, wire, identity, connection)


def _parameters(identity: Identity) -> dict[str, Any]:
    """The request parameters; those of `extra_body` beside the others. Raises Fatal for one that the API lacks."""
    parameters: dict[str, Any] = dict(identity["decoding"])
    extra: dict[str, Any] = parameters.pop("extra_body", {})
    if identity.get("endpoint", "chat") == "chat":
        known = inspect.signature(AsyncCompletions.create).parameters
        if unknown := sorted(map(repr, parameters.keys() - known.keys())):
            raise Fatal(
                f"decoding of model {identity['model']!r}: {', '.join(unknown)} is no parameter of chat completions; "
                "parameters of other servers go under extra_body"
            )
    return parameters | extra
