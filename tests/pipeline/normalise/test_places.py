import csv
from collections import Counter

import pytest

from pipeline.normalise.address_reading import read_place
from pipeline.normalise.places import join_display, name_parts, place_key
from tests.conftest import SHARED


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("G‘ishtmachit", "g'ishtmachit"),
        ("ҒИШТМАЧИТ", "g'ishtmachit"),
        ("Ğiştmaçit", "g'ishtmachit"),
        ("Мuhammad", "muhammad"),
        ("Янгиер", "yangiyer"),
        ("Maʼrifat", "marifat"),
        ("Yangi mahalla", "yangimahalla"),
        ("Atakөl", "atako'l"),
        ("Altınkól", "altinko'l"),
        ("İSTIQLOL", "istiqlol"),
        ("8-mart", "8mart"),
        ("Birlik-01", "birlik1"),
        ("", None),
        ("!?", None),
    ],
)
def test_place_key(text, key):
    assert place_key(text) == key


@pytest.mark.parametrize(
    ("text", "display"),
    [
        ("мустақиллик", "Mustaqillik"),
        ("SHOʻRQISHLOQ", "Shoʻrqishloq"),
        ("8-MART", "8-mart"),
        ("birlik 1", "Birlik-1"),
        ("mustaqillikning 20 yilligi", "Mustaqillikning 20 yilligi"),
        ("t malik", "T. Malik"),
    ],
)
def test_display(text, display):
    assert join_display(name_parts(text)) == display


def test_every_official_mahalla_is_read():
    path = SHARED / "data" / "mahallas.csv"
    if not path.exists():
        pytest.skip("../shared/data/mahallas.csv is not there")
    kinds = Counter()
    with path.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            reading = read_place(None, row["name"], None, None, has_number=False)
            assert reading.is_only("mahalla"), row["mahalla_code"]
            assert reading.mahalla.key, row["mahalla_code"]
            kinds[reading.mahalla.kind] += 1
    # One published name has no type word (domain notes).
    assert kinds == {"MFY": 9219, "OFY": 167, "QFY": 65, None: 1}
