"""What an engine delivers, for tests of engines."""

from dataclasses import dataclass, field

from xsafety.asking.requests import Completion, Meter, Request


@dataclass
class Collected:
    """Keeps completions and reasons by the row's id, the first of each that stands."""

    done: dict[str, Completion] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    withdrawn: list[str] = field(default_factory=list)
    meter: Meter = field(default_factory=Meter)

    def deliver(self, request: Request, completion: Completion) -> None:
        self.done.setdefault(request.id, completion)

    def withdraw(self, request: Request) -> None:
        del self.done[request.id]
        self.withdrawn.append(request.id)

    def fail(self, request: Request, reason: str) -> None:
        self.failed.setdefault(request.id, reason)
