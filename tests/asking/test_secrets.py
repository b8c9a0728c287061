"""A key that a provider repeats reaches nothing, whatever form it has; other texts stay as they are."""

import json
import random
import time
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest

from xsafety.asking.engines.secrets import IN_PLACE_OF_A_KEY, Secrets

KEY = "sk-proj-Ab3_dE5/fG7+hI9kL1mN3oP5qR7sT9u"
SECRETS = Secrets([KEY, "a-second-key-of-a-header", "none"])


def escaped(text: str) -> str:
    return "".join(f"\\u{ord(letter):04x}" for letter in text)


FORMS = {
    "as it is": KEY,
    "in capitals": KEY.upper(),
    "escaped": escaped(KEY),
    "escaped in capitals": escaped(KEY).upper().replace("U", "u"),
    "escaped in part": KEY[:5] + escaped(KEY[5:9]) + KEY[9:],
    "escaped twice": escaped(KEY).replace("\\", "\\\\"),
    "with an escaped slash": KEY.replace("/", "\\/"),
    "quoted for a URL": quote(KEY, safe=""),
    "quoted twice": quote(quote(KEY, safe=""), safe=""),
    "quoted throughout": "".join(f"%{ord(letter):02x}" for letter in KEY),
    "over lines": f"{KEY[:10]}\\n{KEY[10:20]}\\r\\n {KEY[20:]}",
    "the second": "a-second-key-of-a-header",
}
for before in ("", "u", "me:", "user:", "Bearer ", "Authorization: Bearer "):
    for after in ("", "x", ":x"):
        code = b64encode(f"{before}{KEY}{after}".encode()).decode()
        name = f"base64 of {before}key{after}"
        FORMS |= {name: code, f"{name}, over lines": f"{code[:33]}\\n{code[33:]}", f"{name}, escaped": escaped(code)}
        FORMS[f"{name}, for URLs"] = urlsafe_b64encode(f"{before}{KEY}{after}".encode()).decode().rstrip("=")
        FORMS[f"{name}, quoted"] = quote(code, safe="")


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_key_is_hidden_and_the_rest_is_read(form: str) -> None:
    for text in (form, f"key {form}.", f'\\"{form}\\"'):
        reply = f'{{"error":{{"message":"{text}","code":"caf\\u00e9 100% \\u003c"}}}}'
        error = json.loads(SECRETS.hide(reply))["error"]
        assert IN_PLACE_OF_A_KEY in error["message"]
        assert error["code"] == "café 100% <"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "none",
        KEY[:-1],
        f"{KEY[:20]}, {KEY[20:]}",
        "sk-proj-****T9u",
        b64encode(b"Bearer another-key-of-another-user").decode(),
        '{"content":"Ich kann\\n\\u00e4hnlich 100%25 \\ud83d\\ude00 helfen"}',
    ],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert SECRETS.hide(text) == text


def test_keys_in_a_form_that_is_mixed_further_take_the_whole_text_along() -> None:
    assert SECRETS.hide(f'{{"a":"{KEY[:9]}\\ \\ {KEY[9:]}"}}') == IN_PLACE_OF_A_KEY


@pytest.mark.parametrize("unit", ["a", "sk-", KEY[:-1], "%25", "\\", "\\u0073", " ", "নমস্কার "])
def test_long_texts_take_linear_time(unit: str) -> None:
    text = unit * (500_000 // len(unit)) + KEY
    began = time.process_time()
    assert SECRETS.hide(text).endswith(IN_PLACE_OF_A_KEY)
    assert time.process_time() - began < 2


def test_of_random_keys_and_places_none_is_left() -> None:
    random.seed(0)
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+"
    for _ in range(30):
        key = "".join(random.choices(letters, k=random.randint(16, 120)))
        around = ["".join(random.choices(letters, k=random.randint(0, 5))) for _ in range(2)]
        code = b64encode(key.join(around).encode()).decode()
        assert IN_PLACE_OF_A_KEY in Secrets([key]).hide(f"x{code}x"), (key, around)
