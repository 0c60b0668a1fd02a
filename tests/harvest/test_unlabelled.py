# ruff: noqa: RUF001  (the letters of many alphabets are the point)

import pytest

from mailbox_svc.harvest.unlabelled import header_text, text_of

#: Invented names, as the mailers of a country have written them without saying the charset.
NAMES = {
    "cp1252": [
        "Jürgen Müller", "François", "Åsa Öberg", "Þórður", "Björk Guðmundsdóttir", "José Ñúñez",
        "Müller’s Büro", "É. Zola", "L´été", "“Joe”", "Über uns", "¿quién?", "Col·lecció", "100 £", "Ça va",
    ],
    "cp1250": ["Łukasz Wałęsa", "Małgorzata Święcka", "Krzysztof Żółw"],
    "iso8859_2": ["Łukasz Wałęsa", "Małgorzata Święcka"],
    "cp1251": ["Иван Петров", "Ольга Смирнова", "Юлия", "АРЗАМАС", "отдел продаж"],
    "koi8_r": ["Иван Петров", "Ольга Смирнова", "Юлия", "АРЗАМАС", "отдел продаж"],
    "cp1253": ["Γιώργος Παπαδόπουλος", "Ελένη Νικολάου", "Κώστας"],
    "cp1255": ["משה כהן", "שרה לוי"],
    "cp949": ["김민수", "이영희", "홍길동", "윤하나 대리", "SK 고객센터"],
    "gb18030": ["王伟", "李娜", "张先生", "欧阳修", "诸葛亮", "深圳公司"],
    "big5hkscs": ["王小明", "陳美玲", "林志豪", "黃先生", "資訊網"],
    "euc_jp": ["たなか", "山田たろう", "サポートセンター"],
    "cp932": ["山田太郎", "鈴木花子", "表参道", "サポート"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("codec", "name"), [(codec, name) for codec, names in NAMES.items() for name in names]
)
def test_an_evident_charset_is_seen(codec: str, name: str) -> None:
    assert text_of(name.encode(codec)) == name
    assert header_text(b'"' + name.encode(codec) + b'" <a@example.org>, B <b@example.org>') == (
        f'"{name}" <a@example.org>, B <b@example.org>'
    )


def test_the_names_of_one_list_may_be_in_several_charsets() -> None:
    value = "Jürgen".encode() + b" <a@example.org>, " + "Иван Петров".encode("koi8_r") + b" <b@example.org>"

    assert header_text(value) == "Jürgen <a@example.org>, Иван Петров <b@example.org>"


def test_japanese_that_looks_like_ascii_is_read_where_it_is_closed() -> None:
    name = "山田".encode("iso2022_jp")

    assert text_of(b'"' + name + b'" <a@example.org>, ' + name) == '"山田" <a@example.org>, 山田'
    assert text_of(name.replace(b"(B", b"(J") + b" <a@example.org>") == "山田 <a@example.org>"
    assert header_text(name[:-3] + b"\x1b <a@example.org>") == " $B;3ED  <a@example.org>"


def test_a_header_is_unfolded_and_holds_no_control_characters() -> None:
    assert header_text(b"a\r\n\tb\n c\rd\r\ne\x00f\x7f\xc2\x85") == "a b c d  e f  "


def test_a_long_row_of_odd_bytes_is_text_as_well() -> None:
    assert len(text_of(b"\xe9" * 100_000)) in {50_000, 100_000}
    assert text_of(b"\xff\xfe\x81") == "ÿþ\ufffd"
