//! Messages of SDMX-JSON as others write them, well and badly.

use std::convert::Infallible;

use approdo_sdmx::read::{DEEPEST, JsonData, LONGEST_TOKEN, MOST_CODES, ReadError, ReadFailure};
use approdo_sdmx::request::{DataDetail, DataFormat};
use approdo_sdmx::{DataMessage, Layout, LocalisedText, Observation};
use proptest::prelude::*;

use crate::sample;

/// Codes, value and attributes.
type Row = (Vec<String>, Option<String>, Vec<Option<String>>);

/// All observations of a message.
fn rows(message: &[u8]) -> Result<Vec<Row>, ReadError> {
    let data = JsonData::read(message)?;
    let mut rows = Vec::new();
    let read = data.observations(message, |row| {
        let codes = row.codes.iter().map(ToString::to_string).collect();
        let attributes = row.attributes.iter().map(|one| one.as_ref().map(ToString::to_string)).collect();
        rows.push((codes, row.value.map(str::to_owned), attributes));
        Ok::<_, Infallible>(())
    });
    match read {
        Ok(()) => Ok(rows),
        Err(ReadFailure::Message(error)) => Err(error),
        Err(ReadFailure::Row(never)) => match never {},
    }
}

fn refused(message: &str) -> ReadError {
    rows(message.as_bytes()).expect_err("an error")
}

fn row(codes: &[&str], value: Option<&str>, attributes: &[Option<&str>]) -> Row {
    let owned = |text: &&str| (*text).to_owned();
    let attributes = attributes.iter().map(|one| one.map(str::to_owned)).collect();
    (codes.iter().map(owned).collect(), value.map(str::to_owned), attributes)
}

/// A message with one dimension besides time, and these data sets.
fn message(data_sets: &str) -> String {
    let structure = r#"{"dimensions": {
            "series": [{"id": "SEX", "keyPosition": 0, "values": [{"id": "F", "name": "x"}, {"id": "M", "name": "x"}]}],
            "observation": [{"id": "TIME_PERIOD", "keyPosition": 1, "values": [{"id": "2024", "name": "x"}, {"value": 2025}]}]},
        "attributes": {"series": [{"id": "TITLE", "values": []}], "observation": [
            {"id": "OBS_STATUS", "values": [{"id": "A", "name": "x"}, null, {"name": "Provisional"}]}, {"id": "COMMENT"}]}}"#;
    format!(r#"{{"data": {{"dataSets": {data_sets}, "structures": [{structure}]}}}}"#)
}

#[test]
fn what_the_crate_writes_it_reads() {
    let (header, flow, structure) = (sample::header(), sample::flow(), sample::structure());
    let (codelists, times, attributes) = (sample::codelists(), sample::times(), sample::data_set_attributes());
    let expected: Vec<Row> = sample::ROWS
        .iter()
        .map(|([place, sex], time, value, told)| {
            let value = value.map(|value| if value == 1e300 { "1e300".to_owned() } else { value.to_string() });
            row(&[place, sex, time], value.as_deref(), told)
        })
        .collect();
    for format in [DataFormat::Json1, DataFormat::Json2] {
        for layout in [Layout::Series, Layout::Flat] {
            let message = DataMessage {
                header: &header,
                flow: &flow,
                structure: &structure,
                codelists: &codelists,
                times: &times,
                attributes: &attributes,
                layout,
                detail: DataDetail::Full,
            };
            let mut writer = message.writer(format).expect("a writer");
            for (key, time, value, attributes) in &sample::ROWS {
                writer.push(&Observation { key, time, value: *value, attributes }).expect("a row");
            }
            let written = writer.finish().expect("a message");
            assert_eq!(rows(&written), Ok(expected.clone()), "{format:?}, {layout:?}");
            let read = JsonData::read(written.as_slice()).expect("a message");
            let dimensions = &read.structures[0].dimensions;
            assert_eq!(dimensions.iter().map(|one| one.is_time).collect::<Vec<_>>(), [false, false, true]);
            assert_eq!(dimensions[1].name, sample::both("Sex", "Sesso"));
            assert_eq!(dimensions[0].codes[0].parent.as_deref(), Some("ITI43"));
            assert_eq!(dimensions[0].codes[2].name, LocalisedText::of("und", "058003"));
        }
    }
}

#[test]
fn values_are_texts_as_the_message_has_them() {
    let data_sets = r#"[{"series": {"1": {"observations": {
        "0": [12, 0, "so it is", 7, 8], "1": ["n.d.", 2]}, "attributes": [0]}, "0": {"observations": {
        "0": [null, null, {"en": "in two languages"}], "1": [-1.50, 1, 3.5]}}}}]"#;
    let expected = vec![
        row(&["M", "2024"], Some("12"), &[Some("A"), Some("so it is")]),
        row(&["M", "2025"], Some("n.d."), &[Some("Provisional"), None]),
        row(&["F", "2024"], None, &[None, None]),
        row(&["F", "2025"], Some("-1.5"), &[None, Some("3.5")]),
    ];
    assert_eq!(rows(message(data_sets).as_bytes()), Ok(expected.clone()));
    let with_mark = format!("\u{feff}{}", message(data_sets));
    assert_eq!(rows(with_mark.as_bytes()), Ok(expected));
}

#[test]
fn dimensions_can_be_at_any_level_in_any_order() {
    let draft = r#"{"header": {}, "dataSets": [{"action": "Information", "observations": {"1:0": [5], "0:1": [6]}}],
        "structure": {"dimensions": {
            "dataSet": [{"id": "FREQ", "keyPosition": 1, "values": [{"id": "A"}]}],
            "observation": [{"id": "WHEN", "keyPosition": 2, "roles": ["TIME_PERIOD"], "values": [{"id": "2024"}, {"id": "2025"}]},
                            {"id": "SEX", "keyPosition": 0, "values": [{"id": "F"}, {"id": "M"}]}]}}}"#;
    let expected = vec![row(&["F", "A", "2025"], Some("5"), &[]), row(&["M", "A", "2024"], Some("6"), &[])];
    assert_eq!(rows(draft.as_bytes()), Ok(expected));
    let time = JsonData::read(draft.as_bytes()).expect("a message").structures[0].dimensions[2].clone();
    assert!(time.is_time && time.id == "WHEN");
}

#[test]
fn each_data_set_has_its_own_structure_wherever_it_says_so() {
    let structure =
        |id: &str| format!(r#"{{"dimensions": {{"observation": [{{"id": "{id}", "values": [{{"id": "{id}0"}}]}}]}}}}"#);
    let message = format!(
        r#"{{"data": {{"structures": [{}, {}], "dataSets": [{{"observations": {{"0": [1]}}, "structure": 1}}, {{"observations": {{"0": [2]}}}}]}}}}"#,
        structure("A"),
        structure("B")
    );
    assert_eq!(rows(message.as_bytes()), Ok(vec![row(&["B0"], Some("1"), &[]), row(&["A0"], Some("2"), &[])]));
    let beyond = message.replace(r#""structure": 1"#, r#""structure": 2"#);
    assert_eq!(refused(&beyond).reason, "a data set has a structure that the message does not have");
}

#[test]
fn keys_and_places_that_are_not_there_are_refused() {
    for (observations, reason) in [
        (r#"{"2": {"observations": {"0": [1]}}}"#, "\"2\" is no place of a code of SEX"),
        (
            r#"{"99999999999999999999": {"observations": {"0": [1]}}}"#,
            "\"99999999999999999999\" is no place of a code of SEX",
        ),
        (r#"{"-1": {"observations": {"0": [1]}}}"#, "\"-1\" is no place of a code of SEX"),
        (r#"{"0:0": {"observations": {"0": [1]}}}"#, "the key \"0:0\" has more places than dimensions"),
        (r#"{"": {"observations": {"0": [1]}}}"#, "the key \"\" has fewer places than dimensions"),
        (r#"{"0": {"observations": {"7": [1]}}}"#, "\"7\" is no place of a code of TIME_PERIOD"),
        (r#"{"0": {"observations": {"0": [1, 3]}}}"#, "\"3\" is no place of a code of OBS_STATUS"),
        (r#"{"0": {"observations": {"0": [1, -1]}}}"#, "\"-1\" is no place of a code of OBS_STATUS"),
        (r#"{"0": {"observations": {"0": 1}}}"#, "invalid type: integer `1`, expected an observation"),
        (r#"{"0": {"observations": [1]}}"#, "invalid type: sequence, expected an object of SDMX-JSON"),
    ] {
        let text = message(&format!(r#"[{{"series": {observations}}}]"#));
        let error = refused(&text);
        assert_eq!(error.reason, reason);
        let near = text.find("observations").expect("observations");
        assert!(
            error.position > 30 && error.position < u64::try_from(near).expect("a position") + 60,
            "{error} in {text}"
        );
    }
}

#[test]
fn structures_that_cannot_be_told_are_refused() {
    let with = |structure: &str| refused(&format!(r#"{{"data": {{"structure": {structure}}}}}"#)).reason;
    assert_eq!(with(r#"{}"#), "missing field `dimensions`");
    assert_eq!(
        with(r#"{"dimensions": {"series": [{"id": "SEX", "values": [{"name": "x"}, null]}]}}"#),
        "a code of the dimension \"SEX\" has neither id nor value"
    );
    assert_eq!(
        with(r#"{"dimensions": {"dataSet": [{"id": "SEX", "values": [{"id": "F"}, {"id": "M"}]}]}}"#),
        "a dimension of the data set has more than one code"
    );
    assert_eq!(
        with(r#"{"dimensions": {}, "measures": {"observation": [{"id": "A"}, {"id": "B"}]}}"#),
        "there is more than one measure"
    );
    assert_eq!(
        with(r#"{"dimensions": {}, "measures": {"observation": [{"id": "A", "values": []}]}}"#),
        "the measure is coded"
    );
    assert_eq!(refused("{}").reason, "the message has no structure");
    let without_code = r#"{"data": {"structure": {"dimensions": {"dataSet": [{"id": "SEX", "values": []}]}},
        "dataSets": [{"observations": {"": [1]}}]}}"#;
    assert_eq!(refused(without_code).reason, "a dimension of the data set has no code");
}

#[test]
fn what_would_take_too_much_room_is_refused() {
    let deep = format!(r#"{{"meta": {}"#, "[".repeat(DEEPEST * 1000));
    assert_eq!(refused(&deep).reason, "objects and arrays are too deep within each other");
    let long = format!(r#"{{"meta": "{}"}}"#, "\\\"".repeat(LONGEST_TOKEN));
    assert_eq!(refused(&long).reason, "a text or a number is too long");
    let number = format!(r#"{{"meta": {}}}"#, "1".repeat(LONGEST_TOKEN + 1));
    assert_eq!(refused(&number).reason, "a text or a number is too long");
    let codes = r#"{"id": "F"},"#.repeat(MOST_CODES + 1);
    let many = format!(r#"{{"data": {{"structure": {{"dimensions": {{"series": [{{"id": "SEX", "values": [{codes}"#);
    assert_eq!(refused(&many).reason, format!("a list has more than {MOST_CODES} entries"));
}

#[test]
fn a_message_that_is_cut_off_is_refused_wherever_it_is() {
    let whole = message(r#"[{"series": {"0": {"observations": {"0": [1, 0], "1": [2]}}}}]"#);
    rows(whole.as_bytes()).expect("the whole");
    for end in 0..whole.len() {
        let error = refused(&whole[..end]);
        assert_eq!(error.reason, "the message ends before it is whole", "cut off at {end}");
    }
    let twice = format!("{whole}{whole}");
    assert_eq!(JsonData::read(twice.as_bytes()).expect_err("an error").reason, "trailing characters");
    let read = JsonData::read(whole.as_bytes())
        .expect("a message")
        .observations(twice.as_bytes(), |_| Ok::<_, Infallible>(()));
    assert!(matches!(read, Err(ReadFailure::Message(error)) if error.reason == "trailing characters"));
}

#[test]
fn a_row_that_is_refused_ends_the_reading() {
    let whole = message(r#"[{"series": {"0": {"observations": {"0": [1, 0], "1": [2]}}}}]"#);
    let data = JsonData::read(whole.as_bytes()).expect("a message");
    let mut seen = 0;
    let read = data.observations(whole.as_bytes(), |_| {
        seen += 1;
        Err("enough")
    });
    assert_eq!((read, seen), (Err(ReadFailure::Row("enough")), 1));
}

#[test]
fn another_message_than_at_the_first_reading_is_refused() {
    let data = JsonData::read(message("[]").as_bytes()).expect("a message");
    let other = message(r#"[{"series": {}}]"#);
    let read = data.observations(other.as_bytes(), |_| Ok::<_, Infallible>(()));
    assert!(matches!(read, Err(ReadFailure::Message(error)) if error.reason.contains("a data set more")));
}

proptest! {
    #[test]
    fn damage_makes_errors_and_nothing_else(place in 0_usize..500, byte: u8) {
        let mut damaged = message(r#"[{"series": {"0": {"observations": {"0": [1, 0], "1": [2]}}}}]"#).into_bytes();
        let place = place % damaged.len();
        damaged[place] = byte;
        let _ = rows(&damaged);
    }
}
