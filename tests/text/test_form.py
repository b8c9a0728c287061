"""The form that a translation keeps: what is lost is found by its kind, and what another language writes is none."""

import time

import pytest

from xsafety.text.form import losses

LIST = "Pack for the trip:\n- a tent\n- two cups\n- soap"
STEPS = "Do this:\n1. Fill the pot.\n2. Boil it.\n3. Wait."

LOST = [
    ("lines", LIST, "Prepara per il viaggio: una tenda, due tazze, sapone"),
    ("lines", "Dear Ann,\nthe rent is late.\nYours, Bob", "Liebe Ann, die Miete kommt zu spät. Dein Bob"),
    ("lines", "One.\n\nTwo.\n\nThree.", "Один.\nДва.\nТри."),
    ("items", LIST, "準備するもの：\nテント\nカップ二つ\n石けん"),
    ("items", STEPS, "Faites ceci :\nRemplissez la casserole.\nFaites bouillir.\nAttendez."),
    ("items", "Choose: a) tea b) milk c) water", "Wähle: Tee, Milch oder Wasser"),
    ("items", "i. Say who you are.\nii. Say why you call.", "Dis qui tu es.\nDis pourquoi tu appelles."),
    ("items", "Buy • bread • salt • oil", "Kup chleb, sól i olej"),
    ("markdown", "Is **salt** good?", "Ist Salz gut?"),
    ("markdown", "Is **salt** good?", "Ist ** Salz ** gut?"),
    ("markdown", "Is __salt__ good?", "Le sel est-il bon ?"),
    ("markdown", "Why *now*?", "¿Por qué ahora?"),
    ("markdown", "# Rules\nBe kind.", "Regeln\nSei nett."),
    ("markdown", "> Be kind.\nWho said this?", "Sei nett.\nWer hat das gesagt?"),
    ("markdown", "| a | b |\n| --- | --- |\n| 1 | 2 |", "a b\n---\n1 2"),
    ("markdown", "See [the rules](https://example.org/r).", "Siehe die Regeln: https://example.org/r."),
    ("markdown", "Strike ~~this~~ out.", "Streiche dies aus."),
    ("code", "What is `ls -l`?", "Was ist das?"),
    ("code", "What is ``a`` and `b`?", "Was ist ``a`` und `c`?"),
    ("term", "Open setup.py and call main().", "Öffne die Datei und rufe die Funktion auf."),
    ("term", "What does --verbose do?", "Was macht --ausführlich?"),
    ("block", "Fix this:\n```python\nx = y +\n```", "Repariere das:\nx = y +\n\n"),
    ("block", "Fix this:\n```\nprint(total)\n```", "Corrige ceci :\n```\nimprimer(total)\n```"),
    ("address", "Write to ann@example.org.", "Schreib an Ann."),
    ("address", "Is www.example.org safe?", "Ist die Seite sicher?"),
    ("address", "Is example.com/a?b=1 safe?", "¿Es seguro ejemplo.com/a?b=1?"),
    ("mention", "Tell @ann_b to come.", "Sag Ann, sie soll kommen."),
    ("hashtag", "Post it with #Rain.", "Publie-le avec Pluie."),
    ("emoji", "See you 👋🏽", "Bis dann"),
    ("emoji", "Fly to 🇫🇷 and back", "Flieg nach 🇪🇸 und zurück"),
    ("emoji", "It is ★★★ good", "Es ist sehr gut"),
    ("emoticon", "Thanks ;-)", "Danke"),
    ("tag", "Is <b>salt</b> good?", "Ist Salz gut?"),
    ("slot", "Dear [your name], hello.", "Liebe Leute, hallo."),
    *(
        ("placeholder", f"Tell {field} to come home.", "Dis-lui de rentrer à la maison.")
        for field in (
            *("{x}", "{{user}}", "{0}", "{}", "{user.name}", "${x}", "%{x}", "%s", "%d", "%1$s", "%(name)s", "%@"),
            *("<X>", "<NAME>", "[NAME]", "$VAR", ":name", "__X__", "@@X@@", "%NAME%", "[[Name]]", "{n:>3}", "{x!r}"),
        )
    ),
    ("placeholder", "Say %s and then %s.", "Dis %s, puis autre chose."),
    ("placeholder", "Hi [NAME]!", "Salut [NOM] !"),
    ("placeholder", "Hi {{name}}!", "Salut {name} !"),
    ("placeholder", "{n, plural, one {a cat} other {cats}}", "один кот, много котов"),
]

KEPT = [
    (LIST, "用意するもの：\n・テント\n・カップ二つ\n・石けん"),
    (LIST, "Pour le voyage :\n• une tente\n• deux tasses\n• du savon"),
    (STEPS, "هكذا:\n١. املأ القدر.\n٢. اغله.\n٣. انتظر."),
    (STEPS, "这样做：\n一、装满锅。\n二、煮开。\n三、等一等。"),
    (STEPS, "ऐसा करें:\n१. बर्तन भरें।\n२. उबालें।\n३. रुकें।"),
    (STEPS, "Mach das:\n1) Fülle den Topf.\n2) Koche es.\n3) Warte."),
    ("A. yes\nB. no", "А. да\nБ. нет"),
    ("A. yes\nB. no", "क. हाँ\nख. नहीं"),
    ("a) tea b) milk", "أ) شاي ب) حليب"),
    ("a) tea b) milk", "ａ）お茶　ｂ）牛乳"),
    ("Is **salt** good?", "塩は**良い**ですか？"),
    ("Why *now*?", "为什么是*现在*？"),
    ("# Rules\nBe kind.", "＃ 規則\n親切に。"),
    ('He said "no" (twice): 50% off, 5 < 7!', "Il a dit « non » (deux fois) : 50 % de rabais, 5 < 7 !"),
    ("What is `ls -l`?", "`ls -l`とは何ですか？"),
    ("``Yes'', he said, and ``no''.", "„Ja“, sagte er, und „nein“."),
    ("Don`t do it, I can`t.", "Tu es nicht, ich kann nicht."),
    ('Fix this:\n```\nprint("Hello")  # greets\n```', 'Corrige :\n```\nprint("Bonjour")  # salue\n```'),
    ("Sum up:\n```\nDear Ann, come home.\n```", "Fasse zusammen:\n```\nLiebe Ann, komm heim.\n```"),
    ("Read https://example.org/a.", "https://example.org/a を読んで。"),
    ("Read https://example.org/a/ (now).", "Lis https://example.org/a (maintenant)."),
    ("Write to ann@example.org.", "اكتب إلى \u2066ann@example.org\u2069."),
    ("Post it with #Rain.", "Publie-le avec #Pluie."),
    ("See you 👋🏽", "Bis dann 👋"),
    ("Thanks ;-)", "谢谢；-）"),
    ("Thanks :)", "ありがとう🙂"),
    ("Dear [your name], hello.", "【お名前】様、こんにちは。"),
    ("Dear <your name>, hello.", "Chère <votre nom>, bonjour."),
    ('Is <a href="x" title="salt">salt</a> good?', 'Ist <a href="x" title="Salz">Salz</a> gut?'),
    ("Tell {x} to come.", "{x}に来るように言って。"),
    ("Tell ${x} it costs $5, e.g. at 10:30.", "Sag ${x}, es kostet 5 $, z. B. um 10.30 Uhr."),
    ("It is 100% sure, 5 % more, and/or not.", "Es ist zu 100 % sicher, 5 % mehr, und/oder nicht."),
    ("He is no. 1 of 3, i.e. the U.S. winner.", "Он № 1 из 3, то есть победитель США."),
    ("It is 20° and © 2020.", "Es sind 20 Grad, 2020."),
    ("Say yes.", "Скажи да.\n\nПожалуйста."),
    (
        "This is one very long line that somebody's editor has broken in the midst\nof its sentence, for no reason.",
        "Dies ist eine lange Zeile, die umbrochen wurde, ohne Grund.",
    ),
]


@pytest.mark.parametrize(("kind", "source", "target"), LOST)
def test_a_loss_is_found_by_its_kind(kind: str, source: str, target: str) -> None:
    assert kind in {loss.kind for loss in losses(source, target)}


@pytest.mark.parametrize(("source", "target"), KEPT)
def test_what_another_language_writes_is_no_loss(source: str, target: str) -> None:
    assert list(losses(source, target)) == []


@pytest.mark.parametrize(("_", "source", "__"), LOST)
def test_a_text_lacks_nothing_of_itself(_: str, source: str, __: str) -> None:
    assert list(losses(source, source)) == []


@pytest.mark.parametrize(
    "piece", [*"`{[<%|\n", "a.", "**", "a_", "@a", "```\n", "a@", "- ", "<a ", "a\n\n", "__", "ab ", "a) ", ":) "]
)
def test_time_grows_with_length_alone(piece: str) -> None:
    took = []
    for size in (4_000, 16_000):
        text = (piece * size)[:size]
        start = time.process_time()
        list(losses(text, text[::-1]))
        took.append(time.process_time() - start)
    assert took[1] < 8 * took[0] + 0.1
