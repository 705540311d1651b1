//! Files that are not what they say, or more than they say: each is refused, says why, and leaves nothing behind.

use approdo::config::{AttachmentArgs, ServeArgs};
use serde_json::json;
use zip::CompressionMethod::Stored;

use crate::both;
use crate::contract::bad_input::row_counts;
use crate::support::files::{self, DOCX, JPEG, ODS, ODT, PDF, PNG, TEXT, WEBP, XLSX, attach, packed};
use crate::support::{Product, World};

/// Attaches each file; fails unless it is refused with its reason and nothing but its declaration is left.
#[track_caller]
fn each_is_refused(world: &World, files: &[(&str, &str, Vec<u8>, &str)]) {
    let (maria, case) = (world.maria_case_manager(), world.case_in_udine());
    for (name, media_type, bytes, reason) in files {
        let path = files::declare(&maria, &case, &files::declared(name, media_type, bytes));
        world.feed_settled();
        let before = (row_counts(world), maria.get(&path).expect(200).json());
        let answer = maria.put_file(&format!("{path}/content"), "*", media_type, bytes);
        assert_eq!(answer.status, 422, "{name} ({reason}): {}", answer.text);
        assert_eq!(answer.json()["errors"], json!([{"pointer": "#", "detail": reason}]), "{name}");
        assert_eq!((row_counts(world), maria.get(&path).expect(200).json()), before, "{name} ({reason})");
        maria.get(&format!("{path}/content")).expect(404);
    }
    assert!(!files.is_empty());
}

fn zeros(count: usize) -> Vec<u8> {
    vec![0; count]
}

/// Sets a bit in the flags of each file of an archive: in its own header and in the directory.
fn with_flag(mut archive: Vec<u8>, bit: u8) -> Vec<u8> {
    for (mark, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let found: Vec<usize> =
            archive.windows(4).enumerate().filter(|(_, window)| *window == mark).map(|(at, _)| at).collect();
        found.iter().for_each(|at| archive[at + flags] |= bit);
    }
    archive
}

/// Replaces a number wherever it stands.
fn replaced(mut archive: Vec<u8>, from: u32, to: u32) -> Vec<u8> {
    let found: Vec<usize> =
        archive.windows(4).enumerate().filter(|(_, window)| *window == from.to_le_bytes()).map(|(at, _)| at).collect();
    assert!(found.len() >= 2, "in the file's header and in the directory");
    found.iter().for_each(|at| archive[*at..at + 4].copy_from_slice(&to.to_le_bytes()));
    archive
}

/// As if the place of the directory were told in a record of ZIP64.
fn of_zip64(mut archive: Vec<u8>) -> Vec<u8> {
    let record = archive.len() - 22;
    archive[record + 16..record + 20].fill(0xFF);
    archive
}

/// With a record of many files before the last, for a reader who passes over that.
fn with_record_before(mut archive: Vec<u8>) -> Vec<u8> {
    let mut record = archive[archive.len() - 22..].to_vec();
    record[8..12].fill(0xEE);
    archive.extend(record.clone());
    record[8..12].fill(0);
    archive.extend(record);
    archive
}

fn with_symlink() -> Vec<u8> {
    use std::io::Write as _;
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    writer.start_file("[Content_Types].xml", options).expect("a file");
    writer.write_all(b"<Types/>").expect("written");
    writer.add_symlink("word/media", "/etc", options).expect("a link");
    writer.finish().expect("an archive").into_inner()
}

both! {
    fn a_file_of_one_type_is_not_taken_for_another(world: &World) {
        let mut refused = Vec::new();
        for (as_name, as_type, _) in files::one_of_each() {
            // Any text is text; every other one begins otherwise.
            for (name, media_type, bytes) in files::one_of_each() {
                if media_type != as_type && !(as_type == TEXT && media_type == PDF) {
                    refused.push((as_name, as_type, name, bytes));
                }
            }
        }
        let (maria, case) = (world.maria_case_manager(), world.case_in_udine());
        for (as_name, as_type, name, bytes) in &refused {
            let (path, answer) = attach(&maria, &case, as_name, as_type, bytes);
            assert_eq!(answer.status, 422, "{name} as {as_type}: {}", answer.text);
            maria.get(&format!("{path}/content")).expect(404);
        }
        assert_eq!(refused.len(), 9 * 8 - 1);
    }

    fn damaged_and_disguised_files_are_refused(world: &World) {
        let cut = |bytes: Vec<u8>, by: usize| bytes[..bytes.len() - by].to_vec();
        each_is_refused(world, &[
            ("a.pdf", PDF, b"\n%PDF-1.7\n%%EOF".to_vec(), "does not begin as a PDF does"),
            ("a.pdf", PDF, b"%PDF-x\n%%EOF".to_vec(), "does not begin as a PDF does"),
            ("a.pdf", PDF, cut(files::pdf(), 4), "does not end as a PDF does: it may be cut off"),
            ("a.txt", TEXT, b"caf\xe9".to_vec(), "is not text in UTF-8"),
            ("a.txt", TEXT, cut("né".into(), 1), "is not text in UTF-8"),
            ("a.txt", TEXT, [vec![b'x'; 65_535], b"\xc3".to_vec(), vec![b'x'; 9]].concat(), "is not text in UTF-8"),
            ("a.txt", TEXT, b"a\0b".to_vec(), "holds the character U+0000"),
            ("a.png", PNG, files::png(0, 7), "is an image without pixels"),
            ("a.png", PNG, files::png(60_000, 60_000), "is an image of more than 250 million pixels"),
            ("a.jpg", JPEG, files::jpeg(65_535, 65_535), "is an image of more than 250 million pixels"),
            ("a.webp", WEBP, files::webp(16_384, 16_384), "is an image of more than 250 million pixels"),
            ("a.jpg", JPEG, files::jpeg(7, 7)[..24].to_vec(), "is an image whose size cannot be read: it may be damaged"),
            ("a.docx", DOCX, of_zip64(files::docx(&[])), "is of a form for archives larger than any that is taken"),
            ("a.docx", DOCX, with_record_before(files::docx(&[])), "holds more than 10,000 files"),
            ("a.docx", DOCX, cut(files::docx(&[]), 30), "is not a whole archive, as documents of its type are"),
            ("a.docx", DOCX, [b"MZ".to_vec(), files::docx(&[])].concat(), "does not begin as a document of its type does"),
            ("a.docx", DOCX, [files::archive(&[packed("x", b"x")]), files::docx(&[])].concat(), "is an archive that can be read in more than one way"),
            ("a.docx", DOCX, files::archive(&[packed("word/document.xml", b"x")]), "lacks the main part of a document of its type"),
            ("a.odt", ODT, files::archive(&[("mimetype", Stored, ODT.as_bytes())]), "lacks the main part of a document of its type"),
            ("a.ods", ODS, files::open_document(ODT, &[]), "lacks the main part of a document of its type"),
        ]);
    }

    fn bombs_are_refused_before_they_go_off(world: &World) {
        let bomb = files::docx(&[packed("word/media/image1.bmp", &zeros(20_000_000))]);
        assert!(bomb.len() < 100_000, "it is small: {}", bomb.len());
        let inner = files::archive(&[packed("zeros", &zeros(1_000_000))]);
        let nested = (0..3).fold(inner, |inner, level| files::archive(&[packed(&format!("{level}.zip"), &inner)]));
        let many: Vec<String> = (0..10_001).map(|number| format!("word/{number}.xml")).collect();
        let many: Vec<_> = many.iter().map(|name| (name.as_str(), Stored, b"".as_slice())).collect();
        each_is_refused(world, &[
            ("a.docx", DOCX, bomb.clone(), "unpacks to more than it may"),
            // More than it declares is not given out either.
            ("a.docx", DOCX, replaced(bomb, 20_000_000, 1_000), "is not a whole archive, as documents of its type are"),
            ("a.xlsx", XLSX, files::xlsx(&[packed("xl/media/nested.bin", &nested)]), "holds an archive, a program or an embedded object"),
            ("a.odt", ODT, files::open_document(ODT, &[packed("Pictures/x", &zeros(20_000_000))]), "unpacks to more than it may"),
            ("a.docx", DOCX, files::docx(&many), "holds more than 10,000 files"),
        ]);
    }

    fn what_documents_should_not_hold_is_refused(world: &World) {
        let carried = "holds an archive, a program or an embedded object";
        let outside = "holds a file whose path leads out of it";
        let macro_types = "<Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.ms-word.document.macroEnabled.main+xml\"/>";
        let macros = files::archive(&[packed("[Content_Types].xml", macro_types.as_bytes()), packed("word/document.xml", b"x")]);
        let compound = [b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".as_slice(), &[0; 600]].concat();
        let tar = [vec![b'a'; 257], b"ustar\x0000".to_vec(), vec![0; 300]].concat();
        let manifest = b"<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>";
        let sealed = files::archive(&[("mimetype", Stored, ODT.as_bytes()), packed("content.xml", b"\x17\x99"), packed("META-INF/manifest.xml", manifest)]);
        each_is_refused(world, &[
            ("a.docx", DOCX, macros, "holds macros"),
            ("a.docx", DOCX, files::docx(&[packed("word/vbaProject.bin", b"x")]), "holds macros"),
            ("a.xlsx", XLSX, files::xlsx(&[packed("xl/VBAPROJECT.BIN", b"x")]), "holds macros"),
            ("a.odt", ODT, files::open_document(ODT, &[packed("Basic/Standard/Module1.xml", b"x")]), "holds macros"),
            ("a.docx", DOCX, files::docx(&[packed("word/embeddings/oleObject1.bin", &compound)]), carried),
            ("a.docx", DOCX, files::docx(&[packed("word/embeddings/sheet.xlsx", &files::xlsx(&[]))]), carried),
            ("a.docx", DOCX, files::docx(&[packed("word/media/image1.png", b"MZ\x90\x00")]), carried),
            ("a.docx", DOCX, files::docx(&[packed("word/media/image1.png", &tar)]), carried),
            ("a.docx", DOCX, files::docx(&[packed("../../evil.xml", b"x")]), outside),
            ("a.docx", DOCX, files::docx(&[packed("/etc/passwd", b"x")]), outside),
            ("a.docx", DOCX, files::docx(&[packed("word\\..\\..\\evil.xml", b"x")]), outside),
            ("a.docx", DOCX, with_symlink(), outside),
            ("a.docx", DOCX, with_flag(files::docx(&[]), 1), "is encrypted"),
            ("a.odt", ODT, sealed, "is encrypted"),
        ]);
    }
}

#[test]
fn an_office_document_may_unpack_to_what_the_deployment_says() {
    let attachments = AttachmentArgs { attachment_inflated_limit: Some(100_000), ..AttachmentArgs::default() };
    let world = World::with(Product::Sqlite, |given| ServeArgs { attachments, ..given });
    let sized = |size: usize| files::docx(&[("word/media/image1.bmp", Stored, zeros(size).as_slice())]);
    each_is_refused(&world, &[("a.docx", DOCX, sized(100_000), "unpacks to more than it may")]);
    let (_, taken) = attach(&world.maria_case_manager(), &world.case_in_udine(), "a.docx", DOCX, &sized(99_000));
    taken.expect(200);
}
