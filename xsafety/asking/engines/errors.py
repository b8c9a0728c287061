"""What an error of a provider means: that this row is settled, passes, fails, or that all will fail.

Errors come with a status of their own or inside a success; both are read here, of online replies and of the lines of a
batch's result. A provider's words reach an outcome without what looks like part of a key.
"""

import json
import re
import sys
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..requests import Completion, Fatal

SUCCESS = 200  # the status of an error that names none
MOST_WORDS = 200  # characters of a provider's message that are shown


# What may be a key, a part of one, or the number of a call.
_SECRET = re.compile(
    r"\S*\*{3}\S*|(?=[\w.-]*\d)(?=[\w.-]*[a-zA-Z])[\w.-]{16,}|\b(?:sk|pk|rk|gsk|xai|hf|bearer)[-_ ]\S+"
    r"|(?<=key: )\S+|(?<=key=)\S+|(?<=provided: )\S+",
    re.IGNORECASE,
)


class Transient(Exception):
    """A failure that may not come again: the reason to show, and the seconds that the provider asks to wait, if any."""

    after: float | None = None
    most_retries = sys.maxsize


class RateLimited(Transient):
    """The provider's limit is reached (429)."""


class RowFailed(Exception):
    """This request fails, now and if it came again; others may not. The message is the reason."""


class Denied(Exception):
    """The key, the place or a parameter is wrong: no request will succeed. The message is the reason."""


@dataclass(frozen=True)
class ErrorReply:
    """What of an error tells what is wrong; `codes` are all that it has, in small letters without signs."""

    status: int
    code: str
    codes: frozenset[str]
    param: str
    message: str
    metadata: Container[str]
    is_json: bool

    @property
    def reason(self) -> str:
        """Status and code, as far as the code says more."""
        return " ".join(filter(None, [str(self.status), "" if self.code == str(self.status) else self.code]))

    @property
    def told(self) -> str:
        """The reason and the provider's words: one line, without what may be part of a key or the number of a call."""
        named = f"{self.reason} {self.param}".strip()
        said = _SECRET.sub("...", self.message[:1000])
        words = " ".join(said.split())[:MOST_WORDS]
        return f"{named}: {words}" if re.search(r"\w", words) else named


@dataclass(frozen=True)
class Rule:
    """What an error means for which all conditions hold that are given; `message` is searched for."""

    meaning: Literal["no money", "rate limit", "transient", "row fails", "denied", "blocked", "too_long", "rejected"]
    status: Container[int] | None = None
    code: frozenset[str] | None = None
    message: str | None = None
    metadata: str | None = None
    is_json: bool | None = None
    detail: str = "{reason} {param}"  # of the outcome

    def holds(self, error: ErrorReply) -> bool:
        return (
            (self.status is None or error.status in self.status)
            and (self.code is None or not self.code.isdisjoint(error.codes))
            and (self.message is None or bool(re.search(self.message, error.message, re.IGNORECASE)))
            and (self.metadata is None or self.metadata in error.metadata)
            and (self.is_json is None or self.is_json == error.is_json)
        )


def _codes(words: str) -> frozenset[str]:
    return frozenset(words.split())


_MONEY = r"(balance|credits?\b|funds|quota|spend(ing)? limit)"
_GONE = r"(insufficient|not enough|too low|out of|exhausted|used up|depleted|overdue|n[o']t have any|no )"
_NO_MONEY = (
    rf"\b{_GONE}.{{0,40}}{_MONEY}|{_MONEY}.{{0,40}}\b{_GONE}|exceeded your (current|monthly).{{0,20}}{_MONEY}"
    r"|(credit|spend(ing)?|monthly|billing)\w* (\w+ )?(limit|cap|quota|usage).{0,20}(exceeded|reached)"
    r"|(reached|exceeded).{0,40}(spend|credit|monthly|billing)|check your .{0,15}billing|unpaid invoice"
    r"|余额不足|欠费|额度(不足|已用|用尽)"
)
_PER_MINUTE = r"per ?min|\b[rt]pm\b|(re)?try (again )?in\b|allocated quota|concurren"
_KEY = r"(api[ _-]?key|access[ _-]?token|auth(entication|orization)\b|credentials?)"
_WRONG = r"(not valid|invalid|incorrect|missing|expired|revoked|leaked|disabled|wrong|unauthori[sz]ed)"
_WRONG_KEY = rf"{_KEY}.{{0,20}}\b{_WRONG}|\b{_WRONG}.{{0,10}}{_KEY}"
_TEXT = r"(content|text|prompt|input|output|response|request|message|words|information)"
_BAD = r"(inappropriate|sensitive|unsafe|harmful|prohibited|flagged|moderat\w+|filtered|high risk|violat\w+|censor\w*)"
_FILTERED = (
    r"content exists risk|content[ _](management |usage |filter\w* )*(polic|filter)|usage (guidelines|polic)"
    r"|safety (system|check|filter)"
    rf"|\b{_TEXT}\W+(\w+\W+){{0,4}}?{_BAD}|\b{_BAD}\W+(\w+\W+){{0,2}}?{_TEXT}"
    r"|敏感|不安全|违规|不合规|内容安全|审核"
)
_TOO_LONG = (
    r"context (length|size|window)|maximum (model|context|input|sequence|prompt) len|too many (input )?tokens"
    r"|(less|fewer) than [\d,]+ (input )?tokens"
    r"|(prompt|input|request|message)s? (\w+ ){0,3}too (long|large)|range of input length|reduce (the length|your)"
    r"|(token|length).{0,40}\b(exceed|must be <=|larger than|longer than)|exceeds?.{0,30}\b(tokens|length)\b|超长"
)
_PASSES = (
    r"overloaded|model (is |was |has )?(been |currently )?(unloaded|loading|crashed)"
    r"|temporarily|try again later|upstream|timed? ?out|internal (server )?error|network error"
    r"|稍后|繁忙|网络"
)
_UNKNOWN_PARAMETER = (
    r"(unrecognized|unknown|unsupported|unexpected) (request |keyword )?(parameter|argument|field)"
    r"|extra (inputs|fields) (are )?not permitted"
)
_CHECK_DECODING = "; check `decoding` (some models take no temperature)"
_PLACE = r"location is not supported|not (supported|available) in your (country|region)"

# The first that holds decides. Codes and words are those of OpenAI, Azure, Anthropic, Google, Mistral, DeepSeek, Qwen,
# Zhipu, Moonshot, MiniMax, Baidu, Tencent, xAI, Groq, Together, OpenRouter, vLLM, SGLang, llama.cpp, TGI, Ollama.
RULES = (
    Rule(
        "no money",
        code=_codes(
            "insufficientuserquota billinghardlimitreached billingnotactive insufficientbalance "
            "exceededcurrentquotaerror arrearage accountoverdueerror prepaidbilloverdue postpaidbilloverdue "
            "billingerror insufficientcredits creditlimit creditsexhausted 1113 baseresp1008 baseresp2056"
        ),
    ),
    Rule("transient", status=range(500, sys.maxsize)),
    Rule("no money", status={429}, message="PerDay"),  # Google's daily quota, in the words of its limit per minute
    Rule("rate limit", status={429}, message=_PER_MINUTE),
    Rule("no money", code=_codes("insufficientquota")),
    Rule("no money", status={402}),
    Rule("no money", status={SUCCESS, 400, 403, 412, 429}, message=_NO_MONEY),
    Rule("rate limit", status={429}),
    Rule("rate limit", code=_codes("baseresp1002 baseresp1039 baseresp1041 baseresp2045")),
    Rule("transient", status={408, 409, 421, 423, 424, 425, 499}),
    Rule(
        "blocked",
        code=_codes(
            "contentpolicyviolation contentfilter contentfiltered invalidprompt datainspectionfailed moderationblocked "
            "responsibleaipolicyviolation sensitivecontentdetected inputtextsensitivecontentdetected "
            "outputtextsensitivecontentdetected censorshipblocked safetyviolations 1301 baseresp1026 baseresp1027"
        ),
        detail="{code}",
    ),
    Rule("blocked", status={403}, metadata="flagged_input", detail="flagged input"),
    Rule("blocked", status={451}),
    Rule("denied", status={401}, detail="; check model, address and key"),
    Rule("denied", code=_codes("baseresp1004 baseresp2049 invalidapikey apikeyinvalid"), detail="; check the key"),
    Rule("denied", status={SUCCESS, 400, 403}, message=_WRONG_KEY, detail="; check the key"),
    Rule("denied", status={SUCCESS, 400}, message=_PLACE),
    Rule(
        "denied",
        status={SUCCESS, 400, 422},
        code=_codes("unsupportedparameter unknownparameter unsupportedvalue unsupportedparamserror"),
        detail=_CHECK_DECODING,
    ),
    Rule("denied", status={SUCCESS, 400, 422}, message=_UNKNOWN_PARAMETER, detail=_CHECK_DECODING),
    Rule("blocked", status={SUCCESS, 400, 403, 422}, message=_FILTERED, detail="{reason}"),
    Rule("too_long", status={413}),
    Rule(
        "too_long",
        code=_codes("contextlengthexceeded stringabovemaxlength exceedcontextsizeerror requesttoolarge 1261"),
    ),
    Rule("too_long", status={SUCCESS, 400, 422}, message=_TOO_LONG),
    Rule("transient", status={SUCCESS}),
    Rule("transient", status={400}, message=_PASSES),
    Rule("rejected", status={400, 422}, is_json=True, detail="{told}"),
    Rule("row fails"),
)


def read_error(status: int, body: Any) -> Completion:
    """The outcome in an error. Raises Transient, RateLimited, RowFailed, Denied or Fatal."""
    error = _error(status, body)
    rule = next(rule for rule in RULES if rule.holds(error))
    match rule.meaning:
        case "no money":
            raise Fatal(f"the account's quota is used up ({error.told}); top it up, then run snakemake again")
        case "rate limit":
            raise RateLimited(error.told)
        case "transient":
            raise Transient(error.told)
        case "row fails":
            raise RowFailed(error.told)
        case "denied":
            raise Denied(error.told, rule.detail if rule.detail.startswith(";") else "")
        case outcome:
            detail = rule.detail.format(reason=error.reason, code=error.code, param=error.param, told=error.told)
            return Completion(outcome, "", "content_filter" if outcome == "blocked" else "", detail.strip())


def error_in(body: Mapping[str, Any]) -> Mapping[str, Any] | str | None:
    """The error inside a reply with a status of success, in any of the shapes that it has; None: none."""
    errors, base, response = body.get("errors"), body.get("base_resp"), body.get("Response")
    if isinstance(base, dict) and base.get("status_code") not in (None, 0, "0"):
        return {"code": f"base_resp {base['status_code']}", "message": base.get("status_msg")}
    for error in (
        body.get("error"),
        errors[0] if isinstance(errors, list) and errors else None,
        response.get("Error") if isinstance(response, dict) else None,
        body if body.get("error_code") or "error" in (body.get("object"), body.get("type")) else None,
    ):
        if error and isinstance(error, dict | str):
            return error
    if not body.get("choices") and any(isinstance(body.get(key), str) for key in ("message", "msg", "detail")):
        return body
    return None


def status_of(error: Mapping[str, Any] | str) -> int:
    """The HTTP status that an error inside a success names; that of a success where it names none."""
    for name in ("code", "status", "status_code", "http_status"):
        found = error.get(name) if isinstance(error, dict) else None
        if re.fullmatch(r"[45]\d\d", str(found)):
            return int(str(found))
    return SUCCESS


def _error(status: int, body: Any) -> ErrorReply:
    """An error reply, whatever stands where."""
    is_json = body is not None and not isinstance(body, str)
    if isinstance(body, list) and body:  # Google wraps it
        body = body[0]
    found = (error_in(body) or body) if isinstance(body, dict) else body
    error: Mapping[str, Any] = found if isinstance(found, dict) else {"message": found}
    inner = error.get("innererror")
    inner = inner if isinstance(inner, dict) else {}
    names = ("code", "type", "error_code", "Code", "status", "reason")
    values = [*map(error.get, names), inner.get("code")]
    codes = [" ".join(str(value).split())[:80] for value in values if isinstance(value, str | int) and value]
    metadata = error.get("metadata")
    return ErrorReply(
        status,
        codes[0] if codes else "",
        frozenset(re.sub(r"[\W_]", "", code.lower()) for code in codes),
        " ".join(str(error.get("param") or "").split())[:80],
        _message(error),
        metadata if isinstance(metadata, dict) else (),
        is_json,
    )


def _message(error: Mapping[str, Any]) -> str:
    """All that an error says in words."""
    said = [error.get(name) for name in ("message", "msg", "error_msg", "Message", "detail", "details")]
    if isinstance(metadata := error.get("metadata"), dict):  # a gateway quotes the provider behind it
        said.append(metadata.get("raw"))
    return " ".join(
        one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in said if one and one != error
    )[:4000]
