use std::io::{self, Read};

use proptest::prelude::*;

use super::{Encoding, Fault, Form, Head, Records};

/// Gives a file away so many bytes at a time.
struct Slowly<'a>(&'a [u8], usize);

impl Read for Slowly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(buffer.len()).min(self.0.len());
        let (now, later) = self.0.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.0 = later;
        Ok(count)
    }
}

fn form(encoding: Encoding, delimiter: u8) -> Form {
    Form { encoding, delimiter }
}

fn read(bytes: &[u8], form: Form, at_once: usize) -> Result<Vec<(u64, Vec<String>)>, Fault> {
    let mut records = Records::new(Slowly(bytes, at_once), form);
    let mut all = Vec::new();
    while let Some(record) = records.read()? {
        all.push((record.line, record.texts()));
    }
    Ok(all)
}

#[test]
fn a_file_of_windows_1252_with_line_breaks_in_its_header_is_read_as_its_publisher_meant_it() {
    let file =
        b"Codice;\"Denominazione\r\n(italiana)\";Capoluogo\r\n001001;Agli\xe8;0\r\n021008;\"Bolzano; Bozen\";1\r\n";
    for at_once in [1, 7, 1000] {
        let records = read(file, form(Encoding::Windows1252, b';'), at_once).expect("a file");
        let texts = |record: &[&str]| record.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(records[0], (1, texts(&["Codice", "Denominazione\r\n(italiana)", "Capoluogo"])));
        assert_eq!(records[1], (3, texts(&["001001", "Agliè", "0"])));
        assert_eq!(records[2], (4, texts(&["021008", "Bolzano; Bozen", "1"])));
    }
}

#[test]
fn a_mark_of_byte_order_is_no_part_of_the_first_field() {
    for at_once in [1, 2, 100] {
        let records = read("\u{feff}a,b\n1,2\n".as_bytes(), form(Encoding::Utf8, b','), at_once).expect("a file");
        assert_eq!(records[0].1, ["a", "b"]);
    }
}

#[test]
fn what_never_ends_is_refused_where_it_begins() {
    let mut file = b"a,b\n1,2\n3,\"".to_vec();
    file.extend(std::iter::repeat_n(b'x', 5_000_000));
    let mut records = Records::new(file.as_slice(), form(Encoding::Utf8, b','));
    assert!(records.read().expect("a record").is_some());
    assert!(records.read().expect("a record").is_some());
    assert!(matches!(records.read(), Err(Fault::Endless { line: 3 })));
    let commas = vec![b','; 1_000_000];
    assert!(matches!(read(&commas, form(Encoding::Utf8, b','), 10_000), Err(Fault::Endless { line: 1 })));
}

#[test]
fn a_field_that_is_no_text_is_told_apart_from_the_others() {
    let mut records = Records::new(b"a,\xff\xfe\n".as_slice(), form(Encoding::Utf8, b','));
    let record = records.read().expect("a file").expect("a record");
    assert_eq!(record.field(0), Some(Ok("a")));
    assert_eq!(record.field(1), Some(Err(super::NotText)));
    assert_eq!(record.field(2), None);
}

#[test]
fn a_file_without_an_end_of_line_may_have_been_cut_off() {
    for (file, cut) in [("a,b\n1,2\n", false), ("a,b\r\n1,2\r\n", false), ("a,b\n1,2", true), ("", false)] {
        let mut records = Records::new(file.as_bytes(), form(Encoding::Utf8, b','));
        while records.read().expect("a file").is_some() {}
        assert_eq!(records.ends_within_a_line(), cut, "{file:?}");
    }
}

#[test]
fn the_head_of_a_file_tells_its_coding_its_delimiter_and_its_header() {
    let head = |bytes: &[u8]| Head::of(bytes).map(|head| (head.form, head.header_line, head.header));
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let semicolons = "\u{feff}Anno;Comune;Totale\n2025;Udine, città;1,5\n2025;Trieste;2,5\n";
    assert_eq!(
        head(semicolons.as_bytes()),
        Some((form(Encoding::Utf8, b';'), 1, names(&["Anno", "Comune", "Totale"])))
    );
    let titled = "Resident population on 1 January, by age, 2022\n\"Code\",\"Males\"\n\"001\",\"2\"\n\"002\",\"3\"\n";
    assert_eq!(head(titled.as_bytes()), Some((form(Encoding::Utf8, b','), 2, names(&["Code", "Males"]))));
    let old = b"a\tb\n1\tAgli\xe8\n";
    assert_eq!(head(old), Some((form(Encoding::Windows1252, b'\t'), 1, names(&["a", "b"]))));
    for nothing in [b"".as_slice(), b"one\ntwo\n", b"\xff\xfea\0,\0", b"PK\x03\x04\0\0"] {
        assert_eq!(head(nothing), None, "{nothing:?}");
    }
}

proptest! {
    #[test]
    fn records_are_what_another_reader_finds_however_the_bytes_come(
        rows in prop::collection::vec(prop::collection::vec("[ -~è\n]{0,12}", 3), 1..20),
        at_once in 1_usize..50,
    ) {
        let mut file = Vec::new();
        let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(&mut file);
        for row in &rows {
            writer.write_record(row).expect("memory takes it");
        }
        writer.flush().expect("memory takes it");
        drop(writer);
        let found = read(&file, form(Encoding::Utf8, b';'), at_once).expect("a file");
        let expected: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|text| text.trim().to_owned()).collect()).collect();
        prop_assert_eq!(found.into_iter().map(|(_, texts)| texts).collect::<Vec<_>>(), expected);
    }
}
