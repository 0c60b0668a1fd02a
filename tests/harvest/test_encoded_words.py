import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbox_svc.harvest import iso_2022_jp
from mailbox_svc.harvest.encoded_words import clean, decode

WORDS = [
    ("plain", "plain"),
    ("=?ISO-8859-1?Q?Fran=E7ois_B=2E?=", "François B."),
    ("=?utf-8?b?5bGx55Sw?=", "山田"),
    ("a =?utf-8?q?=C3=B6?= b", "a ö b"),
    ("H=?ISO-8859-1?B?9g==?=hn", "Höhn"),
    # RFC 2047 §6.2: blanks between words are not displayed. RFC 2231 §5: a language.
    ("=?utf-8*de?q?a?=\r\n =?UTF-8?Q?b_?= c", "ab c"),
    ("=?iso-8859-2*pl?q?=B3?=", "ł"),
    ("=?utf-8?q?a?==?utf-8?q?b?=", "ab"),
    ("=?utf-8?q?a?= =?koi8-r?b?wQ==?=", "aа"),  # noqa: RUF001
    # A character is split over two words, the base64 text over two, a word is padded in the midst.
    ("=?utf-8?q?=E5=B1?= =?utf-8?q?=B1?=", "山"),
    ("=?utf-8?B?5bGx55Sw5aSq6YO?= =?utf-8?B?jg==?=", "山田太郎"),
    ("=?utf-8?B?5bGx5?= =?utf-8?B?5Sw?=", "山田"),
    ("=?utf-8?B?YQ==?= =?utf-8?B?Yg==?=", "ab"),
    ("=?utf-8?B?YQ?= =?utf-8?B?Yg?=", "ab"),
    # Broken.
    ("=?utf-8?B?5bGx55Sw*?=", "山田"),
    ("=?utf-8?B?5bGx 55Sw?=", "山田"),
    ("=?utf-8?B?A?=", ""),
    ("=?utf-8?B??=", ""),
    ("=?utf-8?Q?50=_=ZZ=?=", "50= =ZZ"),
    ('=?utf-8?Q?a, "b" (c)?=', 'a, "b" (c)'),
    ("=?utf-8?Q?=E5=B1=B1=E7=94?=", "山\ufffd"),
    ("=?utf-8?X?a?=", "=?utf-8?X?a?="),
    ("=?utf-8?Q?a", "=?utf-8?Q?a"),
    ("=?utf-8?Q?=F6?=", "ö"),
    # Nothing that reorders, hides or breaks lines comes out.
    ("=?utf-8?Q?a=00=0D=0Ab=E2=80=AEc=C2=9B?=", "a bc"),
    ("=?utf-8?Q?=EF=BB=BFa=E2=80=8B=E2=80=A8b?=", "a b"),
    ("=?utf-7?Q?+2AA-?=", "\ufffd"),
    ("=?utf-8?Q?e=CC=81?=", "é"),
]  # fmt: skip

#: (label, text, the codec to write it with)
CHARSETS = [
    ("us-ascii", "ö", "utf_8"),
    ("x-unknown", "ö", "latin_1"),
    ("unknown-8bit", "ö", "utf_8"),
    ("", "ö", "utf_8"),
    ("utf8", "ö", "utf_8"),
    ("unicode-1-1-utf-7", "ö", "utf_7"),
    ("iso-8859-1", "“€”", "cp1252"),
    ("iso-8859-9", "ğ€", "cp1254"),
    ("iso-8859-8-i", "שלום", "iso8859_8"),
    ("windows-1251", "Иван", "cp1251"),
    ("cp1251", "Иван", "cp1251"),
    ("koi8-u", "Київ", "koi8_u"),
    ("windows-874", "ไทย", "cp874"),
    ("tis-620", "ไทย", "cp874"),
    ("gb2312", "镕", "gb18030"),
    ("x-gbk", "镕", "gb18030"),
    ("hz-gb-2312", "王", "hz"),
    ("big5", "張", "big5"),
    ("ks_c_5601-1987", "똠", "cp949"),
    ("euc-kr", "똠", "cp949"),
    ("iso-2022-kr", "김", "iso2022_kr"),
    ("shift_jis", "髙①", "cp932"),
    ("windows-31j", "髙①", "cp932"),
    ("euc-jp", "山", "euc_jp"),
    ("iso-2022-jp", "山田ﾔﾏ丂", "iso2022_jp_ext"),
    ("macintosh", "ö", "mac_roman"),
]

#: Codecs of Python that are no charsets, or take quadratic time.
NO_CHARSETS = ["zlib", "base64", "rot13", "idna", "punycode", "unicode_escape", "undefined", "../x", "os"]


@pytest.mark.parametrize(("written", "text"), WORDS)
def test_words_are_decoded(written: str, text: str) -> None:
    assert decode(written) == text


@pytest.mark.parametrize(("label", "text", "codec"), CHARSETS)
def test_a_label_means_what_mailers_mean_by_it(label: str, text: str, codec: str) -> None:
    quoted = "".join(f"={byte:02X}" for byte in text.encode(codec))

    assert decode(f"=?{label}?Q?{quoted}?=") == text
    assert decode(f"=?{label.upper()}?q?{quoted}?=") == text


def test_of_a_very_long_text_the_end_is_not_even_decoded() -> None:
    assert decode("=?utf-8?q??=" * 10 + "b") == "b"
    assert "b" not in decode("=?utf-8?q??=" * 1000 + "b")


def test_japanese_is_read_as_by_the_codec_but_for_marks_that_microsoft_maps_to_others() -> None:
    pairs = [bytes((row, cell)) for row in range(0x21, 0x75) for cell in range(0x21, 0x7F)]
    raws = [b"\x1b$B" + pair + b"\x1b(B" for pair in pairs]

    other = [
        text
        for raw in raws
        if (text := raw.decode("iso2022_jp", "ignore")) and iso_2022_jp.decode(raw) != text
    ]

    assert not any(map(str.isalnum, other))
    assert len(other) < 10


def test_letters_that_microsoft_added_to_japanese_are_read() -> None:
    assert decode("=?iso-2022-jp?B?GyRCfGI2ci0hGyhC?=") == "髙愚①"


@pytest.mark.parametrize("label", NO_CHARSETS)
def test_a_label_never_names_a_codec_that_is_no_charset(label: str) -> None:
    assert decode(f"=?{label}?Q?xn--=C3=B6?=") in {"xn--ö", f"=?{label}?Q?xn--=C3=B6?="}


@given(st.text())
def test_clean_text_is_one_line_and_stays_as_it_is(text: str) -> None:
    once = clean(text)

    assert clean(once) == once
    assert once == " ".join(once.split())
    assert once.encode().decode() == once


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["utf-8", "gb2312", "iso-2022-jp", "utf-16", "utf-7", "x", "hz", "iso-2022-kr", "big5"]
            ),
            st.sampled_from("BbQq"),
            st.text("AQgZ=_/+09 ", max_size=12) | st.text(max_size=8),
        ),
        max_size=6,
    )
)
def test_any_word_is_decoded_to_something_displayable(words: list[tuple[str, str, str]]) -> None:
    text = decode(" ".join(f"=?{charset}?{encoding}?{content}?=" for charset, encoding, content in words))

    assert text.encode().decode() == text
    assert text == " ".join(text.split())
    assert not any(unicodedata.category(char) == "Cc" for char in text)
