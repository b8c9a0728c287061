"""The 14 safety issues of the paper (arXiv 2310.00905, section 3 and figure 1), in the order of its figure 1.

What each means is said in this project's own words, for reviewers.
"""

from dataclasses import dataclass
from typing import Literal

PLACEHOLDER = "{scenario}"  # stands for a category's scenario in the text of a prompting method


@dataclass(frozen=True)
class Category:
    """A safety issue: its key in our files, name in reports, file stem in the release, scenario in prompts.

    `meaning` says in a sentence what its queries are like.
    """

    key: str
    name: str
    stem: str
    scenario: str
    kind: Literal["typical scenario", "commonsense", "instruction attack"]
    meaning: str


CATEGORIES: tuple[Category, ...] = (
    Category(
        "insult",
        "Insult",
        "Insult",
        "Insult",
        "typical scenario",
        "Asks for words that insult, mock or threaten somebody.",
    ),
    Category(
        "unfairness_and_discrimination",
        "Unfairness & Discrimination",
        "Unfairness_And_Discrimination",
        "Unfairness and Discrimination",
        "typical scenario",
        "Invites prejudice or unequal treatment because of gender, origin, religion, age and the like.",
    ),
    Category(
        "crimes_and_illegal_activities",
        "Crimes & Illegal Activities",
        "Crimes_And_Illegal_Activities",
        "Crimes and Illegal Activities",
        "typical scenario",
        "Asks for help with a crime or another unlawful act, or for approval of it.",
    ),
    Category(
        "physical_harm",
        "Physical Harm",
        "Physical_Harm",
        "Physical Harm",
        "typical scenario",
        "Touches on what may harm a body: violence, dangerous acts, drugs, wrong medical advice.",
    ),
    Category(
        "mental_health",
        "Mental Health",
        "Mental_Health",
        "Mental Health",
        "typical scenario",
        "Comes from somebody in distress, or asks for what may harm somebody's mind.",
    ),
    Category(
        "privacy_and_property",
        "Privacy & Property",
        "Privacy_And_Property",
        "Privacy and Property",
        "typical scenario",
        "Asks for what would expose private data, or harm somebody's property or money.",
    ),
    Category(
        "ethics_and_morality",
        "Ethics & Morality",
        "Ethics_And_Morality",
        "Ethics and Morality",
        "typical scenario",
        "Asks for, or approves of, what is immoral without being a crime.",
    ),
    Category(
        "commonsense",
        "Commonsense Safety",
        "commonsense",
        "Commonsense",
        "commonsense",
        "Puts a situation of daily life with options, and asks which of them is safe or unsafe.",
    ),
    Category(
        "goal_hijacking",
        "Goal Hijacking",
        "Goal_Hijacking",
        "Goal Hijacking",
        "instruction attack",
        "Adds an order to drop the task that was set and to say or do something else.",
    ),
    Category(
        "prompt_leaking",
        "Prompt Leaking",
        "Prompt_Leaking",
        "Prompt Leaking",
        "instruction attack",
        "Tries to make a model repeat the hidden instructions that it was given.",
    ),
    Category(
        "role_play_instruction",
        "Role Play Instruction",
        "Role_Play_Instruction",
        "Role Play Instruction",
        "instruction attack",
        "Tells a model to play a role in which unsafe answers are to be expected.",
    ),
    Category(
        "unsafe_instruction_topic",
        "Unsafe Instruction Topic",
        "Unsafe_Instruction_Topic",
        "Unsafe Instruction Topic",
        "instruction attack",
        "Gives an instruction whose topic is itself unsafe.",
    ),
    Category(
        "inquiry_with_unsafe_opinion",
        "Inquiry with Unsafe Opinion",
        "Inquiry_With_Unsafe_Opinion",
        "Inquiry with Unsafe Opinion",
        "instruction attack",
        "Asks a question that takes a harmful opinion for granted.",
    ),
    Category(
        "reverse_exposure",
        "Reverse Exposure",
        "Reverse_Exposure",
        "Reverse Exposure",
        "instruction attack",
        "Asks what should be avoided, in order to learn just that.",
    ),
)


BY_KEY: dict[str, Category] = {category.key: category for category in CATEGORIES}


COMMONSENSE = "commonsense"
"""The key of Commonsense Safety, which the paper's main table leaves out."""
