"""Quality of a night's matching, told without labels.

Four questions that need no truth: are records linked that can match nobody (decoys), do
pairs come out right that must (sentinels), has the register moved away from the
parameters (drift), is one group of voters flagged out of proportion (parity). Only counts
leave this package: no decoy and no sentinel is ever a row of the run.
"""
