"""The Batch API of OpenAI and those that copy it: half the price, within a day.

What is known of batches stands in `batches.jsonl` in the model's folder of the journal, before and after each step, so
that a killed job finds its batches again and never submits a row twice. A batch is marked at the provider with a token
that is journalled before it is created: where the job died in between, the token is looked for among the provider's
batches. Source: https://platform.openai.com/docs/guides/batch
"""

import asyncio
import io
import json
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import httpx2
import openai
from openai import HttpxBinaryResponseContent
from openai.types import Batch, FileObject

from ...config.models import Connection
from ...rows import Identity
from .. import journal
from ..journal import BATCHES, Submitted, journal_file, open_batches
from ..requests import Completion, Engine, Fatal, Recipient, Request
from .errors import RowFailed, Transient
from .openai import Call, ask_online, decode, endpoint
from .outcome import Empty

METADATA_KEY = "xsafety"  # of the token, in a batch's metadata
FINAL_STATES = ("completed", "expired", "cancelled", "failed")
QUEUE_FULL = "token_limit_exceeded"  # more tokens than the account may have in waiting
MAX_TRIES = 20  # of one step
MAX_WAIT = 600.0  # seconds: for a file of up to 200 MB, and for room in the account's queue
T = TypeVar("T")


@dataclass(frozen=True)
class RoundPlan:
    """How the next round of batches goes: how often rows came back unanswered, and what the account's queue takes."""

    tries: int = 0
    max_requests: int | None = None
    at_once: int | None = None
    full: int = 0  # how often in a row the queue took nothing


def ask_in_batches(
    requests: Iterable[Request],
    recipient: Recipient,
    *,
    identity: Identity,
    connection: Connection,
    folder: Path,
    plan: RoundPlan = RoundPlan(),
) -> Engine | None:
    """Brings in the batches that are under way, submits the rest, waits, and delivers.

    Returns the engine for the rows that came back unanswered (expired, cancelled, failed in passing): a further round
    of batches, or the online one. Raises Fatal where no request can succeed.
    """
    with journal.Journal(folder / BATCHES) as log:
        next_round = asyncio.run(_Round(recipient, connection, folder, log, plan).run(identity, iter(requests)))
    if next_round is None:
        return None
    if connection.mode == "online" or (connection.batch.rest == "online" and next_round.tries):
        return partial(ask_online, identity=identity, connection=connection)
    if next_round.tries > connection.max_retries:
        recipient.meter.left = f"{next_round.tries} batches did not answer it"
        return None
    return partial(ask_in_batches, identity=identity, connection=connection, folder=folder, plan=next_round)


class _Round:
    """One round: the batches that are open, and new ones for rows that are in none of them."""

    def __init__(
        self, recipient: Recipient, connection: Connection, folder: Path, log: journal.Journal, plan: RoundPlan
    ) -> None:
        self._recipient, self._connection, self._folder, self._log = recipient, connection, folder, log
        self._plan = plan
        self._max_requests = plan.max_requests or connection.batch.max_requests
        self._poll = connection.batch.poll
        self._left = 0  # rows that a batch did not answer

    async def run(self, identity: Identity, requests: Iterator[Request]) -> RoundPlan | None:
        """Returns how to go on with the rows that were not delivered; None where all were."""
        async with endpoint(identity, self._connection, self._recipient.withdraw) as call:
            if self._plan.full:
                await asyncio.sleep(min(self._poll * 2.0**self._plan.full, MAX_WAIT))
            for batch in open_batches(self._folder).values():
                if batch.id is None:
                    await self._find(call, batch)
            batches = open_batches(self._folder)
            waiting = {(part, key) for batch in batches.values() for part, key, _ in batch.rows}
            fresh = (request for request in requests if (request.part, request.key) not in waiting)
            if self._connection.mode == "batch":
                rest = await self._submit_all(call, fresh, batches)
            else:
                rest = next(fresh, None) is not None
            self._recipient.meter.pace = lambda: f"{len(batches)} batches under way"
            brought_in = queue_full = 0
            while batches:
                for token, batch in list(batches.items()):
                    taken = await self._finish(call, batch, alone=len(batches) == 1)
                    if taken is not None:
                        brought_in, queue_full = brought_in + taken, queue_full + (not taken)
                        del batches[token]
                if batches:
                    await asyncio.sleep(self._poll)
        return self._next(rest, brought_in, queue_full)

    async def _finish(self, call: Call, batch: Submitted, *, alone: bool) -> bool | None:
        """Brings a batch in that is over. False where the account's queue did not take it, None where it still runs.

        Raises Fatal where the queue did not take a single request, though no other batch is under way.
        """
        state = await self._try(call, partial(call.client.batches.retrieve, str(batch.id)), Batch)
        if state.status not in FINAL_STATES:
            return None
        full = state.status == "failed" and _codes(state) == {QUEUE_FULL}
        if not full:
            await self._bring_in(call, batch, state)
        self._over(batch, state)
        if full and alone and len(batch.rows) == 1:
            raise Fatal(f"{call.where}: the account's queue of batches does not take even one request")
        return not full

    def _next(self, rest: bool, brought_in: int, queue_full: int) -> RoundPlan | None:
        if queue_full:
            # The account's queue takes no more than what was brought in, or less than one batch.
            most = self._max_requests if brought_in else max(1, self._max_requests // 2)
            return RoundPlan(self._plan.tries, most, max(1, brought_in), 0 if brought_in else self._plan.full + 1)
        if self._left:
            return RoundPlan(self._plan.tries + 1, self._plan.max_requests, self._plan.at_once)
        return self._plan if rest else None

    async def _submit_all(self, call: Call, requests: Iterator[Request], batches: dict[str, Submitted]) -> bool:
        """Submits the requests in batches of the allowed sizes; whether some are left for a further round."""
        lines = ((_line(call, request), request) for request in requests)
        carried = next(lines, None)
        while carried and (self._plan.at_once is None or len(batches) < self._plan.at_once):
            rows: list[tuple[str, str, str]] = []
            room = self._connection.batch.max_megabytes * 1e6
            with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
                while carried and len(rows) < self._max_requests:
                    body, request = carried
                    line = b'{"custom_id":"%d",%s}\n' % (len(rows), body)
                    room -= len(line)
                    if rows and room < 0:
                        break
                    file.write(line)
                    rows.append((request.part, request.key, request.id))
                    carried = next(lines, None)
                file.flush()
                batch = await self._submit(call, Path(file.name), rows)
            if batch.id:
                batches[batch.token] = batch
            else:
                self._left += len(rows)
        return carried is not None

    async def _submit(self, call: Call, file: Path, rows: list[tuple[str, str, str]]) -> Submitted:
        upload = partial(call.client.files.create, file=file, purpose="batch", timeout=MAX_WAIT)
        uploaded = await self._try(call, upload, FileObject)
        batch = Submitted(uuid.uuid4().hex, uploaded.id, rows)
        self._log.write({"event": "submitting", "token": batch.token, "file": batch.file, "rows": rows})
        self._recipient.meter.batches += 1
        for tries in range(MAX_TRIES):
            try:
                made = await call.client.batches.create(
                    input_file_id=uploaded.id,
                    endpoint=cast(Any, f"/v1{call.path}"),
                    completion_window="24h",
                    metadata={METADATA_KEY: batch.token},
                )
            except openai.RateLimitError:
                await asyncio.sleep(min(2.0**tries, self._poll))
            except openai.APIStatusError as error:
                if error.status_code >= 500 or error.status_code in (408, 409):
                    break
                self._log.write({"event": "never created", "token": batch.token})
                raise _refusal(call, error, self._folder) from None
            except (openai.OpenAIError, httpx2.HTTPError, OSError, ValueError):
                break
            else:
                if not isinstance(made, Batch):
                    break
                self._created(batch, made.id)
                return batch
        await asyncio.sleep(self._poll)  # it may have been created all the same
        await self._find(call, batch)
        return batch

    def _over(self, batch: Submitted, state: Batch) -> None:
        self._log.write({"event": "done", "token": batch.token, "status": state.status})

    def _created(self, batch: Submitted, id: str) -> None:
        batch.id = id
        self._log.write({"event": "created", "token": batch.token, "batch": id})

    async def _find(self, call: Call, batch: Submitted) -> None:
        """Looks at the provider for a batch whose creation was not confirmed."""

        async def search() -> str:
            async for made in call.client.batches.list(limit=100):
                if batch.token == (made.metadata or {}).get(METADATA_KEY) or batch.file == made.input_file_id:
                    return made.id
            return ""

        if id := await self._try(call, search, str):
            self._created(batch, id)
        else:
            self._log.write({"event": "never created", "token": batch.token})

    async def _replies(self, call: Call, state: Batch) -> AsyncIterator[bytes]:
        """The lines of a batch's results, those of its answers first."""
        for file in filter(None, (state.output_file_id, state.error_file_id)):
            download = partial(call.client.files.content, file, timeout=MAX_WAIT)
            content = await self._try(call, download, HttpxBinaryResponseContent)
            for line in io.BytesIO(content.content):
                yield line

    async def _bring_in(self, call: Call, batch: Submitted, state: Batch) -> None:
        """Delivers what a batch answered; its other rows are left. Raises Fatal, with all else delivered."""
        known = {part: journal.keys(journal_file(self._folder, part)) for part in {part for part, _, _ in batch.rows}}
        answered: set[int] = set()
        ends: list[Fatal] = []
        async for line in self._replies(call, state):
            number, response = _result(call, line, len(batch.rows))
            if number is None or number in answered:
                continue
            part, key, id = batch.rows[number]
            request = Request(key, id, part, ())
            try:
                found = self._read(call, response)
                answered.add(number)
                if key not in known[part]:
                    known[part].add(key)
                    usage = {**(found.usage or {}), "batch": 1}
                    self._recipient.deliver(request, found._replace(usage=usage))
            except RowFailed as error:
                answered.add(number)
                self._recipient.fail(request, str(error))
            except Transient:
                continue
            except Fatal as error:
                ends.append(error)
        if state.status == "failed":
            reasons = ", ".join(sorted(_codes(state))) or "no reason given"
            ends.append(Fatal(f"{call.where}: batch {state.id} failed: {reasons}"))
        self._left += len(batch.rows) - len(answered)
        if ends:
            self._over(batch, state)
            raise ends[0]

    def _read(self, call: Call, response: Mapping[str, Any]) -> Completion:
        """The outcome in a line of a batch's result; an answer that is empty in a second batch too stays so."""
        status = response.get("status_code")
        try:
            return call.read(status if isinstance(status, int) and status else 500, json.dumps(response.get("body")))
        except Empty as empty:
            if not self._plan.tries:
                raise
            return empty.completion

    async def _try(self, call: Call, make: Callable[[], Awaitable[T]], kind: type[T]) -> T:
        """The result, of this kind, of a call that costs nothing; again while it fails in passing. Raises Fatal."""
        for tries in range(MAX_TRIES):
            try:
                if isinstance(made := await make(), kind):
                    return made
            except openai.APIStatusError as error:
                if error.status_code not in (408, 409, 429) and error.status_code < 500:
                    raise _refusal(call, error, self._folder) from None
            except (openai.OpenAIError, httpx2.HTTPError, OSError, ValueError):
                pass
            await asyncio.sleep(min(2.0**tries, self._poll))
        raise Fatal(f"{call.where} does not answer about batches; what was submitted is on record, run snakemake again")


def _result(call: Call, line: bytes, rows: int) -> tuple[int | None, Mapping[str, Any]]:
    """The number of the row that a line of a batch's result is about, None for none, and the reply to it."""
    try:
        reply = decode(line.decode("utf-8-sig", errors="replace"))
        number, response = int(reply["custom_id"]), reply.get("response")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None, {}
    return number if 0 <= number < rows else None, response if isinstance(response, Mapping) else {}


def _line(call: Call, request: Request) -> bytes:
    """A line of a batch's file, but for its number."""
    line = {"method": "POST", "url": f"/v1{call.path}", "body": call.body(request)}
    return json.dumps(line, ensure_ascii=False).encode(errors="replace")[1:-1]


def _codes(state: Batch) -> set[str]:
    """Why a batch failed, by the provider's codes."""
    return {str(error.code) for error in (state.errors.data if state.errors else None) or []}


def _refusal(call: Call, error: openai.APIStatusError, folder: Path) -> Fatal:
    if isinstance(error, openai.NotFoundError):
        return Fatal(
            f"{call.where} knows no such batch or file, or no Batch API; was it submitted with another key or address? "
            f"To give up what was submitted: rm {folder / BATCHES}"
        )
    try:
        found = call.read(error.status_code, error.response.text)
    except Fatal as fatal:
        return fatal
    except (Transient, RowFailed) as passing:
        return Fatal(f"{call.where} takes no batch now ({passing}); run snakemake again later")
    return Fatal(f"{call.where} takes no batch ({found.detail})")
