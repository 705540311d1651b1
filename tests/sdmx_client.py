#!/usr/bin/env python3
"""Reads a running server's statistics with a stock SDMX client, and compares formats.

Run by hand: python3 -m venv V; V/bin/pip install sdmx1; V/bin/python tests/sdmx_client.py http://127.0.0.1:8080

Lists the dataflows, reads the structure of each, loads its data as XML (structure-specific) through the client and as CSV without it,
and ends with an error where the two do not hold the same numbers.
"""

import csv
import io
import sys
import urllib.request

import sdmx

FLAT = "application/vnd.sdmx.data+csv;version=1.0.0"


def by_client(client, flow, dsd):
    """Values by key and time, as the client reads the XML."""
    message = client.data(flow, dsd=dsd)
    values = {}
    for data in message.data:
        for observation in data.obs:
            key = tuple(str(value.value) for value in (observation.key.values.values()))
            value = observation.value
            missing = value is None or str(value) in ("", "NaN", "nan")
            values[key] = None if missing else float(value)
    return values


def by_table(base, flow, dimensions):
    """The same, as CSV tells them."""
    request = urllib.request.Request(f"{base}/rest/sdmx/v1/data/{flow}", headers={"Accept": FLAT})
    with urllib.request.urlopen(request) as answer:
        rows = csv.DictReader(io.StringIO(answer.read().decode("utf-8")))
        return {tuple(row[name] for name in dimensions): float(row["OBS_VALUE"]) if row["OBS_VALUE"] else None for row in rows}


def main():
    base = sys.argv[1].rstrip("/")
    source = {"id": "APPRODO", "url": f"{base}/rest/sdmx/v1", "name": "Approdo", "data_content_type": "XML"}
    sdmx.add_source(source, override=True)
    client = sdmx.Client("APPRODO")
    flows = client.dataflow().dataflow
    print(f"{len(flows)} flows")
    for flow in flows:
        message = client.dataflow(flow)
        dsd = next(iter(message.structure.values()))
        dimensions = [dimension.id for dimension in dsd.dimensions]
        lists = sum(len(codelist) for codelist in message.codelist.values())
        xml, table = by_client(client, flow, dsd), by_table(base, flow, dimensions)
        if xml != table or not xml:
            different = [key for key in xml.keys() | table.keys() if xml.get(key, "-") != table.get(key, "-")][:5]
            sys.exit(f"{flow}: {len(xml)} observations as XML, {len(table)} as CSV; {different}")
        total = sum(value for value in xml.values() if value is not None)
        print(f"{flow}: {dimensions}, {lists} codes, {len(xml)} observations, the same as XML and CSV (sum {total:g})")


if __name__ == "__main__":
    main()
