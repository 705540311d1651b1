//! Messages as they leave the crate. Each is held to the file of its name in `golden`, where XML has a line for each tag and JSON is set
//! out; the message itself is left in `target/tmp`, for tests/sdmx_client.py to read.

use std::fs;
use std::path::Path;

use approdo_sdmx::request::{
    DataDetail, DataFormat, DimensionAtObservation, Labels, Resource, StructureDetail, StructureFormat,
};
use approdo_sdmx::structure::{Asked, Dimension};
use approdo_sdmx::{DataMessage, DataWriter, ErrorCode, ErrorMessage, Layout, Observation, Structures, WriteError};

use crate::sample::{self, ROWS, Row};

/// The message set out as its golden file is.
fn set_out(name: &str, message: &[u8]) -> String {
    let text = String::from_utf8(message.to_vec()).expect("UTF-8");
    match name.rsplit_once('.').expect("an ending").1 {
        "xml" => text.replace("><", ">\n<") + "\n",
        "json" => {
            assert!(text.starts_with("{\"meta\":{"), "{name} does not begin with what message it is");
            let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            serde_json::to_string_pretty(&value).expect("JSON") + "\n"
        }
        _ => text,
    }
}

fn is_golden(name: &str, message: &[u8]) {
    let written = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&written, message).expect("the message kept");
    let set_out = set_out(name, message);
    fs::write(written.with_added_extension("set_out"), &set_out).expect("the message kept");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    assert!(set_out == expected, "{name} is not what it was; compare {}.set_out", written.display());
}

/// A data message about the sample, with the parts that tests change.
fn written(format: DataFormat, layout: Layout, detail: DataDetail, rows: &[Row]) -> Result<Vec<u8>, WriteError> {
    let (header, flow, structure) = (sample::header(), sample::flow(), sample::structure());
    let (codelists, times, attributes) = (sample::codelists(), sample::times(), sample::data_set_attributes());
    let message = DataMessage {
        header: &header,
        flow: &flow,
        structure: &structure,
        codelists: &codelists,
        times: &times,
        attributes: &attributes,
        layout,
        detail,
    };
    let mut writer = message.writer(format)?;
    let mut bytes = Vec::new();
    for row in rows {
        push(&mut writer, row)?;
        bytes.extend(writer.take());
        assert!(writer.is_empty());
    }
    bytes.extend(writer.finish()?);
    Ok(bytes)
}

fn push(writer: &mut DataWriter, (key, time, value, attributes): &Row) -> Result<(), WriteError> {
    writer.push(&Observation { key, time, value: *value, attributes })
}

#[test]
fn structures_are_told_in_every_format() {
    let asked = Asked { resource: Resource::Dataflow, detail: StructureDetail::Full };
    for (format, name) in [
        (StructureFormat::Xml, "structure.xml"),
        (StructureFormat::Json1, "structure-1.0.json"),
        (StructureFormat::Json2, "structure-2.0.json"),
    ] {
        is_golden(name, &sample::structures().write(format, &sample::header(), asked).expect("a message"));
    }
}

#[test]
fn stubs_have_a_name_and_say_where_the_whole_is() {
    let asked = Asked { resource: Resource::Dataflow, detail: StructureDetail::ReferenceStubs };
    let stubs = Structures { concept_schemes: Vec::new(), ..sample::structures() };
    for (format, name) in [(StructureFormat::Xml, "stubs.xml"), (StructureFormat::Json1, "stubs-1.0.json")] {
        is_golden(name, &stubs.write(format, &sample::header(), asked).expect("a message"));
    }
}

#[test]
fn observations_are_told_in_every_format() {
    for (format, layout, name) in [
        (DataFormat::StructureSpecific, Layout::Series, "specific.xml"),
        (DataFormat::StructureSpecific, Layout::Flat, "specific-flat.xml"),
        (DataFormat::Generic, Layout::Series, "generic.xml"),
        (DataFormat::Generic, Layout::Flat, "generic-flat.xml"),
        (DataFormat::Json1, Layout::Series, "data-1.0.json"),
        (DataFormat::Json1, Layout::Flat, "data-1.0-flat.json"),
        (DataFormat::Json2, Layout::Series, "data-2.0.json"),
        (DataFormat::Json2, Layout::Flat, "data-2.0-flat.json"),
        (DataFormat::Csv1(Labels::Id), Layout::Flat, "data-1.0.csv"),
        (DataFormat::Csv1(Labels::Both), Layout::Flat, "data-1.0-both.csv"),
        (DataFormat::Csv2(Labels::Id), Layout::Flat, "data-2.0.csv"),
        (DataFormat::Csv2(Labels::Both), Layout::Series, "data-2.0-both.csv"),
        (DataFormat::Csv2(Labels::Name), Layout::Flat, "data-2.0-name.csv"),
    ] {
        is_golden(name, &written(format, layout, DataDetail::Full, &ROWS).expect("a message"));
    }
}

#[test]
fn attributes_observations_or_both_are_left_out_on_demand() {
    for (format, ending) in
        [(DataFormat::StructureSpecific, "xml"), (DataFormat::Json1, "json"), (DataFormat::Csv1(Labels::Id), "csv")]
    {
        for (detail, name) in [
            (DataDetail::DataOnly, "dataonly"),
            (DataDetail::SeriesKeysOnly, "serieskeysonly"),
            (DataDetail::NoData, "nodata"),
        ] {
            let message = written(format, Layout::Series, detail, &ROWS).expect("a message");
            is_golden(&format!("{name}.{ending}"), &message);
        }
    }
    let keys = written(DataFormat::Generic, Layout::Flat, DataDetail::SeriesKeysOnly, &ROWS).expect("a message");
    is_golden("generic-serieskeysonly.xml", &keys);
}

#[test]
fn the_layout_follows_from_what_stands_at_the_observations() {
    let layout = |at: DimensionAtObservation| at.layout(&sample::structure()).map_err(|error| error.code());
    assert_eq!(layout(DimensionAtObservation::TimePeriod), Ok(Layout::Series));
    assert_eq!(layout(DimensionAtObservation::AllDimensions), Ok(Layout::Flat));
    assert_eq!(layout(DimensionAtObservation::Dimension("SEX".into())), Err(ErrorCode::NotImplemented));
    assert_eq!(layout(DimensionAtObservation::Dimension("AGE".into())), Err(ErrorCode::SyntaxError));
}

#[test]
fn a_message_without_observations_is_whole() {
    for (format, name) in [
        (DataFormat::StructureSpecific, "empty.xml"),
        (DataFormat::Json2, "empty-2.0.json"),
        (DataFormat::Csv2(Labels::Id), "empty-2.0.csv"),
    ] {
        is_golden(name, &written(format, Layout::Series, DataDetail::Full, &[]).expect("a message"));
    }
}

#[test]
fn json_refuses_what_its_readers_would_misread() {
    let json = |layout, rows: &[Row]| written(DataFormat::Json1, layout, DataDetail::Full, rows);
    let [first, _, second, ..] = ROWS;
    let again = (first.0, "2025-Q1", Some(1.0), first.3);
    let in_two_parts = json(Layout::Series, &[first, second, again]);
    assert!(matches!(in_two_parts, Err(WriteError::SeriesTwice(key)) if key == "058091.F"));
    json(Layout::Flat, &[first, second, again]).expect("observations in any order, where there are no series");
    // Their places add up to the same.
    let others = [(["058091", "T"], "2024", None, [None, None]), (["ITI43", "F"], "2024", None, [None, None])];
    json(Layout::Series, &others).expect("two series");
    let unknown = |row: Row, component: &str, code: &str| {
        let error = json(Layout::Series, &[row]).expect_err("an unknown code");
        assert!(matches!(&error, WriteError::UnknownCode(one, other) if one == component && other == code), "{error}");
    };
    unknown((["058091", "X"], "2024", None, [None, None]), "SEX", "X");
    unknown((["058091", "F"], "2023", None, [None, None]), "TIME_PERIOD", "2023");
    unknown((["058091", "F"], "2024", None, [Some("Z"), None]), "OBS_STATUS", "Z");
}

#[test]
fn json_refuses_series_that_it_cannot_number() {
    let (header, flow, mut structure) = (sample::header(), sample::flow(), sample::structure());
    let (codelists, times, attributes) = (sample::codelists(), sample::times(), sample::data_set_attributes());
    let sex = structure.dimensions[1].clone();
    structure.dimensions = (0..65).map(|number| Dimension { id: format!("SEX_{number}"), ..sex.clone() }).collect();
    let message = DataMessage {
        header: &header,
        flow: &flow,
        structure: &structure,
        codelists: &codelists,
        times: &times,
        attributes: &attributes,
        layout: Layout::Series,
        detail: DataDetail::Full,
    };
    let push = |key: &[&str]| {
        let observation = Observation { key, time: "2024", value: None, attributes: &[None, None] };
        message.writer(DataFormat::Json2).expect("a writer").push(&observation)
    };
    push(&["F"; 65]).expect("the first of all");
    assert!(matches!(push(&["T"; 65]), Err(WriteError::TooManyCombinations)));
}

#[test]
fn what_does_not_fit_the_structure_is_refused() {
    let (header, flow, mut structure) = (sample::header(), sample::flow(), sample::structure());
    let (codelists, times, attributes) = (sample::codelists(), sample::times(), sample::data_set_attributes());
    let infinite = [(["058091", "F"], "2024", Some(f64::INFINITY), [None, None])];
    for format in [DataFormat::StructureSpecific, DataFormat::Generic, DataFormat::Json2, DataFormat::Csv1(Labels::Id)]
    {
        let refused = written(format, Layout::Series, DataDetail::Full, &infinite);
        assert!(matches!(refused, Err(WriteError::NotFinite)), "{format:?}");
    }
    for wrong in ["<evil>", "OBS_VALUE", "SEX"] {
        structure.dimensions[0].id = wrong.to_owned();
        let message = DataMessage {
            header: &header,
            flow: &flow,
            structure: &structure,
            codelists: &codelists,
            times: &times,
            attributes: &attributes,
            layout: Layout::Series,
            detail: DataDetail::Full,
        };
        let refused = message.writer(DataFormat::StructureSpecific);
        assert!(matches!(refused, Err(WriteError::WrongId(id)) if id == wrong), "{wrong}");
    }
    structure = sample::structure();
    structure.artefact.id = "29_316".to_owned();
    assert_eq!(structure.wrong_id(), Some("29_316"));
    structure = sample::structure();
    assert_eq!(structure.wrong_id(), None);
    let message = DataMessage {
        header: &header,
        flow: &flow,
        structure: &structure,
        codelists: &codelists,
        times: &times,
        attributes: &attributes,
        layout: Layout::Series,
        detail: DataDetail::DataOnly,
    };
    for (key, told) in [(&["058091"][..], &[None, None][..]), (&["058091", "F"], &[None])] {
        let mut writer = message.writer(DataFormat::Generic).expect("a writer");
        let observation = Observation { key, time: "2024", value: None, attributes: told };
        assert!(matches!(writer.push(&observation), Err(WriteError::WrongShape)));
    }
}

#[test]
fn errors_are_messages_of_their_own() {
    let text = "key has 1 parts & no more".to_owned();
    let error = ErrorMessage { code: ErrorCode::SyntaxError, language: "en".into(), text };
    is_golden("error.xml", &error.to_xml().expect("a message"));
}
