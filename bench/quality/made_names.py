"""Names of many languages for made-up people: common ones, and family names put together of parts."""

# ruff: noqa: RUF001  (letters that resemble others are the point)

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    """What names of one language are made of."""

    given: tuple[str, ...]
    common: tuple[str, ...]
    #: Family names that few have: a beginning and an end.
    starts: tuple[str, ...]
    ends: tuple[str, ...]

    def family(self, chance: random.Random) -> str:
        """Return a family name; one in ten is common."""
        if chance.random() < 0.1:
            return chance.choice(self.common)
        return chance.choice(self.starts) + chance.choice(self.ends)


def _language(given: str, common: str, starts: str, ends: str) -> Language:
    return Language(*(tuple(text.split()) for text in (given, common, starts, ends)))


ENGLISH = _language(
    "James Robert William Michael Thomas Daniel Elizabeth Katherine Margaret Jennifer Susan Deborah Edward "
    "Matthew Christopher Samuel Rebecca Victoria Patricia Timothy Gregory Olivia Hazel Audrey Martin",
    "Smith Jones Taylor Brown Williams Wilson Johnson Davies Walker Green Hall Clark",
    "Ash Black Brad Cross Dun Elms Fair Grand Hather Kirk Lock Mort Ox Red Stan Thorn Whit Wood",
    "bourne bury combe croft dale field ford ham hurst ley mere more stone thwaite ton wick worth",
)
GERMAN = _language(
    "Thomas Michael Andreas Stefan Christian Jürgen Günther Friedrich Wolfgang Matthias Susanne Katharina "
    "Elisabeth Ulrike Franziska Jörg Björn Bärbel Heike Annika Johannes Ludwig Götz Sebastian",
    "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch",
    "Birken Blumen Eber Finken Grün Hohen Kirch Kräuter Lilien Mühl Nuss Rosen Schön Stein Tann Weiß Ziegel",
    "acker bach baum berger brück dorfer eich feld gärtner hauer hofer hölzl kamp lechner mayer stätter wald",
)
RUSSIAN = _language(
    "Александр Дмитрий Сергей Алексей Михаил Николай Юлия Екатерина Наталья Мария Татьяна Владимир Ольга",
    "Иванов Петров Смирнов Кузнецов Попов Соколов",
    "Боро Верхо Гала Дерга Жемчу Загор Кова Лебе Мельни Остро Порту Рябо Судо Тихо Шере Яхо",
    "виков гин данов дский лев ленко мин нский нюк рин рович стов тенко хов чук щенко",
)
GREEK = _language(
    "Γιώργος Νίκος Ελένη Κωνσταντίνος Δημήτρης Αικατερίνη Παναγιώτης Σοφία Βασίλης Μαρία Ιωάννης Άννα",
    "Παπαδόπουλος Παππάς Δημητρίου",
    "Αλεξ Βασιλ Γερασιμ Δελη Ζαχαρ Ηλι Θεοδωρ Καρα Λαμπρ Μανωλ Νικολ Ξεν Οικον Ραπτ Σταθ Τσακ Φωτ Χατζη",
    "άκης ίδης όπουλος αρίδης ατος γιάννης",
)
SPANISH = _language(
    "José Francisco Antonio Manuel Carmen Dolores Mercedes Enrique Ignacio Guadalupe Beatriz Joaquín Inés",
    "García Rodríguez González Fernández López Martínez Pérez",
    "Alba Bena Cala Echeva Goyco Iturri Lare Mendi Oyar Urqui Vela Zuma",
    "barri charte chea dua goitia lde ñaga rreta salde vente vides zábal",
)
POLISH = _language(
    "Katarzyna Małgorzata Agnieszka Tomasz Krzysztof Grzegorz Wojciech Zbigniew Łukasz Paweł Magdalena Jan",
    "Nowak Kowalski Wiśniewski Wójcik",
    "Brzo Chmie Dą Gór Jasz Kra Lew Malin Ostr Pią Róż Szcz Trza Wło Żoł",
    "browicz browski czak czyński dziak kowiak lewicz mbrowicz nicki pczyk sadzki skiewicz wiecki zowski",
)
FRENCH = _language(
    "François Hélène Chloé Benoît Frédéric Céline Anaïs Gérard Jean-Pierre Marie-Claude Thérèse Étienne Yves",
    "Martin Bernard Dubois Durand Moreau Petit Leroy",
    "Beau Bel Chante Cour Fon Gran Haute Mar Mont Rou Saint Vau Ville",
    "bourg caille champ cluse court fleury garde lieu marche neau pierre regard sault telle vigne",
)
TURKISH = _language(
    "Mehmet Ayşe Fatma Mustafa Emre Özlem Gülşen Çağla Şükrü İbrahim",
    "Yılmaz Kaya Demir Çelik Şahin",
    "Ak Bal Boz Çak Dağ Er Güm Kara Öz Sarı Tem Yal",
    "bulut çınar demirci doğan gül kaplan oğlu soy taş türk yıldız",
)
INDIAN = _language(
    "Priya Rahul Sanjay Lakshmi Anil Deepika Vikram Meera Arjun Kavita Suresh Nandini Harish Gayatri",
    "Patel Sharma Singh Kumar Gupta",
    "Bhatta Chakra Deva Gopala Hari Krishna Maha Naga Rama Subra Venka",
    "charya krishnan linga manian murthy nathan raju sundaram swamy varty",
)
CHINESE = _language(
    "小龙 志明 美玲 国强 建华 秀英 俊杰 雅婷 思源 海燕 文博 子涵 春梅 永康 佳怡 大勇 晓峰 玉兰 嘉豪 静怡",
    "王 李 张 刘",
    "欧 司 上 诸 慕 皇 令 东 夏 公 南 西",
    "阳 马 官 葛 容 甫 狐 方",
)
LANGUAGES = (
    ENGLISH, ENGLISH, GERMAN, GERMAN, RUSSIAN, GREEK, SPANISH, POLISH, FRENCH, TURKISH, INDIAN, CHINESE,
)  # fmt: skip

#: Given names that are family names as well.
EITHER_NAME = (
    "Martin", "Thomas", "Simon", "Michel", "Robert", "Bernard", "Ernst", "Konrad", "Vincent", "Gilbert",
    "Arnold", "Leonard", "Ludwig", "Albert", "Franz",
)  # fmt: skip

#: What people are called, of those names; not read from the project's own list.
SHORT = {
    "James": "Jim", "Robert": "Bob", "William": "Bill", "Michael": "Mike", "Thomas": "Tom", "Daniel": "Dan",
    "Elizabeth": "Liz", "Katherine": "Kate", "Margaret": "Peggy", "Jennifer": "Jenny", "Susan": "Sue",
    "Deborah": "Debbie", "Edward": "Ted", "Matthew": "Matt", "Christopher": "Chris", "Samuel": "Sam",
    "Rebecca": "Becky", "Victoria": "Vicky", "Patricia": "Trish", "Timothy": "Tim", "Gregory": "Greg",
    "Friedrich": "Fritz", "Wolfgang": "Wolfi", "Matthias": "Matze", "Susanne": "Susi", "Katharina": "Kathi",
    "Elisabeth": "Lisa", "Ulrike": "Uli", "Franziska": "Franzi", "Johannes": "Hannes", "Sebastian": "Basti",
    "Александр": "Саша", "Дмитрий": "Дима", "Михаил": "Миша", "Николай": "Коля", "Екатерина": "Катя",
    "Владимир": "Володя", "Татьяна": "Таня", "Francisco": "Paco", "José": "Pepe", "Enrique": "Quique",
    "Katarzyna": "Kasia", "Małgorzata": "Gosia", "Tomasz": "Tomek", "Grzegorz": "Grzesiek",
    "Wojciech": "Wojtek", "Magdalena": "Magda", "Κωνσταντίνος": "Κώστας",
}  # fmt: skip

#: Different names that look alike.
LOOK_ALIKES = (
    ("Daniel", "Daniela"), ("Christian", "Christina"), ("Jan", "Jana"), ("Jan", "Ian"), ("Martin", "Martina"),
    ("Marie", "Maria"), ("Julian", "Juliane"), ("Stefan", "Stefanie"), ("Eric", "Erica"), ("Paul", "Paula"),
    ("Gabriel", "Gabriela"), ("Anna", "Hanna"), ("Karin", "Karina"), ("Simon", "Simone"), ("Dan", "Jan"),
    ("Michal", "Michala"), ("Andreas", "Andrea"), ("Mark", "Marek"), ("Ella", "Elsa"), ("Tim", "Tom"),
    ("Alexander", "Alexandra"), ("Иван", "Иванна"), ("Валерий", "Валерия"), ("Александр", "Александра"),
)  # fmt: skip

#: BGN/PCGN as passports have it, and one of the ways people write it.
_PASSPORT = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya".split(),  # noqa: SIM905
        strict=True,
    )
)
_EVERYDAY = _PASSPORT | {"й": "j", "х": "h", "ц": "c", "ю": "iu", "я": "ia"}
_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώ",
        "a v g d e z i th i k l m n x o p r s s t y f ch ps o a e i i o y o".split(),  # noqa: SIM905
        strict=True,
    )
)
_MARKS = str.maketrans("äöüáéíóúñçęąłńśźżćèêëïîôâàãõışğåøýžščřěů", "aouaeiouncealnszzceeeiioaaaoisgaoyzscreu")
_WRITTEN_OUT = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}


def in_latin(name: str, *, everyday: bool = False) -> str:
    """Return a Cyrillic or Greek name as it is written in Latin letters; others stay."""
    table = (_EVERYDAY if everyday else _PASSPORT) | _GREEK
    text = "".join(table.get(letter, letter) for letter in name.lower().replace("ου", "ou")).replace("_", "")
    return name if text == name.lower() else text.title()


def in_ascii(name: str, *, written_out: bool = False) -> str:
    """Return a name in the letters that an address has, in small ones; empty when it has none of them."""
    text = in_latin(name).lower().replace("i̇", "i")
    if written_out:
        text = "".join(_WRITTEN_OUT.get(letter, letter) for letter in text)
    text = text.replace("ß", "ss").translate(_MARKS)
    return "".join(letter for letter in text if letter.isascii() and letter.isalpha())
