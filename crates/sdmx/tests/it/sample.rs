//! A small flow that the messages of the tests are about.

use std::collections::BTreeMap;

use chrono::DateTime;

use approdo_sdmx::ArtefactId;
use approdo_sdmx::Header;
use approdo_sdmx::LocalisedText;
use approdo_sdmx::structure::{
    Agency, Attribute, AttributeRelationship, Code, Codelist, DataStructure, Dataflow, Dimension, DimensionRole,
    Structures,
};

pub fn header() -> Header {
    Header {
        id: "M1".into(),
        is_test: false,
        prepared: DateTime::UNIX_EPOCH,
        sender: "ROMA".into(),
        sender_name: LocalisedText::of("it", "Roma & provincia"),
        languages: vec!["en".into()],
        service: Some("https://example.org/rest/sdmx/v1".into()),
    }
}

fn artefact(id: &str) -> ArtefactId {
    ArtefactId::new("ROMA", id, "1.0")
}

pub fn both(english: &str, italian: &str) -> LocalisedText {
    LocalisedText::of("en", english).and("it", italian)
}

fn code(id: &str, name: LocalisedText, parent: Option<&str>) -> Code {
    Code { id: id.into(), name, parent: parent.map(Into::into) }
}

pub fn structure() -> DataStructure {
    let dimension =
        |id: &str, name, role| Dimension { id: id.into(), name, role, codelist: artefact(&format!("CL_FJAN_{id}")) };
    let attribute = |id: &str, name: &str, of| Attribute {
        id: id.into(),
        name: LocalisedText::of("en", name),
        codelist: artefact(&format!("CL_{id}")),
        is_mandatory: of == AttributeRelationship::DataSet,
        of,
    };
    DataStructure {
        artefact: artefact("DSD_FJAN"),
        name: both("Resident foreigners", "Stranieri residenti"),
        dimensions: vec![
            dimension("REF_AREA", both("Territory", "Territorio"), DimensionRole::Area),
            dimension("SEX", both("Sex", "Sesso"), DimensionRole::Other),
        ],
        time: both("Time", "Tempo"),
        measure: LocalisedText::of("en", "Persons"),
        attributes: vec![
            attribute("UNIT_MULT", "Unit multiplier", AttributeRelationship::DataSet),
            attribute("OBS_STATUS", "Status", AttributeRelationship::Observation),
            attribute("CONF_STATUS", "Confidentiality", AttributeRelationship::Observation),
        ],
        concept_scheme: artefact("CS_FJAN"),
    }
}

pub fn codelists() -> Vec<Codelist> {
    let list = |id: &str, codes| Codelist {
        artefact: artefact(id),
        name: LocalisedText::of("en", id.to_lowercase()),
        is_partial: id == "CL_FJAN_REF_AREA",
        codes,
    };
    let english = |id: &str, name: &str| code(id, LocalisedText::of("en", name), None);
    vec![
        list(
            "CL_FJAN_REF_AREA",
            vec![
                // A child before its parent: readers have to find it later.
                code("058091", LocalisedText::of("it", "Roma <Capitale> & \"Urbe\""), Some("ITI43")),
                code("ITI43", LocalisedText::of("it", "Roma"), None),
                code("058003", LocalisedText::default(), Some("ITI43")),
            ],
        ),
        list(
            "CL_FJAN_SEX",
            vec![code("F", both("Females, all", "Femmine"), Some("T")), code("T", both("Total", "Totale"), None)],
        ),
        list("CL_UNIT_MULT", vec![english("0", "Units")]),
        list("CL_OBS_STATUS", vec![english("A", "Normal value"), english("Q", "Missing value; suppressed")]),
        list("CL_CONF_STATUS", vec![english("F", "Free"), english("C", "Confidential")]),
    ]
}

pub fn flow() -> Dataflow {
    Dataflow {
        artefact: artefact("FJAN"),
        name: both("Resident foreigners on 1 January", "Stranieri residenti al 1° gennaio"),
        description: LocalisedText::of("en", "ISTAT, 29_316"),
        structure: artefact("DSD_FJAN"),
    }
}

pub fn structures() -> Structures {
    Structures {
        agencies: vec![Agency { id: "ROMA".into(), name: LocalisedText::of("it", "Roma Capitale") }],
        dataflows: vec![flow()],
        codelists: codelists(),
        concept_schemes: vec![structure().concepts()],
        data_structures: vec![structure()],
    }
}

pub fn data_set_attributes() -> BTreeMap<String, String> {
    BTreeMap::from([("UNIT_MULT".to_owned(), "0".to_owned())])
}

/// Code of place, of sex, time, value, status, confidentiality.
pub type Row = ([&'static str; 2], &'static str, Option<f64>, [Option<&'static str>; 2]);

/// Three series; values that are whole, fractional, very large, missing and suppressed.
pub const ROWS: [Row; 6] = [
    (["058091", "F"], "2024", Some(187_210.0), [Some("A"), Some("F")]),
    (["058091", "F"], "2025", Some(-0.1), [None, Some("F")]),
    (["058091", "T"], "2024", None, [None, None]),
    (["058091", "T"], "2025", None, [Some("Q"), Some("C")]),
    (["058003", "T"], "2024", Some(1e300), [Some("A"), None]),
    (["058003", "T"], "2025-Q1", Some(0.1 + 0.2), [None, None]),
];

pub fn times() -> Vec<String> {
    ["2024", "2025", "2025-Q1"].map(str::to_owned).to_vec()
}
