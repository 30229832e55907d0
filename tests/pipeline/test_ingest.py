import datetime
import gzip
import hashlib
import json

import polars as pl
import pytest
import zstandard

from pipeline.errors import SourceError
from pipeline.files import (
    assert_unchanged,
    delivery_fingerprint,
    discover,
    unknown_files,
)
from pipeline.ingest import ingest
from pipeline.simulate.simulation import simulate
from pipeline.tables import reference_table, write_table
from schemas.catalogue import SOURCES, source_table
from schemas.source import QuarantinedRow
from tests.delivery_files import (
    DWELLING,
    PERSON,
    PRECINCT,
    as_csv,
    as_jsonl,
    ingest_source,
    people,
    quarantined,
    rules_of,
    table_of,
    write_delivery,
)

CYRILLIC = {"surname": "Каримов", "given_name": "Алишер", "patronymic": "Собирович"}


def workbook(rows):
    import io

    stream = io.BytesIO()
    pl.DataFrame(rows).write_excel(stream)
    return stream.getvalue()


def parquet(rows):
    import io

    stream = io.BytesIO()
    pl.DataFrame(rows).write_parquet(stream)
    return stream.getvalue()


def test_a_clean_delivery_is_accepted_whole(engine, run, tmp_path):
    delivery = write_delivery(tmp_path / "d")
    for source in SOURCES:
        result = ingest_source(engine, delivery, source)
        assert result.report.present == (
            source in discover(str(delivery)) and bool(discover(str(delivery))[source])
        )
        assert result.report.quarantined == 0
        assert write_table(engine, run, source_table(source), result.rows) == (
            1 if result.report.present else 0
        )
        assert result.quarantine.columns == QuarantinedRow.column_names()


def test_values_arrive_typed_and_texts_as_they_were(engine, tmp_path):
    row = PERSON | {
        "surname": "  O‘g‘li \u00a0",
        "birth_date": "1960",
        "registered_on": "1.2.2020",
    }
    table = table_of(
        ingest_source(
            engine, write_delivery(tmp_path / "d", {"mia/persons.csv": as_csv([row])})
        )
    )
    found = table.row(0, named=True)
    assert found["surname"] == "O‘g‘li"
    assert str(found["birth_date"]) == "1960-01-01"
    assert found["birth_date_precision"] == "YEAR"
    assert str(found["registered_on"]) == "2020-02-01"
    assert str(found["updated_at"]) == "2024-01-01 10:00:00"
    assert found["building"] is None
    assert (found["row_id"], found["source_file"], found["source_row"]) == (
        0,
        "mia/persons.csv",
        1,
    )


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("persons.csv", as_csv),
        ("persons.tsv", lambda rows: as_csv(rows, "\t")),
        ("persons-1.csv", lambda rows: as_csv(rows, ";")),
        ("persons/part-1.csv", lambda rows: as_csv(rows, "|")),
        ("persons.csv", lambda rows: b"sep=;\r\n" + as_csv(rows, ";")),
        ("persons.csv", lambda rows: as_csv(rows, encoding="utf-8-sig")),
        ("persons.csv", lambda rows: as_csv(rows, encoding="utf-16")),
        ("persons.csv", lambda rows: as_csv(rows, encoding="utf-16-le")),
        ("persons.csv", lambda rows: as_csv(rows, encoding="utf-16-be")),
        ("persons.csv", lambda rows: as_csv(rows, encoding="cp1251")),
        ("persons.csv", lambda rows: as_csv(rows, encoding="cp866")),
        ("persons.csv", lambda rows: as_csv(rows).replace(b"\n", b"\r\n")),
        ("persons.csv.gz", lambda rows: gzip.compress(as_csv(rows))),
        (
            "persons.csv.gz",
            lambda rows: (
                gzip.compress(as_csv(rows[:1]))
                + gzip.compress(as_csv(rows).split(b"\n", 2)[2])
            ),
        ),
        (
            "persons.csv.zst",
            lambda rows: zstandard.compress(as_csv(rows, encoding="cp1251")),
        ),
        ("persons.jsonl", as_jsonl),
        ("persons.ndjson.gz", lambda rows: gzip.compress(as_jsonl(rows))),
        ("persons.parquet", parquet),
        ("persons-[1]*.parquet", parquet),
        ("persons.xlsx", workbook),
    ],
)
def test_every_format_gives_the_same_table(engine, tmp_path, name, make):
    rows = people(3, street="Навоий", house="1", **CYRILLIC)
    delivery = write_delivery(tmp_path / "d", {f"mia/{name}": make(rows)})
    result = ingest_source(engine, delivery)
    assert result.report.quarantined_by_rule == {}
    found = table_of(result).cast(pl.String).fill_null("").to_dicts()
    typed = {"birth_date_precision": "DAY", "updated_at": "2024-01-01 10:00:00.000000"}
    expected = [
        row
        | typed
        | {"row_id": str(n), "source_file": f"mia/{name}", "source_row": str(n + 1)}
        for n, row in enumerate(rows)
    ]
    assert found == [{key: row[key] for key in found[0]} for row in expected]


def test_encoding_and_delimiter_are_reported(engine, tmp_path):
    content = as_csv(people(2, street="Навоий", **CYRILLIC), ";", "cp1251")
    report = ingest_source(
        engine, write_delivery(tmp_path / "d", {"mia/persons.csv": content})
    ).report
    file = report.files[0]
    assert (file.encoding, file.delimiter, file.format, file.rows) == (
        "cp1251",
        ";",
        "CSV",
        2,
    )
    assert file.sha256 == hashlib.sha256(content).hexdigest()


BROKEN = [
    ({"birth_date": "31.02.1990"}, "birth_date", "birth_date_possible"),
    ({"birth_date": "1850-01-01"}, "birth_date", "birth_date_possible"),
    ({"birth_date": "2190-01-01"}, "birth_date", "birth_date_possible"),
    ({"birth_date": ""}, "birth_date", "birth_date_given"),
    ({"birth_date": "  "}, "birth_date", "birth_date_given"),
    ({"sex": "X"}, "sex", "sex_known"),
    ({"sex": "m"}, "sex", "sex_known"),
    ({"sex": ""}, "sex", "sex_given"),
    ({"registration_kind": "FOREVER"}, "registration_kind", "registration_kind_known"),
    ({"document_type": "VISA"}, "document_type", "document_type_known"),
    ({"citizenship": "Uzbekistan"}, "citizenship", "citizenship_well_formed"),
    ({"region_code": "1799"}, "region_code", "region_code_known"),
    ({"district_code": "1718999"}, "district_code", "district_code_known"),
    ({"district_code": ""}, "district_code", "district_code_given"),
    ({"region_code": "1703"}, None, "district_in_region"),
    ({"surname": "", "given_name": ""}, None, "name_given"),
    ({"registered_on": "2020-02-30"}, "registered_on", "registered_on_possible"),
    ({"registered_until": "2020"}, "registered_until", "registered_until_possible"),
    ({"updated_at": "tomorrow"}, "updated_at", "updated_at_possible"),
    ({"record_id": ""}, "record_id", "record_id_given"),
    ({"record_id": "x" * 201}, "record_id", "field_length"),
    ({"surname": "x" * 2001}, "surname", "field_length"),
    ({"surname": "a\x00b"}, None, "no_nul_byte"),
]


def test_each_row_that_breaks_one_rule_is_refused_by_it(engine, tmp_path):
    broken = [
        {**PERSON, "record_id": f"X{place:02}", **changes}
        for place, (changes, _, _) in enumerate(BROKEN)
    ]
    rows = [*people(2), *broken]
    delivery = write_delivery(tmp_path / "d", {"mia/persons.csv": as_csv(rows)})
    result = ingest_source(engine, delivery)
    found = rules_of(result)
    for place, (changes, column, rule) in enumerate(BROKEN, start=3):
        assert found.pop(place) == (column, rule), changes.keys()
    assert found == {}
    assert table_of(result)["record_id"].to_list() == ["P1", "P2"]


@pytest.mark.parametrize(
    ("source", "row", "broken"),
    [
        (
            "cadastre/dwellings",
            DWELLING,
            [
                ({"rooms": "many"}, "rooms_is_number"),
                ({"rooms": "-1"}, "rooms_in_range"),
                ({"latitude": "95"}, "latitude_in_range"),
                ({"floor_area_m2": "80,5"}, "floor_area_m2_is_number"),
                ({"cadastral_number": ""}, "cadastral_number_given"),
                ({"object_kind": "CASTLE"}, "object_kind_known"),
            ],
        ),
        (
            "cec/precincts",
            PRECINCT,
            [
                ({"precinct_number": "0"}, "precinct_number_in_range"),
                ({"precinct_number": "1a"}, "precinct_number_is_number"),
                ({"kind": "VIRTUAL"}, "kind_known"),
            ],
        ),
    ],
    ids=["dwellings", "precincts"],
)
def test_rules_of_other_tables(engine, tmp_path, source, row, broken):
    content = as_csv([row, *(row | changes for changes, _ in broken)])
    delivery = write_delivery(tmp_path / "d", {f"{source}.csv": content})
    result = ingest_source(engine, delivery, source)
    found = [rule for _, rule in sorted(rules_of(result).values(), key=str)]
    assert sorted(found) == sorted(rule for _, rule in broken)
    assert result.report.accepted == 1


def test_rules_of_restrictions_and_decisions(engine, tmp_path):
    restriction = {
        "record_id": "R1",
        "kind": "IMPRISONMENT",
        "gravity": "",
        "pinfl": "1",
        "surname": "",
        "given_name": "",
        "patronymic": "",
        "birth_date": "",
        "valid_from": "2020-01-01",
        "valid_until": "2019-01-01",
        "authority": "",
        "reference": "",
    }
    restrictions = [
        restriction,
        restriction | {"record_id": "R2", "gravity": "GRAVE"},
        restriction | {"record_id": "R3", "kind": "DEATH", "valid_until": "", "pinfl": ""},
    ]
    decisions = [
        {
            "decision_id": f"D{n}",
            "kind": kind,
            "decided_by": "CEC",
            "decided_at": "2026-01-01",
            "pinfl": "",
        }
        for n, kind in enumerate(["SAME_PERSON", "CORRECT", "EXCLUDE", "BANISH"])
    ]
    delivery = write_delivery(
        tmp_path / "d",
        {
            "mia/restrictions.csv": as_csv(restrictions),
            "cec/decisions.csv": as_csv(decisions),
        },
    )
    found = ingest_source(engine, delivery, "mia/restrictions").report.quarantined_by_rule
    assert found == {
        "gravity_of_imprisonment_known": 1,
        "period_in_order": 1,
        "names_somebody": 1,
    }
    found = ingest_source(engine, delivery, "cec/decisions").report.quarantined_by_rule
    assert found == {
        "pair_named": 1,
        "correction_complete": 1,
        "voter_named": 1,
        "kind_known": 1,
    }


def test_a_pinfl_of_13_digits_stays_for_normalisation(engine, tmp_path):
    rows = [PERSON | {"pinfl": "3010190123456"}]
    result = ingest_source(
        engine, write_delivery(tmp_path / "d", {"mia/persons.csv": as_csv(rows)})
    )
    assert table_of(result)["pinfl"].to_list() == ["3010190123456"]


def test_quarantine_shows_where_and_what(engine, tmp_path):
    rows = [*people(1), PERSON | {"record_id": "P9", "sex": "X"}]
    content = as_csv(rows) + b"P10,cut\n"
    row, line = quarantined(
        ingest_source(
            engine, write_delivery(tmp_path / "d", {"mia/persons-2.csv": content})
        )
    )
    assert row["source"] == "mia/persons"
    assert (row["source_file"], row["source_row"]) == ("mia/persons-2.csv", 2)
    assert (row["record_id"], row["region_code"], row["district_code"]) == (
        "P9",
        "1718",
        "1718203",
    )
    assert json.loads(row["raw_row"])["sex"] == "X"
    assert (line["source_row"], line["rule"]) == (3, "columns_counted")
    assert json.loads(line["raw_row"]) == {"line": "P10,cut"}


def test_nul_characters_of_other_formats_are_found(engine, tmp_path):
    rows = [PERSON, PERSON | {"record_id": "P2", "surname": "a\x00b"}]
    for name, content in (
        ("persons.parquet", parquet(rows)),
        ("persons.jsonl", as_jsonl(rows)),
    ):
        result = ingest_source(
            engine, write_delivery(tmp_path / name, {f"mia/{name}": content})
        )
        assert rules_of(result) == {2: (None, "no_nul_byte")}


def test_lines_that_are_no_json_are_refused_alone(engine, tmp_path):
    content = as_jsonl(people(1)) + b'{"record_id": \n[1, 2]\n' + as_jsonl(people(2)[1:])
    result = ingest_source(
        engine, write_delivery(tmp_path / "d", {"mia/persons.jsonl": content})
    )
    assert rules_of(result) == {2: (None, "json_readable"), 3: (None, "json_readable")}
    assert result.report.accepted == 2


# Damaged files: each fault and what becomes of it.


def persons_with(tmp_path, content, name="persons.csv"):
    return write_delivery(tmp_path / "d", {f"mia/{name}": content})


def test_a_cut_row_is_refused_alone(engine, tmp_path):
    lines = as_csv(people(3)).split(b"\n")
    lines[2] = lines[2][:20]
    result = ingest_source(engine, persons_with(tmp_path, b"\n".join(lines)))
    assert rules_of(result) == {2: (None, "columns_counted")}


def test_a_cut_text_file_loses_its_last_row_and_says_so(engine, tmp_path):
    result = ingest_source(engine, persons_with(tmp_path, as_csv(people(3))[:-60]))
    assert rules_of(result) == {3: (None, "columns_counted")}
    assert "was the file cut?" in result.report.files[0].notes[0]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("persons.csv.gz", gzip.compress(as_csv(people(50)))[:-30]),
        ("persons.csv.gz", b"no gzip at all"),
        ("persons.csv.zst", zstandard.compress(as_csv(people(50)))[:-30]),
        ("persons.parquet", parquet(people(50))[:-30]),
        ("persons.parquet", b"no parquet at all"),
        ("persons.xlsx", workbook(people(50))[:-30]),
        ("persons.xlsx", b"no workbook at all"),
    ],
)
def test_a_cut_packed_file_is_refused_whole(engine, tmp_path, name, content):
    with pytest.raises(SourceError, match=f"mia/{name}"):
        ingest_source(engine, persons_with(tmp_path, content, name))


def test_another_encoding_half_way_costs_its_rows_only(engine, tmp_path):
    head = as_csv(people(3, **CYRILLIC))
    foreign = as_csv(
        [PERSON | CYRILLIC | {"record_id": "P4", "street": "Навоий"}], encoding="cp1251"
    )
    result = ingest_source(
        engine, persons_with(tmp_path, head + foreign.split(b"\n", 1)[1])
    )
    assert rules_of(result) == {4: (None, "text_decodable")}
    assert table_of(result)["surname"].to_list() == ["Каримов"] * 3


def test_utf8_half_way_through_cp1251_costs_its_rows_only(engine, tmp_path):
    rows = people(3, street="Навоий", **CYRILLIC)
    head = as_csv(rows, encoding="cp1251")
    foreign = as_csv([rows[0] | {"record_id": "P4"}])
    result = ingest_source(
        engine, persons_with(tmp_path, head + foreign.split(b"\n", 1)[1])
    )
    assert rules_of(result) == {4: (None, "text_decodable")}
    assert table_of(result)["surname"].to_list() == ["Каримов"] * 3


def test_a_dropped_column_refuses_the_file(engine, tmp_path):
    rows = [{key: value for key, value in PERSON.items() if key != "sex"}]
    with pytest.raises(SourceError, match=r"mia/persons.csv: column missing: sex$"):
        ingest_source(engine, persons_with(tmp_path, as_csv(rows)))


def test_a_dropped_nullable_column_is_null_and_reported(engine, tmp_path):
    rows = [{key: value for key, value in PERSON.items() if key != "building"}]
    report = ingest_source(engine, persons_with(tmp_path, as_csv(rows))).report
    assert report.files[0].columns_absent == ("building",)


def test_an_added_column_refuses_the_file(engine, tmp_path):
    with pytest.raises(SourceError, match="column unknown: 'shoe_size'"):
        ingest_source(
            engine, persons_with(tmp_path, as_csv([PERSON | {"shoe_size": "42"}]))
        )


def test_a_renamed_column_is_named_with_the_nearest_known_one(engine, tmp_path):
    content = as_csv([PERSON]).replace(b"birth_date", b"birth_day", 1)
    with pytest.raises(
        SourceError, match="missing: birth_date.*'birth_day'; nearest known: birth_date"
    ):
        ingest_source(engine, persons_with(tmp_path, content))


def test_a_file_without_header_repeats_nobodys_data(engine, tmp_path):
    content = as_csv([PERSON]).split(b"\n", 1)[1]
    with pytest.raises(SourceError, match="is no header") as caught:
        ingest_source(engine, persons_with(tmp_path, content))
    assert "Karimov" not in str(caught.value)


def test_a_repeated_column_refuses_the_file(engine, tmp_path):
    content = as_csv([PERSON]).replace(b"patronymic", b"surname", 1)
    with pytest.raises(SourceError, match="repeats"):
        ingest_source(engine, persons_with(tmp_path, content))


def test_a_hundred_thousand_columns_are_refused(engine, tmp_path):
    content = ",".join(f"c{n}" for n in range(100_000)).encode() + b"\n"
    with pytest.raises(SourceError, match="100000 columns"):
        ingest_source(engine, persons_with(tmp_path, content))


def test_a_copy_of_a_file_is_not_counted_twice(engine, tmp_path):
    content = as_csv(people(3))
    files = {"mia/persons.csv": content, "mia/persons-2.csv.gz": gzip.compress(content)}
    result = ingest_source(engine, write_delivery(tmp_path / "d", files))
    assert result.report.accepted == 3
    assert result.report.quarantined_by_rule == {"file_not_repeated": 3}
    assert {row["source_file"] for row in quarantined(result)} == {"mia/persons.csv"}
    assert "is a copy of" in result.report.files[1].notes[0]


def test_an_empty_file_beside_another_is_reported(engine, tmp_path):
    files = {"mia/persons.csv": as_csv(people(2)), "mia/persons-2.csv": b""}
    result = ingest_source(engine, write_delivery(tmp_path / "d", files))
    assert result.report.accepted == 2
    assert result.report.files[0].notes == ("file is empty",)


@pytest.mark.parametrize(
    "content",
    [b"", as_csv([PERSON]).split(b"\n")[0], as_csv([PERSON]).split(b"\n")[0] + b"\n"],
)
def test_a_required_table_without_rows_is_refused(engine, tmp_path, content):
    with pytest.raises(SourceError, match="mia/persons has no rows"):
        ingest_source(engine, persons_with(tmp_path, content))


def test_an_optional_table_without_rows_is_present_and_empty(engine, tmp_path):
    delivery = write_delivery(tmp_path / "d", {"cec/rosters.csv": b""})
    result = ingest_source(engine, delivery, "cec/rosters")
    assert (result.report.present, result.report.rows) == (True, 0)
    assert result.rows.columns == SOURCES["cec/rosters"].column_names()


def test_a_bomb_is_refused_before_it_fills_anything(engine, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.reading.decoding.BOMB_BYTES", 1 << 20)
    header = as_csv([PERSON]).split(b"\n")[0] + b"\n"
    content = gzip.compress(header + b"0" * (64 << 20))
    with pytest.raises(SourceError, match="unpacks to more than"):
        ingest_source(engine, persons_with(tmp_path, content, "persons.csv.gz"))


# Keys.


def test_of_rows_with_one_key_the_last_changed_stays(engine, tmp_path):
    rows = [
        PERSON | {"updated_at": day, "house": house}
        for day, house in [
            ("2024-01-02", "2"),
            ("2024-01-03", "3"),
            ("", "9"),
            ("2024-01-01", "1"),
        ]
    ]
    result = ingest_source(engine, persons_with(tmp_path, as_csv(rows)))
    assert table_of(result)["house"].to_list() == ["3"]
    assert rules_of(result) == {n: ("record_id", "record_id_unique") for n in (1, 3, 4)}


def test_of_identical_rows_one_stays(engine, tmp_path):
    result = ingest_source(engine, persons_with(tmp_path, as_csv([PERSON] * 3)))
    assert result.report.accepted == 1
    assert rules_of(result) == {n: ("record_id", "record_id_unique") for n in (2, 3)}


def test_precincts_are_unique_by_region_and_number(engine, tmp_path):
    rows = [
        PRECINCT,
        PRECINCT | {"name": "Bogʻcha"},
        PRECINCT | {"region_code": "1703", "district_code": "1703202"},
    ]
    delivery = write_delivery(tmp_path / "d", {"cec/precincts.csv": as_csv(rows)})
    result = ingest_source(engine, delivery, "cec/precincts")
    assert table_of(result).select("row_id", "region_code", "name").rows() == [
        (0, "1703", "Maktab"),
        (1, "1718", "Maktab"),
    ]
    assert result.report.quarantined_by_rule == {"precinct_number_unique": 1}


def test_dwellings_that_share_a_cadastral_number_both_stay(engine, tmp_path):
    rows = [DWELLING, DWELLING | {"house": "13"}]
    delivery = write_delivery(tmp_path / "d", {"cadastre/dwellings.csv": as_csv(rows)})
    assert ingest_source(engine, delivery, "cadastre/dwellings").report.accepted == 2


def test_rows_are_numbered_in_the_order_of_the_key(engine, tmp_path):
    rows = [PERSON | {"record_id": key} for key in ("b", "C", "a", "Б", "10", "9")]
    table = table_of(ingest_source(engine, persons_with(tmp_path, as_csv(rows))))
    assert table["record_id"].to_list() == ["10", "9", "C", "a", "b", "Б"]
    assert table["row_id"].to_list() == [0, 1, 2, 3, 4, 5]


# The delivery as a whole.


def test_missing_tables_are_named_at_once(engine, tmp_path):
    delivery = write_delivery(tmp_path / "d")
    (delivery / "mia/persons.csv").rename(delivery / "mia/person.csv")
    (delivery / "cec/precincts.csv").unlink()
    with pytest.raises(
        SourceError, match="lacks mia/persons, cec/precincts.*nearest known: mia/persons"
    ):
        ingest_source(engine, delivery, "cadastre/dwellings")


def test_unknown_files_are_reported(tmp_path):
    delivery = write_delivery(
        tmp_path / "d",
        {
            "mia/persona.csv": b"x",
            "cec/rosters.pdf": b"x",
            "cec/boundaries.geojson": b"{}",
            "notes/x.txt": b"x",
        },
    )
    assert unknown_files(str(delivery)) == [
        "notes is no supplier's folder",
        "cec/rosters.pdf has no format that can be read",
        "mia/persona.csv is no table; nearest known: mia/persons",
    ]


def test_links_out_of_the_delivery_are_refused(engine, tmp_path):
    outside = tmp_path / "outside.csv"
    outside.write_bytes(as_csv([PERSON]))
    delivery = write_delivery(tmp_path / "d")
    (delivery / "mia/persons-2.csv").symlink_to(outside)
    with pytest.raises(SourceError, match="mia/persons-2.csv leads out of the delivery"):
        ingest_source(engine, delivery)


def test_a_delivery_that_changes_is_noticed(tmp_path):
    delivery = write_delivery(tmp_path / "d")
    before = delivery_fingerprint(str(delivery))
    assert_unchanged(str(delivery), before)
    path = delivery / "mia/persons.csv"
    path.write_bytes(path.read_bytes().replace(b"Karimov", b"Kamirov"))
    with pytest.raises(SourceError, match="changed while it was read: mia/persons.csv$"):
        assert_unchanged(str(delivery), before)


def control(**content):
    return json.dumps(content).encode()


CONTENT = as_csv(people(3))
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def test_a_control_file_that_agrees_dates_the_table(engine, tmp_path):
    note = control(rows=3, sha256={"persons.csv": DIGEST}, as_of="2026-11-01")
    delivery = write_delivery(
        tmp_path / "d", {"mia/persons.csv": CONTENT, "mia/persons.control.json": note}
    )
    assert str(ingest_source(engine, delivery).report.as_of) == "2026-11-01"


@pytest.mark.parametrize(
    ("note", "message"),
    [
        (control(rows=4), "says 4 rows, 3 came"),
        (control(sha256={"persons.csv": "0" * 64}), "mia/persons.csv has another SHA-256"),
        (
            control(sha256={"persons.csv": DIGEST, "persons-2.csv": DIGEST}),
            "persons-2.csv is listed and missing",
        ),
        (
            control(sha256={"../secret": DIGEST}),
            "listed and missing; mia/persons.csv is not listed",
        ),
        (control(as_of="1 November"), "can't be understood"),
        (b"{", "can't be understood"),
        (b"[]", "can't be understood"),
    ],
)
def test_a_control_file_that_disagrees_refuses_the_table(engine, tmp_path, note, message):
    delivery = write_delivery(
        tmp_path / "d", {"mia/persons.csv": CONTENT, "mia/persons.control.json": note}
    )
    with pytest.raises(SourceError, match=message):
        ingest_source(engine, delivery)


def test_quarantine_holds_to_its_contract(engine, run, tmp_path):
    rows = [PERSON | {"sex": "X"}, PERSON | {"region_code": "x" * 5000}]
    result = ingest_source(
        engine, persons_with(tmp_path, as_csv(rows + people(1)) + b"\x00\n")
    )
    assert write_table(engine, run, "quarantined_row", result.quarantine) == 3


def test_staging_of_two_tables_does_not_mix(engine, tmp_path):
    delivery = str(write_delivery(tmp_path / "d"))
    staging, areas = str(tmp_path / "staging"), reference_table("areas")
    persons = ingest(engine, delivery, "mia/persons", None, areas, staging)
    dwellings = ingest(engine, delivery, "cadastre/dwellings", None, areas, staging)
    assert persons.rows.pl()["record_id"].to_list() == ["P1"]
    assert dwellings.rows.pl()["rooms"].to_list() == [4]


def test_a_long_boundary_text_is_no_fault(engine, tmp_path):
    rows = [PRECINCT | {"boundary_text": "Навоий кўчаси, " * 500}]
    delivery = write_delivery(tmp_path / "d", {"cec/precincts.csv": as_csv(rows)})
    assert ingest_source(engine, delivery, "cec/precincts").report.accepted == 1


def test_simulated_damage_is_found_where_it_stands(engine, tmp_path):
    delivery = tmp_path / "d"
    days = datetime.date(2026, 12, 27), datetime.date(2026, 11, 1)
    simulate(str(delivery), 2000, 7, ("1718",), *days)
    wanted = pl.read_parquet(delivery / "truth/rows.parquet")
    result = ingest_source(engine, delivery)
    found = {
        (row["source_file"], row["source_row"]): row["rule"] for row in quarantined(result)
    }
    # Of two rows with one key either may be the damaged copy.
    expected = {
        (file, row): rule
        for file, row, rule in wanted.select("file", "row", "expected_rule").rows()
        if rule != "record_id_unique"
    }
    assert expected
    assert {place: rule for place, rule in found.items() if place in expected} == expected
    assert sorted(found.values()) == sorted(wanted["expected_rule"])


def test_a_huge_value_is_refused_and_shown_cut(engine, tmp_path):
    rows = [PERSON, PERSON | {"record_id": "P2", "street": "x" * 5_000_000}]
    result = ingest_source(engine, persons_with(tmp_path, parquet(rows), "persons.parquet"))
    assert rules_of(result) == {2: ("street", "field_length")}
    assert len(quarantined(result)[0]["raw_row"]) < 20_000
