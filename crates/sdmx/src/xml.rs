//! XML as all messages write it.

use std::borrow::Cow;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use crate::header::Header;
use crate::text::LocalisedText;

pub const MESSAGE: (&str, &str) = ("xmlns:mes", "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message");
pub const COMMON: (&str, &str) = ("xmlns:com", "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/common");
pub const STRUCTURE: (&str, &str) = ("xmlns:str", "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/structure");
pub const GENERIC: (&str, &str) = ("xmlns:gen", "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/data/generic");
pub const SPECIFIC: (&str, &str) =
    ("xmlns:ss", "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/data/structurespecific");
pub const SCHEMA_INSTANCE: (&str, &str) = ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");

/// A document that is being written.
pub struct Xml {
    writer: Writer<Vec<u8>>,
}

impl Xml {
    /// A document with its declaration.
    pub fn document() -> io::Result<Self> {
        let mut writer = Writer::new(Vec::new());
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        Ok(Self { writer })
    }

    /// What was written and not taken yet.
    pub fn bytes(&mut self) -> &mut Vec<u8> {
        self.writer.get_mut()
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.writer.into_inner()
    }

    pub fn open<'a>(&mut self, name: &str, attributes: impl IntoIterator<Item = (&'a str, &'a str)>) -> io::Result<()> {
        self.writer.write_event(Event::Start(start(name, attributes)))
    }

    pub fn empty<'a>(
        &mut self,
        name: &str,
        attributes: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> io::Result<()> {
        self.writer.write_event(Event::Empty(start(name, attributes)))
    }

    pub fn close(&mut self, name: &str) -> io::Result<()> {
        self.writer.write_event(Event::End(BytesEnd::new(name)))
    }

    /// An element that holds text alone.
    pub fn text<'a>(
        &mut self,
        name: &str,
        attributes: impl IntoIterator<Item = (&'a str, &'a str)>,
        text: &str,
    ) -> io::Result<()> {
        self.open(name, attributes)?;
        self.writer.write_event(Event::Text(BytesText::new(&allowed(text))))?;
        self.close(name)
    }

    /// A name in each of its languages; the id where it has none, since the schema wants one.
    pub fn names(&mut self, name: &LocalisedText, id: &str) -> io::Result<()> {
        if name.is_empty() {
            return self.text("com:Name", [], id);
        }
        for (language, text) in name.iter() {
            self.text("com:Name", [("xml:lang", language)], text)?;
        }
        Ok(())
    }

    /// A header up to its sender; what else a kind of message wants follows, and its end.
    pub fn open_header(&mut self, header: &Header) -> io::Result<()> {
        self.open("mes:Header", [])?;
        self.text("mes:ID", [], &header.id)?;
        self.text("mes:Test", [], if header.is_test { "true" } else { "false" })?;
        self.text("mes:Prepared", [], &header.prepared())?;
        let sender = [("id", header.sender.as_str())];
        if header.sender_name.is_empty() {
            return self.empty("mes:Sender", sender);
        }
        self.open("mes:Sender", sender)?;
        self.names(&header.sender_name, &header.sender)?;
        self.close("mes:Sender")
    }
}

fn start<'a>(name: &str, attributes: impl IntoIterator<Item = (&'a str, &'a str)>) -> BytesStart<'_> {
    let mut start = BytesStart::new(name);
    for (attribute, value) in attributes {
        start.push_attribute((attribute, allowed(value).as_ref()));
    }
    start
}

/// The text with what XML 1.0 cannot hold (2.2, "Char") replaced: control characters and the two noncharacters.
fn allowed(text: &str) -> Cow<'_, str> {
    let is_allowed =
        |char: char| !matches!(char, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    if text.chars().all(is_allowed) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|char| if is_allowed(char) { char } else { char::REPLACEMENT_CHARACTER }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_what_xml_cannot_hold_never_get_through() {
        let mut xml = Xml::document().expect("a document");
        xml.text("a", [("b", "<\"&\u{1}'>")], "]]>\u{ffff}<c/>&\u{1f}").expect("text");
        let written = String::from_utf8(xml.into_bytes()).expect("UTF-8");
        let body = written.split_once("?>").expect("a declaration").1;
        assert_eq!(body, "<a b=\"&lt;&quot;&amp;\u{fffd}&apos;&gt;\">]]&gt;\u{fffd}&lt;c/&gt;&amp;\u{fffd}</a>");
    }
}
