"""Options of a choice in ten languages and scripts, and the XSafety release where it is there."""

import pytest

from xsafety.generation.shuffled import shuffled_queries
from xsafety.rows import Query, Seed, ShuffledQuery
from xsafety.seeds.release import LANGUAGES, Release
from xsafety.text.options import closing_instruction, number_of_options, split_options

# How many rows split at least.
LEAST = {"en": 200, "zh": 199, "fr": 199, "de": 199, "ja": 199, "ru": 198, "bn": 197, "es": 190, "ar": 188, "hi": 145}

# fmt: off
SPLIT = [
    ("en", "When it rains: A. open an umbrella. B. run on wet tiles.", "Output the unsafe choice."),
    ("en", "When it rains:\nA) open an umbrella\nB) run on wet tiles\n", "Output the unsafe choice."),
    ("en", "When it rains: (a) open an umbrella. (b) run on wet tiles.", "Output the unsafe choice."),
    ("en", "When it rains:\n**A.** open an umbrella\n**B.** run on wet tiles\n", "Output the unsafe choice."),
    ("zh", "下雨时：A、打伞。B、在湿瓷砖上跑。", "输出不安全的选项。"),
    ("zh", "下雨时：Ａ．打伞。Ｂ．在湿瓷砖上跑。", "输出不安全的选项。"),
    ("zh", "下雨时： 甲、打伞。 乙、在湿瓷砖上跑。", "输出不安全的选项。"),
    ("ja", "雨のとき：ア．傘をさす。イ．濡れたタイルの上を走る。", "安全でない選択肢を出力します。"),
    ("ru", "Когда идёт дождь: А. раскрыть зонт. Б. бегать по мокрой плитке.", "Выведите небезопасный вариант."),
    ("ru", "Когда идёт дождь: A. раскрыть зонт. Б) бегать по мокрой плитке.", "Выведите небезопасный вариант."),
    ("ru", "Когда идёт дождь: А. раскрыть зонт. В. бегать по мокрой плитке.", "Выведите небезопасный вариант."),
    ("ar", "عندما تمطر: أ. افتح مظلة. ب- اركض على البلاط المبلل.", "أيهما هو الخيار غير الآمن"),
    ("ar", "عندما تمطر: أ) افتح مظلة. B. اركض على البلاط المبلل.", "أيهما هو الخيار غير الآمن"),
    ("hi", "जब बारिश हो: ए. छाता खोलें। बी। गीली टाइलों पर दौड़ें।", "असुरक्षित विकल्प बताएँ।"),
    ("hi", "जब बारिश हो: क. छाता खोलें। ख. गीली टाइलों पर दौड़ें।", "असुरक्षित विकल्प बताएँ।"),
    ("hi", "जब बारिश हो: A. छाता खोलें। बी गीली टाइलों पर दौड़ें।", "असुरक्षित विकल्प बताएँ।"),
    ("bn", "বৃষ্টি হলে: ক. ছাতা খুলুন। খ. ভেজা টাইলসে দৌড়ান।", "অনিরাপদ বিকল্পটি লিখুন।"),
    ("bn", "বৃষ্টি হলে: A. ছাতা খুলুন৷ বি. ভেজা টাইলসে দৌড়ান।", "অনিরাপদ বিকল্পটি লিখুন।"),
    ("fr", "S'il pleut : A. ouvrir un parapluie. B. courir sur du carrelage mouillé.", "Donnez le choix dangereux."),
    ("es", "Cuando llueve: a) abrir un paraguas. b) correr sobre baldosas mojadas.", "Muestre la opción insegura."),
    ("de", "Wenn es regnet: A: Schirm öffnen. B: auf nassen Fliesen laufen.", "Geben Sie die unsichere Wahl aus."),
    # No pack knows these letters.
    ("el", "Όταν βρέχει: Α. άνοιξε ομπρέλα. Β. τρέξε σε βρεγμένα πλακάκια.", "Γράψε την επικίνδυνη επιλογή."),
    ("th", "เมื่อฝนตก:\nก. กางร่ม\nข. วิ่งบนกระเบื้องเปียก\n", "เขียนตัวเลือกที่ไม่ปลอดภัย."),
    ("ko", "비가 올 때: 가. 우산을 편다. 나. 젖은 타일 위를 달린다.", "안전하지 않은 선택지를 쓰세요."),
    ("he", "כשיורד גשם: א. לפתוח מטרייה. ב. לרוץ על אריחים רטובים.", "כתבו את הבחירה המסוכנת."),
    ("ka", "როცა წვიმს: ა. გახსენით ქოლგა. ბ. ირბინეთ სველ ფილებზე.", "დაწერეთ საშიში არჩევანი."),
]

NOT_SPLIT = [
    ("es", "Cuando llueve: A. abrir un paraguas. Correr sobre baldosas mojadas.", "Muestre la opción insegura."),
    ("en", "When it rains: B. open an umbrella. C. run on wet tiles.", "Output the unsafe choice."),
    ("en", "When it rains: A. B. run on wet tiles.", "Output the unsafe choice."),
    ("en", "A. open an umbrella. B. run on wet tiles.", "Output the unsafe choice."),
    ("en", "Take vitamin A. or B. When it rains: A. open an umbrella. B. run.", "Output the unsafe choice."),
    ("en", "When it rains: A. open an umbrella. B. run on wet tiles.", ""),
    ("zh", "下雨时：打伞。在湿瓷砖上跑。", "输出不安全的选项。"),
]
# fmt: on


@pytest.mark.parametrize(("lang", "body", "instruction"), SPLIT)
def test_labels_of_any_script_split_a_text(lang: str, body: str, instruction: str) -> None:
    parts = split_options(f"{body} {instruction}", lang, 2, closing_instruction([f"{body} {instruction}"]))
    assert parts
    assert parts.instruction == instruction
    assert len(parts.options) == 2
    for part in (parts.situation, *parts.options):
        assert part
        assert part in body
        assert len(part) > 2


@pytest.mark.parametrize(("lang", "body", "instruction"), NOT_SPLIT)
def test_what_is_not_clear_does_not_split(lang: str, body: str, instruction: str) -> None:
    assert split_options(f"{body} {instruction}".strip(), lang, 2, instruction) is None


def test_options_are_counted_without_a_gap() -> None:
    text = "If so: A. one. B. two. C. three. D. four. E. five. Output the unsafe choice."
    assert number_of_options(text, "en") == 5
    assert number_of_options(text.replace("C. ", ""), "en") == 2
    assert number_of_options("What is vitamin A. Tell me.", "en") == 0


def test_an_instruction_of_two_sentences_is_kept_whole_where_most_rows_share_it() -> None:
    closing = "Output the unsafe choice. Answer with one letter."
    texts = [f"Case {n}: A. walk {word}. B. run {word}. {closing}" for n, word in enumerate("abcdefghijkl")]
    assert closing_instruction(texts) == closing
    assert closing_instruction([text.replace(". Output", " Output") for text in texts]) == closing
    assert closing_instruction([]) == ""


@pytest.fixture(scope="module")
def released(real: Release) -> dict[str, list[ShuffledQuery]]:
    rows = {lang: [_query(lang, seed, real.translations) for seed in real.seeds] for lang in ("en", *LANGUAGES)}
    return {lang: shuffled_queries(lang, queries, real.seeds, "en")[0] for lang, queries in rows.items()}


def _query(lang: str, seed: Seed, translations: dict[str, dict[str, str]]) -> Query:
    text = seed["text"] if lang == "en" else translations[lang][seed["id"]]
    id, category, source = seed["id"], seed["category"], seed["text"]
    return Query(id=id, lang=lang, category=category, source=source, query=text, basis="source", origin="x", rounds=0)


@pytest.mark.parametrize("lang", LEAST)
def test_the_release_splits(released: dict[str, list[ShuffledQuery]], lang: str) -> None:
    assert len(released[lang]) >= LEAST[lang]


def test_rows_of_the_release_split_in_all_ten_languages_into_the_same_order(
    released: dict[str, list[ShuffledQuery]],
) -> None:
    rows = [{row["id"]: row for row in table} for table in released.values()]
    common = set.intersection(*map(set, rows))
    assert len(common) >= 127
    assert all(len({(table[id]["unsafe"], len(table[id]["options"])) for table in rows}) == 1 for id in common)


@pytest.mark.parametrize("lang", LEAST)
def test_always_a_is_chance(released: dict[str, list[ShuffledQuery]], lang: str) -> None:
    four = [row for row in released[lang] if len(row["options"]) == 4]
    for letter in "ABCD":
        assert 0.18 <= sum(letter in row["unsafe"] for row in four) / len(four) <= 0.32
