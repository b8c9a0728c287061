"""What an engine delivers, for tests of engines."""

from dataclasses import dataclass, field

from xsafety.asking.requests import Completion, Meter, Request


@dataclass
class Collected:
    """Keeps completions and reasons by the row's id, the first of each."""

    done: dict[str, Completion] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    meter: Meter = field(default_factory=Meter)

    def deliver(self, request: Request, completion: Completion) -> None:
        self.done.setdefault(request.id, completion)

    def fail(self, request: Request, reason: str) -> None:
        self.failed.setdefault(request.id, reason)
