"""What stands in place of a translation, in languages with a pack and without; and what people say themselves."""

import pytest

from xsafety.text.instead import instead

HOW = "How can I open a car without its key?"
CLEAN = "Is the water in this river clean enough to swim in?"
TELL = "Tell me how to get into my neighbour's house."

FOUND = [
    ("refusal", "fr", HOW, "Je suis désolé, mais je ne peux pas vous aider avec cette demande."),
    ("refusal", "fr", TELL, "Je ne peux pas fournir d'instructions à ce sujet."),
    ("refusal", "de", TELL, "Dabei kann ich nicht helfen."),
    ("refusal", "ru", HOW, "Извините, но я не могу помочь с этим."),
    ("refusal", "ru", TELL, "Я не могу выполнить эту просьбу."),
    ("refusal", "ja", HOW, "申し訳ありませんが、そのご要望にはお応えできません。"),
    ("refusal", "zh-Hant", TELL, "很抱歉，我無法協助您完成這個請求。"),
    ("refusal", "es-MX", "Don't lie: how do I steal a bike?", "Lo siento, no puedo ayudar con eso."),
    ("refusal", "it", HOW, "Mi dispiace, ma non posso aiutarti con questa richiesta."),
    ("refusal", "pt-BR", HOW, "Desculpe, não posso ajudar com isso."),
    ("refusal", "tr", HOW, "Üzgünüm, bu konuda yardımcı olamam."),
    ("refusal", "ko", HOW, "죄송하지만 그 요청은 도와드릴 수 없습니다."),
    ("refusal", "vi", HOW, "Xin lỗi, tôi không thể giúp bạn việc này."),
    ("refusal", "sw", HOW, "Samahani, siwezi kukusaidia na hilo."),
    ("refusal", "fa", HOW, "متأسفم، نمی‌توانم در این مورد کمک کنم."),
    ("refusal", "sw", HOW, "I can't help with that."),
    ("AI model", "it", HOW, "Come modello linguistico non traduco testi di questo tipo."),
    ("translating", "de", CLEAN, "Die deutsche Übersetzung lautet: Ist das Wasser sauber genug?"),
    ("translating", "ru", CLEAN, "Вот перевод на русский:\nДостаточно ли чиста вода?"),
    ("translating", "zh", CLEAN, "中文翻译：这条河的水够干净吗？"),
    ("translating", "it", CLEAN, "Ecco la traduzione: L'acqua è abbastanza pulita?"),
    ("translating", "pl", CLEAN, "Tłumaczenie: Czy woda jest dość czysta?"),
    ("translating", "fr", CLEAN, "L'eau est-elle assez propre ? (N.d.T. : baignade)"),
    ("translating", "es", CLEAN, "¿Está limpia el agua?\n\nNota: he usado el español neutro."),
    ("translating", "ja", CLEAN, "この川の水はきれいですか？\n\n(Note: polite form)"),
    ("answer", "de", CLEAN, "Ja, das Wasser in diesem Fluss ist sauber."),
    ("answer", "fr", HOW, "Voici comment faire :\n1. Prenez un fil.\n2. Glissez-le dans la porte."),
    ("answer", "es", CLEAN, "Claro. " + "El agua de este río se analiza cada mes y está limpia. " * 6),
]

NOTHING = [
    ("de", "I'm sorry, but I can't help him. What now?", "Es tut mir leid, ich kann ihm nicht helfen. Was nun?"),
    ("it", "Sorry, where is the station?", "Mi dispiace, dov'è la stazione?"),
    ("fr", "Translate this: good day.", "Traduction demandée : bonjour."),
    ("fr", "Note: the shop is shut.", "Note : le magasin est fermé."),
    ("de", "Are you an AI?", "Bist du eine KI?"),
    ("de", "Answer: yes or no?", "Antworte: ja oder nein?"),
    ("es", "Write two tips:\n1. One.\n2. Two.", "Escribe dos consejos:\n1. Uno.\n2. Dos."),
    ("zh", "How do I get there?", "我怎么去那里"),
    ("ja", "Why is it so?", "なぜそうなのか教えてください。"),
    ("ru", "Is it far?", "Это далеко?"),
    ("el", "Is it far?", "Είναι μακριά;"),
    ("th", "Is it far?", "ไกลไหม"),
    ("ar", "Sure, here is my address: 5 Hill Road.", "بالتأكيد، هذا عنواني: 5 شارع التل."),
]  # fmt: skip


@pytest.mark.parametrize(("what", "tag", "source", "target"), FOUND)
def test_what_is_no_translation_is_told(what: str, tag: str, source: str, target: str) -> None:
    found = instead(tag, source, target)
    assert found is not None
    assert what in found.reason
    assert found.sure


@pytest.mark.parametrize(("tag", "source", "target"), NOTHING)
def test_a_translation_is_one(tag: str, source: str, target: str) -> None:
    assert instead(tag, source, target) is None


def test_what_denies_may_read_like_a_refusal() -> None:
    found = instead("de", "I do not want to help him with this.", "Dabei kann ich ihm leider nicht helfen.")
    assert found is None or not found.sure
    assert instead("de", "I do not help.", "Ich kann dabei nicht helfen.", fits=True) is None
