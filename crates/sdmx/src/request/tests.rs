use std::num::NonZeroU32;

use chrono::{DateTime, NaiveDate};
use proptest::prelude::*;

use super::*;
use crate::error_message::ErrorCode;
use crate::identifiers::ArtefactId;

fn is_malformed<T: std::fmt::Debug>(result: Result<T, RequestError>) -> bool {
    matches!(&result, Err(error) if error.code() == ErrorCode::SyntaxError)
}

fn is_not_implemented<T: std::fmt::Debug>(result: Result<T, RequestError>) -> bool {
    matches!(&result, Err(error) if error.code() == ErrorCode::NotImplemented)
}

fn names(names: &[&str]) -> Selection {
    Selection::Of(names.iter().map(ToString::to_string).collect())
}

#[test]
fn a_flow_is_told_by_its_id_with_or_without_agency_and_version() {
    let flow = |text: &str| ArtefactQuery::of_flow(text).expect("a flow");
    let any = ArtefactQuery { agency: Selection::All, id: names(&["FJAN"]), version: Versions::Latest };
    assert_eq!(flow("FJAN"), any);
    assert_eq!(flow("ISTAT.DEM,FJAN"), ArtefactQuery { agency: names(&["ISTAT.DEM"]), ..any.clone() });
    assert_eq!(flow("all,FJAN,latest"), any);
    assert_eq!(flow("ALL,FJAN,LATEST"), any);
    let exact = flow("ROMA+MILANO,FJAN+29_316,1.0+2.1");
    assert_eq!(exact.agency, names(&["ROMA", "MILANO"]));
    assert_eq!(exact.version, Versions::Of(vec!["1.0".into(), "2.1".into()]));
    assert!(exact.has(&ArtefactId::new("ROMA", "29_316", "2.1"), false));
    assert!(!exact.has(&ArtefactId::new("ROMA", "29_316", "2.0"), true));
    assert!(!exact.has(&ArtefactId::new("TORINO", "29_316", "2.1"), true));
    assert!(any.has(&ArtefactId::new("ROMA", "FJAN", "3.0"), true));
    assert!(!any.has(&ArtefactId::new("ROMA", "FJAN", "3.0"), false));
    assert!(!any.has(&ArtefactId::new("ROMA", "OTHER", "3.0"), true));
    for wrong in ["", ",", "A,B,1.0,X", "A,,1.0", "A,B,", "A,B,v1", "1A,B,1.0", "A,B C", "A+,B", "A,B+", "A/B"] {
        assert!(is_malformed(ArtefactQuery::of_flow(wrong)), "{wrong}");
    }
    assert!(is_not_implemented(ArtefactQuery::of_flow("A,B,1.0+latest")));
}

#[test]
fn structures_are_told_by_as_many_parts_as_there_are() {
    let all = ArtefactQuery { agency: Selection::All, id: Selection::All, version: Versions::Latest };
    assert_eq!(ArtefactQuery::of_path(None, None, None), Ok(all.clone()));
    assert_eq!(ArtefactQuery::of_path(Some("all"), Some("all"), Some("latest")), Ok(all.clone()));
    let every = ArtefactQuery { version: Versions::All, ..all };
    assert_eq!(ArtefactQuery::of_path(Some("all"), Some("all"), Some("all")), Ok(every.clone()));
    assert!(every.has(&ArtefactId::new("A", "B", "1.0"), false));
    assert!(is_malformed(ArtefactQuery::of_path(Some(""), None, None)));
    assert_eq!(Selection::of_items(None), Ok(Selection::All));
    assert_eq!(Selection::of_items(Some("all")), Ok(Selection::All));
    assert_eq!(Selection::of_items(Some("058091+058003")), Ok(names(&["058091", "058003"])));
    assert!(is_malformed(Selection::of_items(Some("F+"))));
}

#[test]
fn keys_tell_codes_by_dimension() {
    let key = SeriesKey::parse("A.ROMA+MILANO.", 3).expect("a key");
    assert_eq!(key.codes(0), Some(&["A".to_owned()][..]));
    assert_eq!(key.codes(1), Some(&["ROMA".to_owned(), "MILANO".to_owned()][..]));
    assert_eq!(key.codes(2), None);
    assert_eq!(SeriesKey::parse("Y<5.", 2).expect("a key").codes(0), Some(&["Y<5".to_owned()][..]));
    for everything in ["", "all", ".."] {
        assert_eq!(SeriesKey::parse(everything, 3), Ok(SeriesKey::all(3)), "{everything}");
    }
    for wrong in ["A", "A.B", "A.B.C.D", "A.B++C.", "+.B.", "A/B..", "A\n.."] {
        assert!(is_malformed(SeriesKey::parse(wrong, 3)), "{wrong}");
    }
}

proptest! {
    #[test]
    fn every_key_that_is_built_reads_back(
        parts in prop::collection::vec(prop::collection::vec("[A-Za-z0-9_@$<è -]{1,5}", 0..4), 0..6)
    ) {
        let text = parts.iter().map(|codes| codes.join("+")).collect::<Vec<_>>().join(".");
        // One code alone that is the keyword cannot be told from it; the standard advises against such codes.
        prop_assume!(!text.eq_ignore_ascii_case("all"));
        let key = SeriesKey::parse(&text, parts.len()).expect("a key");
        for (position, codes) in parts.iter().enumerate() {
            prop_assert_eq!(key.codes(position).unwrap_or_default(), codes.as_slice());
        }
        prop_assert_eq!(SeriesKey::parse(&key.to_string(), parts.len()), Ok(key));
    }

    #[test]
    fn no_text_makes_reading_fail_otherwise_than_by_an_error(text in "\\PC{0,40}") {
        let _ = SeriesKey::parse(&text, 3);
        let _ = ArtefactQuery::of_flow(&text);
        let _ = TimePeriod::parse(&text);
        let _ = DataFormat::negotiate(Some(&text));
        let _ = StructureFormat::negotiate(Some(&text));
    }
}

#[test]
fn periods_have_the_days_of_the_standard() {
    for (text, begin, end) in [
        ("2025", "2025-01-01", "2026-01-01"),
        ("2025-A1", "2025-01-01", "2026-01-01"),
        ("2025-S2", "2025-07-01", "2026-01-01"),
        ("2025-T2", "2025-05-01", "2025-09-01"),
        ("2025-Q2", "2025-04-01", "2025-07-01"),
        ("2025-02", "2025-02-01", "2025-03-01"),
        ("2025-M12", "2025-12-01", "2026-01-01"),
        ("2020-W53", "2020-12-28", "2021-01-04"),
        ("2024-D366", "2024-12-31", "2025-01-01"),
        ("2025-02-28", "2025-02-28", "2025-03-01"),
        ("2025-02-28T23:59:59", "2025-02-28", "2025-03-01"),
        ("2025-02-28T12:00:00+01:00", "2025-02-28", "2025-03-01"),
        ("2025-02-28T12:00:00Z", "2025-02-28", "2025-03-01"),
    ] {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let expected = TimePeriod { text: text.to_owned(), begin: day(begin), end: day(end) };
        assert_eq!(TimePeriod::parse(text), Some(expected));
    }
    for wrong in [
        "",
        "25",
        "2025-",
        "2025-13",
        "2025-00",
        "2025-Q5",
        "2025-Q0",
        "2025-S3",
        "2025-T4",
        "2025-W54",
        "2021-W53",
        "2025-D366",
        "2025-D000",
        "2025-02-29",
        "2025-2-1",
        "2025-M1",
        "2025-è1",
        "2025-02-28T25:00:00",
        "2025-02-28T",
        "+025",
        "0000",
    ] {
        assert_eq!(TimePeriod::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn parameters_of_data_are_read() {
    assert_eq!(DataQuery::parse([]), Ok(DataQuery::default()));
    let query = DataQuery::parse([
        ("startPeriod", "2020"),
        ("endPeriod", "2025-Q1"),
        ("updatedAfter", "2009-05-15T14:15:00+01:00"),
        ("firstNObservations", "1"),
        ("lastNObservations", "2"),
        ("dimensionAtObservation", "AllDimensions"),
        ("detail", "serieskeysonly"),
        ("includeHistory", "false"),
    ]);
    let expected = DataQuery {
        start_period: TimePeriod::parse("2020"),
        end_period: TimePeriod::parse("2025-Q1"),
        updated_after: "2009-05-15T13:15:00Z".parse().ok(),
        first_n_observations: NonZeroU32::new(1),
        last_n_observations: NonZeroU32::new(2),
        dimension_at_observation: DimensionAtObservation::AllDimensions,
        detail: DataDetail::SeriesKeysOnly,
    };
    assert_eq!(query, Ok(expected));
    let one = |name, text| DataQuery::parse([(name, text)]);
    let instant = one("updatedAfter", "2009-05-15T14:15:00").expect("a query").updated_after;
    assert_eq!(instant, "2009-05-15T14:15:00Z".parse::<DateTime<chrono::Utc>>().ok());
    let at = |text| one("dimensionAtObservation", text).expect("a query").dimension_at_observation;
    assert_eq!(at("TIME_PERIOD"), DimensionAtObservation::TimePeriod);
    assert_eq!(at("SEX"), DimensionAtObservation::Dimension("SEX".into()));
    for (text, detail, has_observations, has_attributes) in [
        ("full", DataDetail::Full, true, true),
        ("dataonly", DataDetail::DataOnly, true, false),
        ("serieskeysonly", DataDetail::SeriesKeysOnly, false, false),
        ("nodata", DataDetail::NoData, false, true),
    ] {
        assert_eq!(one("detail", text).expect("a query").detail, detail);
        assert_eq!((detail.has_observations(), detail.has_attributes()), (has_observations, has_attributes));
    }
}

#[test]
fn parameters_of_data_that_are_wrong_unknown_or_there_twice_are_refused() {
    for (name, text) in [
        ("startPeriod", "soon"),
        ("endPeriod", ""),
        ("updatedAfter", "2009-05-15"),
        ("firstNObservations", "0"),
        ("lastNObservations", "-1"),
        ("lastNObservations", "+1"),
        ("lastNObservations", "1.5"),
        ("dimensionAtObservation", "1"),
        ("detail", "FULL"),
        ("includeHistory", "yes"),
        ("startperiod", "2020"),
        ("format", "csv"),
    ] {
        assert!(is_malformed(DataQuery::parse([(name, text)])), "{name}={text}");
    }
    assert!(is_malformed(DataQuery::parse([("startPeriod", "2020"), ("startPeriod", "2021")])));
    assert!(is_not_implemented(DataQuery::parse([("includeHistory", "true")])));
}

#[test]
fn parameters_of_structures_are_read() {
    assert_eq!(StructureQuery::parse([]), Ok(StructureQuery::default()));
    for (text, detail) in [
        ("full", StructureDetail::Full),
        ("allstubs", StructureDetail::AllStubs),
        ("referencestubs", StructureDetail::ReferenceStubs),
        ("referencepartial", StructureDetail::ReferencePartial),
        ("allcompletestubs", StructureDetail::AllCompleteStubs),
        ("referencecompletestubs", StructureDetail::ReferenceCompleteStubs),
    ] {
        assert_eq!(StructureQuery::parse([("detail", text)]).map(|query| query.detail), Ok(detail));
    }
    for (text, references) in [
        ("none", References::None),
        ("parents", References::Parents),
        ("parentsandsiblings", References::ParentsAndSiblings),
        ("children", References::Children),
        ("descendants", References::Descendants),
        ("all", References::All),
        ("codelist", References::Only(Resource::Codelist)),
    ] {
        assert_eq!(StructureQuery::parse([("references", text)]).map(|query| query.references), Ok(references));
    }
    assert!(is_not_implemented(StructureQuery::parse([("references", "categorisation")])));
    for (name, text) in [("references", "some"), ("detail", "dataonly"), ("startPeriod", "2020")] {
        assert!(is_malformed(StructureQuery::parse([(name, text)])), "{name}={text}");
    }
    assert!(is_malformed(StructureQuery::parse([("detail", "full"), ("detail", "full")])));
}

#[test]
fn resources_are_ours_the_standards_or_none() {
    for resource in Resource::ALL {
        assert_eq!(Resource::parse(resource.name()), Ok(resource));
    }
    for other in ["categoryscheme", "metadata", "structure", "availableconstraint"] {
        assert!(is_not_implemented(Resource::parse(other)), "{other}");
    }
    assert!(is_malformed(Resource::parse("Dataflow")));
}

#[test]
fn references_bring_what_the_standard_says() {
    use Resource::{AgencyScheme, Codelist, ConceptScheme, DataStructure, Dataflow};
    let brought = |references: References, asked| -> Vec<Resource> {
        Resource::ALL.into_iter().filter(|other| references.bring(asked, *other)).collect()
    };
    for (references, asked, expected) in [
        (References::None, Dataflow, vec![]),
        (References::Children, Dataflow, vec![DataStructure]),
        (References::Descendants, Dataflow, vec![DataStructure, ConceptScheme, Codelist]),
        (References::All, Dataflow, vec![DataStructure, ConceptScheme, Codelist]),
        (References::Parents, Dataflow, vec![]),
        (References::Only(Codelist), Dataflow, vec![Codelist]),
        (References::Children, DataStructure, vec![ConceptScheme, Codelist]),
        (References::Descendants, DataStructure, vec![ConceptScheme, Codelist]),
        (References::Parents, DataStructure, vec![Dataflow]),
        (References::ParentsAndSiblings, DataStructure, vec![Dataflow]),
        (References::All, DataStructure, vec![Dataflow, ConceptScheme, Codelist]),
        (References::Only(Dataflow), DataStructure, vec![Dataflow]),
        (References::Parents, Codelist, vec![DataStructure]),
        (References::ParentsAndSiblings, Codelist, vec![DataStructure, ConceptScheme, Codelist]),
        (References::Descendants, ConceptScheme, vec![]),
        (References::All, AgencyScheme, vec![]),
    ] {
        assert_eq!(brought(references, asked), expected, "{references:?} of {asked:?}");
    }
    assert!(StructureDetail::AllStubs.is_stub(Dataflow, Dataflow));
    assert!(StructureDetail::ReferenceStubs.is_stub(Dataflow, Codelist));
    assert!(!StructureDetail::ReferenceStubs.is_stub(Dataflow, Dataflow));
    assert!(!StructureDetail::ReferencePartial.is_stub(Dataflow, Codelist));
}

#[test]
fn data_come_in_the_format_that_is_asked_for() {
    for (accept, format) in [
        ("", DataFormat::Generic),
        ("*/*", DataFormat::Generic),
        ("application/xml", DataFormat::Generic),
        ("application/xml;version=2.1", DataFormat::Generic),
        ("text/xml", DataFormat::Generic),
        ("application/*", DataFormat::Generic),
        ("text/*", DataFormat::Csv1(Labels::Id)),
        ("text/csv", DataFormat::Csv1(Labels::Id)),
        ("application/json", DataFormat::Json1),
        ("application/vnd.sdmx.genericdata+xml;version=2.1", DataFormat::Generic),
        ("application/vnd.sdmx.structurespecificdata+xml;version=2.1", DataFormat::StructureSpecific),
        ("application/vnd.sdmx.structurespecificdata+xml", DataFormat::StructureSpecific),
        ("application/vnd.sdmx.data+json", DataFormat::Json1),
        ("application/vnd.sdmx.data+json; version=1.0", DataFormat::Json1),
        ("application/vnd.sdmx.data+json;version=\"2.0.0\"", DataFormat::Json2),
        ("APPLICATION/vnd.SDMX.data+json;Version=2.0.0", DataFormat::Json2),
        ("application/vnd.sdmx.data+csv", DataFormat::Csv1(Labels::Id)),
        ("application/vnd.sdmx.data+csv;version=1.0.0;labels=both", DataFormat::Csv1(Labels::Both)),
        ("application/vnd.sdmx.data+csv;labels=name", DataFormat::Csv2(Labels::Name)),
        ("application/vnd.sdmx.data+csv; version=2.0.0; labels=both", DataFormat::Csv2(Labels::Both)),
        (
            "application/vnd.sdmx.data+csv;version=2.0.0;labels=id;timeFormat=original;keys=none",
            DataFormat::Csv2(Labels::Id),
        ),
        ("application/json;q=0.5, text/csv", DataFormat::Csv1(Labels::Id)),
        ("application/json, text/csv", DataFormat::Json1),
        ("text/csv;q=0.5, application/vnd.sdmx.data+json;version=2.0.0;q=0.9, */*;q=0.1", DataFormat::Json2),
        ("*/*, application/vnd.sdmx.data+json;version=2.0.0", DataFormat::Json2),
        (
            "*/*, application/vnd.sdmx.genericdata+xml;q=0, application/xml;q=0, text/xml;q=0",
            DataFormat::StructureSpecific,
        ),
        ("text/html, application/xml;q=0.9, */*;q=0.8", DataFormat::Generic),
        ("application/vnd.sdmx.data+csv;version=2.0.0;keys=series, application/json;q=0.1", DataFormat::Json1),
    ] {
        assert_eq!(DataFormat::negotiate(Some(accept)), Ok(format), "{accept}");
    }
    assert_eq!(DataFormat::negotiate(None), Ok(DataFormat::Generic));
}

#[test]
fn formats_that_there_are_not_are_not_acceptable() {
    for accept in [
        "text/html",
        "application/vnd.sdmx.data+json;version=3.0.0",
        "application/vnd.sdmx.genericdata+xml;version=2.0",
        "application/vnd.sdmx.data+csv;version=1.0.0;labels=name",
        "application/vnd.sdmx.data+csv;version=2.0.0;keys=both",
        "application/vnd.sdmx.data+csv;timeFormat=normalized",
        "application/vnd.sdmx.structure+xml;version=2.1",
        "*/*;q=0",
        "text/csv;q=2",
        "nonsense",
        ",",
    ] {
        assert_eq!(DataFormat::negotiate(Some(accept)), Err(NotAcceptable), "{accept}");
    }
}

#[test]
fn structures_come_in_the_format_that_is_asked_for() {
    for (accept, format) in [
        (None, Ok(StructureFormat::Xml)),
        (Some("*/*"), Ok(StructureFormat::Xml)),
        (Some("application/vnd.sdmx.structure+xml;version=2.1"), Ok(StructureFormat::Xml)),
        (Some("application/json"), Ok(StructureFormat::Json1)),
        (Some("application/vnd.sdmx.structure+json;version=1.0.0"), Ok(StructureFormat::Json1)),
        (Some("application/vnd.sdmx.structure+json;version=2.0.0"), Ok(StructureFormat::Json2)),
        (Some("text/csv"), Err(NotAcceptable)),
    ] {
        assert_eq!(StructureFormat::negotiate(accept), format, "{accept:?}");
    }
}

#[test]
fn every_content_type_asks_for_its_own_format() {
    let labels = [Labels::Id, Labels::Both];
    let all = [DataFormat::Generic, DataFormat::StructureSpecific, DataFormat::Json1, DataFormat::Json2];
    let csv = labels.into_iter().flat_map(|labels| [DataFormat::Csv1(labels), DataFormat::Csv2(labels)]);
    for format in all.into_iter().chain(csv).chain([DataFormat::Csv2(Labels::Name)]) {
        assert_eq!(DataFormat::negotiate(Some(format.content_type())), Ok(format));
    }
    for format in [StructureFormat::Xml, StructureFormat::Json1, StructureFormat::Json2] {
        assert_eq!(StructureFormat::negotiate(Some(format.content_type())), Ok(format));
    }
}
