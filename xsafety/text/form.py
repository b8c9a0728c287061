"""The form of a text that its translation keeps: lines, lists, markup, code, placeholders, addresses, emoji."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple


class Loss(NamedTuple):
    """What of the English's form a translation lacks: its `kind`, and the reason for reviewers.

    `firm`: what programs read, and what stays as it is in every language.
    """

    kind: str
    reason: str
    firm: bool = False


# What stays to the letter. The first that fits a place counts, so that a URL is not looked through for fields.
_TOKENS = re.compile(
    r"""
    (?P<code>(?<![\w`])(?P<ticks>``?)(?![\s`])(?:(?!'')[^`\n])+(?P=ticks)(?![\w`]))
    | (?P<address>(?:(?:https?|ftp)://|\bwww\.)[^\s<>"“”«»`]+
        | [\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,5}
        | \b(?:[a-z0-9-]{1,63}\.){1,4}(?:com|org|net|edu|gov|info)\b(?:/[^\s<>"“”«»`]*)?)
    | (?P<placeholder>\{\{[^{}\n]{1,60}\}\} | [$\#%]\{[^{}\n]{1,60}\} | \[\[[^][\n]{1,60}\]\]
        | \{(?:[A-Za-z_][\w.-]{0,40}(?:\ [\w.-]{1,20}){0,2}|\d{0,2})(?:[!:][^{}\n]{0,20})?\}
        | \{\w{1,40},\s?(?:plural|select|selectordinal|number|date|time)\b
        | %\(\w{1,40}\)[-+\#0]?\d{0,3}(?:\.\d{1,3})?[a-zA-Z]
        | (?<![\w%])%(?:\d\$)?[-+\#0]?\d{0,3}(?:\.\d{1,3})?(?:l?l?[sdiufgxXceo]|@)(?!\w)
        | %[A-Z_]{2,40}% | (?<![\w$])\$[A-Za-z_]\w{0,40} | (?<![\w:]):[a-z_]\w{1,40}\b:?
        | (?P<sign>[_@\#%*$])(?P=sign)[A-Z][A-Z0-9_]{0,40}?(?P=sign){2} | \[[A-Z][A-Z0-9_]{0,40}\](?!\()
        | </?(?:[A-Z][A-Z0-9_]{0,40}|\d{1,2})/?>)
    | (?P<tag></?[A-Za-z][\w-]{0,40}(?:\s[^<>]{0,200}=[^<>]{0,200})?\s?/?>)
    | (?P<mention>(?<![\w./@])@[A-Za-z_][\w.]{0,40}\w)
    | (?P<term>(?<![\w.-])(?:--[a-z][\w-]{1,40} | [A-Za-z]\w{0,40}\(\)
        | [\w-]{1,40}\.(?:py|js|txt|csv|json|ya?ml|html?|pdf|md|docx?|xlsx?|jpe?g|png|sh|exe|zip))\b(?!\.\w)
        | (?<![\w])[a-z]{1,20}(?:_[a-z0-9]{1,20}){1,5}\b | \\[nrt](?![a-z]))
    | (?P<emoticon>(?<![\w:])[:;=]['-]?[)(DPpOo3*/|](?!\w) | <3(?!\d))
    """,
    re.X,
)
_CALLED = {
    "code": "Code",
    "term": "Code (a name of it)",
    "address": "A web address (URL) or e-mail",
    "placeholder": "A placeholder (field)",
    "tag": "A tag (markup, code)",
    "mention": "A mention of a user",
    "emoticon": "An emoticon (emoji)",
}
_MOST = 200
_FIRM = frozenset("code term address placeholder tag mention".split())

_FENCE = re.compile(r"^[ \t]*(?P<fence>```|~~~).*?(?:^[ \t]*(?P=fence)[ \t]*$|\Z)", re.M | re.S)
_CODE_LINE = re.compile(r"[=;{}]|\w\(|^[ \t]*(?:[$>%] |\w+ -)")
_TEXT_IN_CODE = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|(?:#|//|--).*")

_EMOJI = re.compile(
    "[\u2600-\u27bf\u2b05-\u2b55\u231a\u231b\u23e9-\u23fa\U0001f000-\U0001f3fa\U0001f400-\U0001faff]|[0-9#*](?=\ufe0f?\u20e3)"
)

_BULLETS = "•●▪◦‣■○·∙⁃"
_MARK = rf"[-*+–—{_BULLETS}]\s|(?:\*\*)?[(（\[]?(?:\d{{1,3}}|[A-Za-z]|[ivxIVX]{{1,5}})[.):](?:\*\*)?\s"
_ITEM = re.compile(rf"^[ \t>]*(?:{_MARK})", re.M)
_LINE_MARKS = re.compile(rf"^[ \t>]*(?:#{{1,6}}[ \t]+)?(?:(?:{_MARK})[ \t]*(?:\[[ xX]\][ \t]+)?)?", re.M)
# In a translation any sign, numeral, letter or short word with a mark behind may be what an item begins with.
_ANY_ITEM = re.compile(
    rf"^[ \t>]*(?:[-*+–—・－＊{_BULLETS}]|(?:\*\*)?[(（\[【第]?[^\W_]{{1,5}}\s?[.):)．。、，）\]】।：་-]|[①-⓿❶-➓])",
    re.M,
)
_INLINE = re.compile(r"(?<![\w(])\(?(?:[a-hA-H]|[1-9]|i{1,3}|iv|v)\)\s")
_ANY_INLINE = re.compile(r"(?<!\w)[(（]?[^\W_]{1,4}\s?[)）]|[①-⓿]|[^\W_]{1,2}[.、]\s?")
_BULLET = re.compile(f"[{_BULLETS}]")
_SLOT = re.compile(r"\[[A-Za-z][^][\n]{2,60}\](?!\()|<[a-z][^<>=\n]{0,30}\s[^<>=\n]{1,30}>")

# Markup by its name: what it is in English, and what is enough of it in a translation.
_MARKUP: dict[str, tuple[re.Pattern[str], re.Pattern[str]]] = {
    name: (re.compile(english, re.M), re.compile(any_, re.M))
    for name, english, any_ in (
        ("bold (**)", *[r"\*\*(?=[^\s*])[^*\n]+(?<=\S)\*\*|(?<!\w)__(?=[^\s_])[^_\n]+(?<=\S)__(?!\w)"] * 2),
        (
            "italics (* or _)",
            r"(?<![\w*])\*(?=[^\s*])[^*\n]+(?<=[^\s*])\*(?![\w*])|(?<![\w_])_(?=[^\s_])[^_\n]+(?<=[^\s_])_(?![\w_])",
            r"(?<!\*)\*(?=[^\s*])[^*\n]+(?<=[^\s*])\*(?!\*)|(?<!_)_(?=[^\s_])[^_\n]+(?<=[^\s_])_(?!_)",
        ),
        ("struck out (~~)", *[r"~~(?=\S)[^~\n]+(?<=\S)~~"] * 2),
        ("heading (#)", r"^ {0,3}#{1,6}[ \t]\S", r"^[ \t]*[#＃]{1,6}[ \t]*\S"),
        ("quotation (>)", r"^ {0,3}>[ \t]?\S", r"^[ \t]*[>＞]"),
        ("table (|)", r"^[^|\n]*\|[^|\n]*\|[^\n]*$", r"^[^|｜│\n]*[|｜│][^|｜│\n]*[|｜│][^\n]*$"),
        ("link ([]())", r"(?<!\\)\[[^][\n]+\]\([^()\s]+\)", r"[\]］] ?[(（]"),
        ("box ([ ])", r"^[ \t]*[-*+] \[[ xX]\] ", r"[\[［][ xX✓]?[\]］]|[☐☑☒]"),
        ("rule (---)", *[r"^[ \t]*(?:-{3,}|\*{3,}|_{3,}|={3,})[ \t]*$"] * 2),
    )
}


# Without one of these a text has no form that could be lost.
_FORM = re.compile(
    rf"[`{{<\[%$@#*_~|>\n\\{_BULLETS}\u231a-\u23fa\u2600-\u27bf\u2b05-\u2b55\u20e3\U0001f000-\U0001faff]|\w\.\w|--|\(\)"
    r"|[:;=]['-]?[)(DPpOo3*/|]|\s:\w|\w\)\s"
)


def losses(source: str, target: str) -> Iterator[Loss]:
    """What of the form of the English `source` the `target` lacks, in any language.

    Where a mark may be another one (list items, brackets, digits), any mark of its kind will do.
    """
    if not _FORM.search(source):
        return
    plain = _FENCE.sub("\n", source)
    yield from _lost_blocks(source, target)
    yield from _lost_tokens(plain, target)
    yield from _lost_lines(source, target)
    yield from _lost_items(plain, target)
    lost = [name for name, (english, other) in _MARKUP.items() if _fewer(english, plain, other, target)]
    if lost:
        yield Loss("markdown", f"Markdown formatting of the English is lost or broken: {', '.join(lost)}.")
    gone = dict.fromkeys(char for char in _EMOJI.findall(source) if char not in target)
    if gone:
        yield Loss("emoji", f"An emoji (pictogram) of the English is not in the text: {' '.join(gone)}.")


def without_tokens(source: str, target: str) -> str:
    """The target without what stays to the letter in any language: addresses, code, placeholders of the English."""
    for token in tokens_to_keep(source):
        target = target.replace(token, " ")
    return target


def tokens_to_keep(text: str) -> list[str]:
    """What stays to the letter in any language, each once: addresses, code, placeholders, tags, mentions."""
    return [token for token, kind in _tokens(text) if kind in _FIRM]


def blocks_of_code(text: str) -> list[tuple[int, int]]:
    """Where blocks of code stand in a text, with their fences."""
    return [match.span() for match in _FENCE.finditer(text)]


def line_marks(text: str) -> list[tuple[int, int]]:
    """Where lines begin with marks of quotations, headings and lists, with the space behind them."""
    return [match.span() for match in _LINE_MARKS.finditer(text) if match[0]]


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """What stays to the letter, each once, and its kind; up to a bound, as each is looked for in a whole text."""
    seen: set[str] = set()
    for match in _TOKENS.finditer(text):
        kind = next(name for name in _CALLED if match[name] is not None)
        token = match[0].rstrip(".,;:!?'*_~" + ")" * ("(" not in match[0])) if kind == "address" else match[0]
        if token not in seen and len(seen) < _MOST:
            seen.add(token)
            yield token, kind


def _lost_tokens(source: str, target: str) -> Iterator[Loss]:
    lost: dict[str, list[str]] = {}
    folded = target.casefold()
    for token, kind in _tokens(source):
        if not _has(token, kind, source, target, folded):
            lost.setdefault(_CALLED[kind], []).append(token)
    for called, tokens in lost.items():
        kind = next(kind for kind in _CALLED if _CALLED[kind] == called)
        yield Loss(kind, f"{called} of the English is not in the text: {', '.join(tokens)}.", kind in _FIRM)
    if _fewer(_HASHTAG, source, _ANY_HASHTAG, target):
        yield Loss("hashtag", "A hashtag (#) of the English is not in the text.")
    if len(_SLOT.findall(source)) > sum(target.count(bracket) for bracket in "[［【<＜〈《(（「{"):
        yield Loss("slot", "A placeholder in brackets is not in the text; keep its brackets.")


_HASHTAG = re.compile(r"(?<![\w&/#])#[A-Za-z_]\w+")
_ANY_HASHTAG = re.compile(r"(?<![&/])[#＃]\w")


def _has(token: str, kind: str, source: str, target: str, folded: str) -> bool:
    if kind == "placeholder":
        return target.count(token) >= source.count(token)
    if kind == "tag":  # whose attributes may be translated
        name = re.match(r"</?[\w-]+", token)
        return name is not None and name[0].casefold() in folded
    if kind == "address":
        return token.rstrip("/").casefold() in folded
    if kind == "emoticon":
        return token in unicodedata.normalize("NFKC", target) or bool(_EMOJI.search(target))
    return token in target


def _lost_blocks(source: str, target: str) -> Iterator[Loss]:
    """Blocks of code: their fences, and their lines but for what is text in them."""
    blocks = [match[0] for match in _FENCE.finditer(source)]
    if not blocks:
        return
    if len(_FENCE.findall(target)) < len(blocks):
        yield Loss("block", "A block of code (```) of the English is not in the text, or lost its marks.", firm=True)
        return
    kept = Counter(map(_bare, target.splitlines()))
    lines = [line for block in blocks for line in block.splitlines()[1:] if _CODE_LINE.search(line)]
    if changed := [line.strip() for line in lines if _bare(line) not in kept]:
        yield Loss("block", f"A line of code was changed: {changed[0]}", firm=True)


def _bare(line: str) -> str:
    return "".join(_TEXT_IN_CODE.sub("", line).split())


def _lost_lines(source: str, target: str) -> Iterator[Loss]:
    lines, there = (len([line for line in text.splitlines() if line.strip()]) for text in (_unwrapped(source), target))
    paragraphs, kept = (len(re.split(r"\n[ \t]*\n\s*", text.strip())) for text in (source, target))
    if there < lines:
        yield Loss("lines", f"Line breaks of the English are lost: it has {lines} lines and the text {there}.")
    elif kept < paragraphs:
        yield Loss("lines", f"Paragraphs of the English are lost: it has {paragraphs} and the text {kept}.")


# A break within a sentence, in a long line: of an editor, not of the writer.
_WRAP = re.compile(r"(?<=[^\n]{60}[a-z,])\n(?=[a-z])")


def _unwrapped(text: str) -> str:
    return _WRAP.sub(" ", text)


def _lost_items(source: str, target: str) -> Iterator[Loss]:
    for english, other in ((_ITEM, _ANY_ITEM), (_INLINE, _ANY_INLINE), (_BULLET, _BULLET)):
        items = len(english.findall(source))
        if items >= 2 and (there := len(other.findall(target))) < items:
            yield Loss("items", f"List items have lost their marks: the English has {items}, the text {there}.")
            return


def _fewer(english: re.Pattern[str], source: str, other: re.Pattern[str], target: str) -> bool:
    return (there := len(english.findall(source))) > 0 and len(other.findall(target)) < there
