use std::path::PathBuf;

use super::report::Report;
use super::told::Told;
use super::{layouts, plan, tables};

fn fixtures() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/territory");
    tables::files(&[folder]).expect("the fixtures")
}

fn planned(text: &[u8]) -> (plan::Plan, Report) {
    let file = tempfile::Builder::new().suffix("_2026.csv").tempfile().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    let (mut report, mut told) = (Report::default(), Told::default());
    let as_of = "2026-08-14".parse().expect("a day");
    if let Some(table) = tables::read(file.path(), (Some(as_of), as_of), &mut report).expect("read") {
        layouts::gather(&table, &mut told, &mut report);
    }
    let plan = plan::of(told, &mut report);
    (plan, report)
}

#[test]
fn files_that_are_cut_off_anywhere_are_read_as_far_as_they_go() {
    for path in fixtures() {
        let bytes = std::fs::read(&path).expect("a fixture");
        let (whole, _) = planned(&bytes);
        for end in (0..bytes.len()).step_by(37) {
            let (cut, report) = planned(bytes.get(..end).expect("its beginning"));
            assert!(cut.places.len() <= whole.places.len(), "{} cut at {end}", path.display());
            assert!(report.rejected.len() <= 8, "{} cut at {end}: {:?}", path.display(), report.rejected);
        }
    }
}

#[test]
fn a_line_without_an_end_and_another_encoding_are_rejected_or_skipped() {
    let header =
        "istat_code,cadastral_code,name,name_it,province_code,uts_code,province_sigla,region_code,altimetric_zone\n";
    let long = format!("{header}001001,A074,{},x,001,201,TO,01,3\n", "a".repeat(3_000_000));
    let (_, report) = planned(long.as_bytes());
    // The row that does not end, and that the list is not whole for that.
    assert_eq!(report.rejected.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 0]);
    assert!(report.rejected.iter().all(|row| row.value.len() <= 100));
    let wide: Vec<u8> = header.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (plan, report) = planned(&wide);
    assert_eq!((plan.places.len(), report.rejected.len()), (0, 1));
    let (plan, report) = planned(header.replace(',', "\t").as_bytes());
    assert_eq!((plan.places.len(), report.files.len(), report.rejected.len()), (0, 1, 0));
}
