import pytest

from mailbox_svc.harvest.encoded_words import decode

WORDS = [
    ("plain", "plain"),
    ("=?ISO-8859-1?Q?Fran=E7ois_B=2E?=", "François B."),
    ("=?utf-8?B?5bGx55Sw?=", "山田"),
]


@pytest.mark.parametrize(("written", "text"), WORDS)
def test_words_are_decoded(written: str, text: str) -> None:
    assert decode(written) == text
