"""Splink 5 on the public sets, as its documentation shows it, with term frequencies.

Ten blocking rules on historical_50k, clusters at match probability .99: a careful
configuration, so that a comparison with it means something.
"""

import polars as pl
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

HISTORICAL_RULES = (
    ("first_name", "surname"),
    ("surname", "dob"),
    ("first_name", "dob"),
    ("postcode_fake", "first_name"),
    ("postcode_fake", "surname"),
    ("dob", "birth_place"),
    ("dob", "postcode_fake"),
    ("postcode_fake", "birth_place"),
    ("surname", "birth_place"),
    ("postcode_fake", "occupation"),
)
FEBRL_RULES = (
    ("soc_sec_id",),
    ("given_name", "surname"),
    ("date_of_birth",),
    ("state", "address_1"),
    ("street_number", "address_1"),
    ("postcode", "given_name"),
    ("postcode", "surname"),
    ("suburb", "given_name"),
)


def splink_links(name: str, rows: pl.DataFrame) -> pl.DataFrame:
    """(record_id, person_id) by Splink; `rows` hold no truth."""
    is_historical = name.startswith("historical")
    key = "unique_id" if is_historical else "rec_id"
    rules = HISTORICAL_RULES if is_historical else FEBRL_RULES
    comparisons = _historical() if is_historical else _febrl()
    has_identifier = is_historical or rows["soc_sec_id"].null_count() < rows.height
    if not has_identifier:
        rules, comparisons = rules[1:], comparisons[:-1]
    settings = SettingsCreator(
        link_type="link_only" if name.startswith("febrl4") else "dedupe_only",
        unique_id_column_name=key,
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in rules],
    )
    api = DuckDBAPI()
    files = [rows]
    if name.startswith("febrl4"):
        files = [rows.filter(pl.col("file") == file) for file in ("a", "b")]
    tables = [api.register(file.to_arrow()) for file in files]
    linker = Linker(tables, settings, log_level=40)
    training = linker.training
    certain = rules[:3] if is_historical else [("given_name", "surname", "date_of_birth")]
    training.estimate_probability_two_random_records_match(
        [block_on(*rule) for rule in certain], recall=0.6 if is_historical else 0.8
    )
    training.estimate_u_using_random_sampling(max_pairs=5e6, seed=1)
    for rule in rules[:2] if is_historical else (("date_of_birth",), ("given_name",)):
        training.estimate_parameters_using_expectation_maximisation(block_on(*rule))
    edges = linker.inference.predict(threshold_match_probability=0.9)
    found = linker.clustering.cluster_pairwise_predictions_at_threshold(
        edges, threshold_match_probability=0.99
    )
    frame = found.as_duckdbpyrelation().pl()
    return frame.select(
        pl.col(key).alias("record_id"), pl.col("cluster_id").alias("person_id")
    )


def _historical() -> list[cl.CustomComparison]:
    return [
        cl.ForenameSurnameComparison("first_name", "surname").configure(
            term_frequency_adjustments=True
        ),
        cl.DateOfBirthComparison("dob", input_is_string=True),
        cl.PostcodeComparison("postcode_fake"),
        cl.ExactMatch("birth_place").configure(term_frequency_adjustments=True),
        cl.ExactMatch("occupation").configure(term_frequency_adjustments=True),
    ]


def _febrl() -> list[cl.CustomComparison]:
    return [
        cl.NameComparison("given_name"),
        cl.NameComparison("surname"),
        cl.DamerauLevenshteinAtThresholds("date_of_birth", [1, 2]),
        cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
        cl.JaroWinklerAtThresholds("address_1", [0.9, 0.7]),
        cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]),
        cl.JaroWinklerAtThresholds("suburb", [0.9, 0.7]),
        cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
    ]
