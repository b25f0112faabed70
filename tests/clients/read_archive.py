"""Prints [device, incarnation, sequence] of every row of an archive's Parquet segments, as one JSON list."""

import json
import pathlib
import sys

import pyarrow.parquet as parquet

slots = []
for segment in sorted(pathlib.Path(sys.argv[1]).rglob("*.parquet")):
    columns = parquet.read_table(segment, columns=["device", "incarnation", "sequence"]).to_pydict()
    slots += zip(columns["device"], columns["incarnation"], columns["sequence"])
json.dump(slots, sys.stdout)
