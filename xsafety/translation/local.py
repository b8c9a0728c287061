"""Translation in process by sequence-to-sequence models: sentence by sentence, by beam search, in batches."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice
from typing import Any, NamedTuple

from ..asking.engines.local.batches import BUDGET, by_tokens, in_halves
from ..asking.engines.local.loading import SEQ2SEQ, load_described
from ..asking.engines.local.process import Local
from ..asking.requests import Completion, Fatal, Recipient, Request
from ..config.models import LocalConnection
from ..rows import TranslatorIdentity
from ..tabular import clean
from .families import FAMILIES, Languages, direction, vocabulary
from .pieces import Stretch, around_tokens, has_letters, joined, keeps_tokens, pieces, sentences
from .services.service import TranslationFailed

ROWS = 128  # texts whose sentences are sorted together; a run that is killed loses no more
LONGEST_PROMPT = 256  # tokens of a prompt: models of sentences do badly on more


class Rendering(NamedTuple):
    """A translation, the tokens that it took, and whether it came to an end."""

    text: str
    tokens_in: int = 0
    tokens_out: int = 0
    ended: bool = True


@dataclass(frozen=True)
class Translating:
    """Translates the texts of requests between the `languages` of their part of the journal."""

    languages: Mapping[str, Languages]

    def __call__(
        self,
        loaded: tuple[Any, Any],
        requests: Iterable[Request],
        recipient: Recipient,
        *,
        identity: TranslatorIdentity,
        connection: LocalConnection,
        window: int = ROWS,
    ) -> None:
        """Raises Fatal for a folder that is no such model, and TranslationFailed for a language that it lacks."""
        waiting = iter(requests)
        model: _Model | None = None
        while some := list(islice(waiting, min(ROWS, window))):
            for pair, group in groupby(some, lambda one: self.languages[one.part]):
                if not model or model.languages != pair:
                    model = _Model(*loaded, identity, connection, pair)
                rows = [(one, sentences(one.messages[0]["content"], pair.source)) for one in group]
                made = _translated([part.text for _, parts in rows for part in parts if part.translated], model)
                for request, parts in rows:
                    recipient.deliver(request, _completion(parts, made, pair.target))


def local_translator(languages: Mapping[str, Languages]) -> Local:
    """How a model translates between the languages of each part of the journal."""
    return Local(SEQ2SEQ, Translating(languages), BUDGET)


def lacking(
    pairs: Iterable[Languages], identity: TranslatorIdentity, connection: LocalConnection
) -> dict[Languages, str]:
    """Between which languages a checkpoint does not translate, and why; its weights are not loaded.

    Empty where it is not of the family, which loading the model tells.
    """
    family = FAMILIES[identity["family"]]
    found = {}
    try:
        tokenizer, config = load_described(identity, connection)
        _check(tokenizer, config, identity, connection)
    except Fatal:
        return {}
    for pair in pairs:
        try:
            direction(family, tokenizer, *pair)
        except TranslationFailed as error:
            found[pair] = str(error)
    return found


def _check(tokenizer: Any, config: Any, identity: TranslatorIdentity, connection: LocalConnection) -> None:
    """Raises Fatal for a checkpoint that is not of the family, or lacks files of its tokenizer."""
    words = len(vocabulary(tokenizer))
    if config.model_type != FAMILIES[identity["family"]].model_type or 2 * words < config.vocab_size:
        raise Fatal(
            f"{connection.model}: no {identity['family']} model with all files of its tokenizer "
            f"(model_type {config.model_type}, {words} of {config.vocab_size} tokens)"
        )


def _completion(parts: Sequence[Stretch], made: Mapping[str, Rendering], target: str) -> Completion:
    """The translation of a text, of those of its sentences."""
    own = [made[part.text] for part in parts if part.translated]
    usage = {"input_tokens": sum(one.tokens_in for one in own), "output_tokens": sum(one.tokens_out for one in own)}
    text = joined(parts, {sentence: one.text for sentence, one in made.items()}, target)
    return Completion("answered", text, "stop" if all(one.ended for one in own) else "length", usage=usage)


def _translated(texts: Iterable[str], model: "_Model") -> dict[str, Rendering]:
    """The translations of sentences, each asked for once.

    One that is too long is cut into pieces; one that came back without its placeholders or code is translated again, in
    the parts between these.
    """
    made: dict[str, Rendering] = {}
    cut: dict[str, list[Stretch]] = {}
    wanted = todo = list(dict.fromkeys(texts))
    while todo:
        prompts = {text: model.encoded(text) for text in todo}
        cut |= {text: _cut(text, len(ids) / model.longest) for text, ids in prompts.items() if len(ids) > model.longest}
        prompts = {text: ids for text, ids in prompts.items() if text not in cut}
        for text, found in model.generated(prompts):
            made[text] = found
            if not keeps_tokens(text, found.text):
                cut[text] = around_tokens(text)
        parts = dict.fromkeys(part.text for part in chain.from_iterable(cut.values()) if part.translated)
        todo = [text for text in parts if text not in made and text not in cut]
    return {text: _whole(text, made, cut) for text in wanted}


def _cut(text: str, times: float) -> list[Stretch]:
    """A sentence that is so many times too long, in pieces."""
    limit = max(1, int(0.75 * len(text) / times))
    return [Stretch(piece, has_letters(piece)) for piece in pieces(text, limit)]


def _whole(text: str, made: Mapping[str, Rendering], cut: Mapping[str, Sequence[Stretch]]) -> Rendering:
    """The translation of a sentence, of its parts where it was cut."""
    if text not in cut:
        return made[text]
    own = [_whole(part.text, made, cut) if part.translated else Rendering(part.text) for part in cut[text]]
    words, tokens_in, tokens_out, ended = zip(*own, strict=True)
    return Rendering("".join(words), sum(tokens_in), sum(tokens_out), all(ended))


class _Model:
    """A checkpoint that translates from one language into another."""

    def __init__(
        self,
        tokenizer: Any,
        model: Any,
        identity: TranslatorIdentity,
        connection: LocalConnection,
        languages: Languages,
    ) -> None:
        family = FAMILIES[identity["family"]]
        self.languages = languages
        self._tokenizer, self._model = tokenizer, model
        self._tokenizer.padding_side = "right"  # some of these count places from the left, padding too
        _check(tokenizer, model.config, identity, connection)
        self._direction = direction(family, tokenizer, *languages)
        positions = getattr(model.config, "max_position_embeddings", None) or 2 * LONGEST_PROMPT
        self.longest = min(LONGEST_PROMPT, positions // 2)
        first = self._direction.first_token
        forced = {} if first is None else {"forced_bos_token_id": first}
        decoding = {**identity["decoding"], **forced, "do_sample": False, "max_length": None}
        decoding["max_new_tokens"] = min(decoding["max_new_tokens"], positions - 2)
        self._decoding, self._name, self._budget = decoding, connection.model, connection.tokens_in_memory or BUDGET

    def encoded(self, text: str) -> list[int]:
        """The prompt for a sentence, in tokens."""
        return [*self._direction.prefix, *self._tokenizer(text)["input_ids"]]

    def generated(self, prompts: Mapping[str, list[int]]) -> Iterator[tuple[str, Rendering]]:
        """The translations of sentences, by their prompts, longest first."""
        longest_first = sorted(((ids, text) for text, ids in prompts.items()), key=lambda prompt: -len(prompt[0]))
        # A translation takes about as many tokens as its prompt, in each beam.
        for batch in by_tokens(longest_first, self._budget, each=1 + self._decoding.get("num_beams", 1)):
            answers = in_halves(self._answers, [list(ids) for ids, _ in batch])
            for (ids, text), tokens in zip(batch, answers, strict=True):
                if tokens is None:
                    reason = f"out of memory at a sentence of {len(ids)} tokens; set less `num_beams` in `decoding`"
                    raise Fatal(f"{self._name}: {reason}")
                yield text, self._made(ids, tokens)

    def _answers(self, prompts: Sequence[list[int]]) -> list[list[int]]:
        """The tokens that follow prompts."""
        import torch

        padded = self._tokenizer.pad({"input_ids": prompts}, return_tensors="pt").to(self._model.device)
        with torch.inference_mode():
            output: list[list[int]] = self._model.generate(**padded, **self._decoding).tolist()
        return output

    def _made(self, prompt: Sequence[int], tokens: Sequence[int]) -> Rendering:
        """What the tokens come to that follow a prompt, behind those that every translation begins with."""
        begin = 1 if self._direction.first_token is None else 2
        end, answer = self._tokenizer.eos_token_id, list(tokens[begin:])
        length = answer.index(end) if end in answer else len(answer)
        text = clean(self._tokenizer.decode(answer[:length], skip_special_tokens=True))
        return Rendering(text, len(prompt), length, end in answer)
