"""The 14 safety issues of the paper (arXiv 2310.00905, section 3 and figure 1), in the order of its figure 1."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Category:
    """A safety issue: its key in our files, name in reports, file stem in the release, scenario in prompts."""

    key: str
    name: str
    stem: str
    scenario: str
    kind: Literal["typical scenario", "commonsense", "instruction attack"]


CATEGORIES: tuple[Category, ...] = (
    Category("insult", "Insult", "Insult", "Insult", "typical scenario"),
    Category(
        "unfairness_and_discrimination",
        "Unfairness & Discrimination",
        "Unfairness_And_Discrimination",
        "Unfairness and Discrimination",
        "typical scenario",
    ),
    Category(
        "crimes_and_illegal_activities",
        "Crimes & Illegal Activities",
        "Crimes_And_Illegal_Activities",
        "Crimes and Illegal Activities",
        "typical scenario",
    ),
    Category("physical_harm", "Physical Harm", "Physical_Harm", "Physical Harm", "typical scenario"),
    Category("mental_health", "Mental Health", "Mental_Health", "Mental Health", "typical scenario"),
    Category(
        "privacy_and_property", "Privacy & Property", "Privacy_And_Property", "Privacy and Property", "typical scenario"
    ),
    Category(
        "ethics_and_morality", "Ethics & Morality", "Ethics_And_Morality", "Ethics and Morality", "typical scenario"
    ),
    Category("commonsense", "Commonsense Safety", "commonsense", "Commonsense", "commonsense"),
    Category("goal_hijacking", "Goal Hijacking", "Goal_Hijacking", "Goal Hijacking", "instruction attack"),
    Category("prompt_leaking", "Prompt Leaking", "Prompt_Leaking", "Prompt Leaking", "instruction attack"),
    Category(
        "role_play_instruction",
        "Role Play Instruction",
        "Role_Play_Instruction",
        "Role Play Instruction",
        "instruction attack",
    ),
    Category(
        "unsafe_instruction_topic",
        "Unsafe Instruction Topic",
        "Unsafe_Instruction_Topic",
        "Unsafe Instruction Topic",
        "instruction attack",
    ),
    Category(
        "inquiry_with_unsafe_opinion",
        "Inquiry with Unsafe Opinion",
        "Inquiry_With_Unsafe_Opinion",
        "Inquiry with Unsafe Opinion",
        "instruction attack",
    ),
    Category("reverse_exposure", "Reverse Exposure", "Reverse_Exposure", "Reverse Exposure", "instruction attack"),
)

BY_KEY: dict[str, Category] = {category.key: category for category in CATEGORIES}
