//! Files as they are attached, and as nobody should be able to attach them.

use std::io::{Cursor, Write as _};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::http::{Answer, Client};

pub const PDF: &str = "application/pdf";
pub const JPEG: &str = "image/jpeg";
pub const PNG: &str = "image/png";
pub const WEBP: &str = "image/webp";
pub const TEXT: &str = "text/plain";
pub const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
pub const ODT: &str = "application/vnd.oasis.opendocument.text";
pub const ODS: &str = "application/vnd.oasis.opendocument.spreadsheet";

pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// How a file is declared.
pub fn declared(file_name: &str, media_type: &str, bytes: &[u8]) -> Value {
    json!({"file_name": file_name, "media_type": media_type, "size": bytes.len(), "sha256": sha256(bytes)})
}

pub fn text(file_name: &str, bytes: &[u8]) -> Value {
    declared(file_name, TEXT, bytes)
}

/// Declares an attachment of a case; gives its path.
#[track_caller]
pub fn declare(client: &Client, case: &str, new: &Value) -> String {
    format!("/attachments/{}", client.post(&format!("/cases/{case}/attachments"), new).expect(201).id())
}

/// Declares a file and sends it; gives its path and the answer.
#[track_caller]
pub fn attach(client: &Client, case: &str, name: &str, media_type: &str, bytes: &[u8]) -> (String, Answer) {
    let path = declare(client, case, &declared(name, media_type, bytes));
    let answer = client.put_file(&format!("{path}/content"), "*", media_type, bytes);
    (path, answer)
}

/// A file of each type with a name for it.
pub fn one_of_each() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    vec![
        ("permit.pdf", PDF, pdf()),
        ("scan.jpg", JPEG, jpeg(640, 480)),
        ("stamp.png", PNG, png(640, 480)),
        ("photo.webp", WEBP, webp(640, 480)),
        ("letter.txt", TEXT, "Vieni martedì alle undici. Прийди у вівторок.\n".into()),
        ("report.docx", DOCX, docx(&[])),
        ("hours.xlsx", XLSX, xlsx(&[])),
        ("plan.odt", ODT, open_document(ODT, &[])),
        ("budget.ods", ODS, open_document(ODS, &[])),
    ]
}

pub fn pdf() -> Vec<u8> {
    b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF\n".to_vec()
}

pub fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend(b"\x08\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00IEND\xae\x42\x60\x82");
    bytes
}

pub fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut bytes =
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xc0\x00\x11\x08".to_vec();
    bytes.extend(height.to_be_bytes());
    bytes.extend(width.to_be_bytes());
    bytes.extend(b"\x03\x01\x11\x00\x02\x11\x01\x03\x11\x01\xff\xd9");
    bytes
}

pub fn webp(width: u32, height: u32) -> Vec<u8> {
    let mut chunk = b"VP8X\x0a\x00\x00\x00\x00\x00\x00\x00".to_vec();
    chunk.extend((width - 1).to_le_bytes().into_iter().take(3));
    chunk.extend((height - 1).to_le_bytes().into_iter().take(3));
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((u32::try_from(chunk.len()).expect("small") + 4).to_le_bytes());
    bytes.extend(b"WEBP");
    bytes.extend(chunk);
    bytes
}

/// What is packed in an archive: its name, how, and what.
pub type Part<'a> = (&'a str, CompressionMethod, &'a [u8]);

pub fn packed<'a>(name: &'a str, content: &'a [u8]) -> Part<'a> {
    (name, CompressionMethod::Deflated, content)
}

pub fn archive(parts: &[Part<'_>]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, method, content) in parts {
        let options = SimpleFileOptions::default().compression_method(*method);
        writer.start_file(*name, options).expect("a file");
        writer.write_all(content).expect("packed");
    }
    writer.finish().expect("an archive").into_inner()
}

fn content_types(part: &str, media_type: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
         <Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
         <Override PartName=\"/{part}\" ContentType=\"{media_type}.main+xml\"/></Types>"
    )
}

fn office(part: &str, media_type: &str, more: &[Part<'_>]) -> Vec<u8> {
    // The main part's type is the document's but for its ending: `….document` and `….document.main+xml`.
    let types = content_types(part, media_type);
    let mut parts = vec![
        packed("[Content_Types].xml", types.as_bytes()),
        packed("_rels/.rels", b"<Relationships/>"),
        packed(part, b"<?xml version=\"1.0\"?><body>What was agreed.</body>"),
    ];
    parts.extend(more);
    archive(&parts)
}

pub fn docx(more: &[Part<'_>]) -> Vec<u8> {
    office("word/document.xml", DOCX, more)
}

pub fn xlsx(more: &[Part<'_>]) -> Vec<u8> {
    office("xl/workbook.xml", XLSX, more)
}

pub fn open_document(media_type: &str, more: &[Part<'_>]) -> Vec<u8> {
    let mut parts = vec![
        ("mimetype", CompressionMethod::Stored, media_type.as_bytes()),
        packed("content.xml", b"<office:document-content/>"),
        packed("META-INF/manifest.xml", b"<manifest:manifest/>"),
    ];
    parts.extend(more);
    archive(&parts)
}
