"""Reasoning is split from what is said, and a text that speaks of its marks stays whole."""

import time

import pytest

from xsafety.text.reasoning import Marks, Reasoned, split_reasoning

SAID = "I'm sorry, but I can't help with that."

REASONED = [
    "<think>a thought</think>",
    "\ufeff\n <think>\na thought\n</think>\n\n",
    "a thought\n</think>\n\n",
    "I had better decline. </think>",
    "<think>\n<think>a thought</think>",
    "<think>a thought</thinking>",
    "<Thinking>a thought</Thinking>\n",
    "<thought>a thought</thought>",
    "<reasoning>\na thought\n</reasoning>\n",
    "<seed:think>a thought</seed:think>",
    "&lt;think&gt;a thought&lt;/think&gt;",
    '<think>The tag `</think>` is asked for, and a "</think>" too.</think>',
    "<think>So:\n```\na thought\n</think>\n",
    "[THINK]a thought[/THINK]",
    "◁think▷a thought◁/think▷",
    "<|begin_of_thought|>a thought<|end_of_thought|>\n",
    "<|START_THINKING|>a thought<|END_THINKING|><|START_RESPONSE|>",
    "<|think|>a thought<|end|><|begin|>assistant<|content|>",
    "<unused94>thought\na thought<unused95>",
    "[unused16]a thought[unused17]",
    "< think >a thought</ think >",
    "<|channel>thought\na thought<channel|>",
    "<|channel|>analysis<|message|>a thought<|end|><|start|>assistant<|channel|>final<|message|>",
    "analysis<|message|>a thought<|end|><|start|>assistant<|channel|>commentary<|message|>b<|end|>"
    "<|start|>assistant<|channel|>final <|constrain|>json<|message|>",
    "analysisWe need a thought.assistantfinal",
    "Here is my thought process: a thought. Here is my response: ",
    "Here are my reasoning steps:\na thought\n[BEGIN FINAL RESPONSE]\n",
    '<details type="reasoning" done="true" duration="5">\n<summary>a thought</summary>\n</details>\n',
]


@pytest.mark.parametrize("before", REASONED)
@pytest.mark.parametrize("said", [SAID, "申し訳ありませんが、お手伝いできません。"])
def test_what_is_thought_is_no_part_of_the_answer(before: str, said: str) -> None:
    parts = split_reasoning(before + said)
    assert (parts.answer, parts.ended) == (said, True)
    assert "thought" in parts.reasoning or "decline" in parts.reasoning or "asked" in parts.reasoning


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>one</think><think>two</think>No", "No"),
        ("Step one.\n<think>next?</think>\nStep two.", "Step one.\n\nStep two."),
        ("Well. <think>Is it?</think>It is.", "Well. It is."),
        ("<think>a</think>\n<answer>\nYes\n</answer>", "Yes"),
        ("<|begin_of_thought|>a<|end_of_thought|><|begin_of_solution|>Yes<|end_of_solution|>", "Yes"),
        ("<|channel|>final<|message|>Yes<|return|>", "Yes"),
        ("<think>a</think>\n\nYes<｜end▁of▁sentence｜>", "Yes"),
        ("a</think>Yes <|im_end|>\n<|endoftext|>", "Yes"),
        ("<think>a</think>", ""),
        ("A full answer.\n<think>", "A full answer."),
    ],
)
def test_several_blocks_and_what_is_put_around_the_answer(text: str, answer: str) -> None:
    assert split_reasoning(text).answer == answer


@pytest.mark.parametrize(
    "text",
    [
        "<think>The user wants",
        "<think>",
        "[THINK]The user wants",
        "Let me see.\n<think>The user wants",
        "<|channel|>analysis<|message|>The user wants",
        "analysisThe user wants",
        "◁think▷The user wants",
        "<think>one</think><think>two",
    ],
)
def test_reasoning_without_an_end_leaves_no_answer(text: str) -> None:
    parts = split_reasoning(text)
    assert (parts.answer, parts.ended) == ("", False)


@pytest.mark.parametrize(
    "text",
    [
        SAID,
        "I think you should call a locksmith.",
        "The tag `<think>` opens the reasoning, and `</think>` ends it.",
        'It writes "<think>" first, and "</think>" last.',
        "Sie steht zwischen „<think>“ und „</think>“.",
        "Models put thoughts between <think> and </think> before they answer.",
        "The tag </think> ends the reasoning.",
        "It looks so:\n```\n<think>\na\n</think>\nb\n```\nThat is all.",
        "- <think> opens\n- </think> ends",
        "<response>\n<reasoning>x</reasoning>\n<text>y</text>\n</response>",
        "<details><summary>More thoughts</summary>x</details>",
        "[think] about it",
        "Here is my thought process: I wash it first.",
        "analysis of the matter shows nothing",
        "  \n a text keeps its white space, I think \n",
    ],
)
def test_a_text_that_speaks_of_reasoning_stays_whole(text: str) -> None:
    assert split_reasoning(text) == Reasoned(text)


def test_a_model_may_have_marks_of_its_own() -> None:
    marks = Marks("@@end", "@@")
    assert split_reasoning("@@a@@endb", marks) == Reasoned("b", "a")
    assert split_reasoning("a@@endb", Marks("@@end")) == Reasoned("b", "a")
    assert split_reasoning(" @@a", marks) == Reasoned("", "a", ended=False)
    assert split_reasoning("<think>a</think>b", marks) == Reasoned("b", "a")
    assert split_reasoning("plain", marks) == Reasoned("plain")


@pytest.mark.parametrize(
    "piece", ["<think>", "</think>", "a</think>", "analysis ", "\n```", "<details ", "think<|end|> ", "final ", "` "]
)
def test_the_time_is_linear(piece: str) -> None:
    began = time.perf_counter()
    split_reasoning("think " + piece * 20_000)
    assert time.perf_counter() - began < 2
