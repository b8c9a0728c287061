"""An answer of the journal as it is read: without the reasoning that older journals have in the text."""

from ..rows import JournalAnswer
from ..text.reasoning import Marks, split_reasoning

# Why an answer is `cut_off`.
NO_END = "its reasoning has no end"
NO_ANSWER = "the limit of tokens came before an answer"


def split_answer(answer: JournalAnswer, marks: Marks | None = None) -> JournalAnswer:
    """An answer with its reasoning apart; `cut_off` where that has no end. Others come back as they are."""
    if answer.get("status") != "answered":
        return answer
    parts = split_reasoning(answer["text"], marks)
    if parts.ended and not parts.reasoning and parts.answer == answer["text"]:
        return answer
    reasoning = "\n\n".join(filter(None, (answer.get("reasoning", ""), parts.reasoning)))
    split = JournalAnswer({**answer, "text": parts.answer, "reasoning": reasoning})
    return split if parts.ended else {**split, "status": "cut_off", "detail": NO_END}
