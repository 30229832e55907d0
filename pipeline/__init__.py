"""How one table becomes the next: functions from tables to tables, same in, same out.

The data's way, stage by stage (flows/stages.py calls them in this order):

1. `ingest_delivery`: files to source tables; rows that break a rule to quarantine.
2. `correct_records`: corrections that commissions decided.
3. `normalise_records`: names, identifiers, addresses, boundary texts to records.
4. `resolve_records`: registrations to persons, acts to persons, stable numbers.
5. `resolve_places`: addresses to dwellings of the cadastre.
6. `judge_eligibility`: who may vote on election day.
7. `place_voters`: each voter to one precinct, or a reason.
8. `trace_rows`: where every source row ended.
9. `raise_discrepancies`: the list, and every open question about it.
10. `compare_releases`: changes, precincts in figures, reconciliation.
11. `measure_quality`: decoys, sentinels, drift, and whom the flags fall on.
12. `check_release`: what must hold before anybody sees it.
13. `publish_release`: a release written aside, and one atomic switch.

Only tables.py and the modules that read deliveries and write releases touch the disk.
Nothing here knows Prefect, the clock, the environment or unseeded randomness.
"""
