"""Reads an archive's Parquet segments, or changes one, by an implementation that knows nothing of this code.

    read_archive.py slots FOLDER    prints [device, incarnation, sequence] of every row, as one JSON list
    read_archive.py bend FOLDER     changes a reading in one row of the first segment, and prints that row's unit
"""

import json
import pathlib
import sys

import pyarrow
import pyarrow.parquet as parquet

SLOT = ("device", "incarnation", "sequence")


def segments(folder):
    return sorted(pathlib.Path(folder).rglob("*.parquet"))


def slots(folder):
    found = []
    for segment in segments(folder):
        columns = parquet.read_table(segment, columns=list(SLOT)).to_pydict()
        found += zip(*(columns[name] for name in SLOT))
    return found


def bend(folder):
    """Every other value, the order of rows and the row groups stay as they were."""
    segment = segments(folder)[0]
    with parquet.ParquetFile(segment) as source:
        schema, footer = source.schema_arrow, source.metadata.metadata
        groups = [source.read_row_group(number) for number in range(source.num_row_groups)]
    victim = groups[0]
    with_readings = [row for row, count in enumerate(victim["readings"].to_pylist()) if count]
    row = with_readings[len(with_readings) // 2]
    content = victim["content"].to_pylist()
    # A unit's content ends with its packed readings.
    content[row] = content[row][:-1] + bytes([content[row][-1] ^ 1])
    position = schema.get_field_index("content")
    changed = pyarrow.array(content, schema.field(position).type)
    groups[0] = victim.set_column(position, schema.field(position), changed)
    with parquet.ParquetWriter(segment, schema, compression="zstd", store_schema=False) as out:
        for group in groups:
            out.write_table(group, row_group_size=group.num_rows)
        out.add_key_value_metadata(footer)
    return "/".join(str(victim[name][row].as_py()) for name in SLOT)


json.dump({"slots": slots, "bend": bend}[sys.argv[1]](sys.argv[2]), sys.stdout)
