//! The three formats.

use std::{fmt, io};

use oxjsonld::JsonLdSerializer;
use oxrdf::GraphNameRef;
use oxrdfxml::RdfXmlSerializer;
use oxttl::TurtleSerializer;

use crate::address::Base;
use crate::graph::triples;
use crate::model::Catalogue;
use crate::vocabulary::PREFIXES;

/// How a catalogue is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// JSON-LD 1.1, its names in full: a reader of JSON needs no context.
    JsonLd,
    /// RDF 1.1 Turtle.
    Turtle,
    /// RDF 1.1 XML.
    RdfXml,
}

impl Format {
    /// As `*/*` prefers them: who says nothing of this API is given JSON.
    pub const ALL: [Self; 3] = [Self::JsonLd, Self::Turtle, Self::RdfXml];

    /// As `Accept` names it.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::JsonLd => "application/ld+json",
            Self::Turtle => "text/turtle",
            Self::RdfXml => "application/rdf+xml",
        }
    }

    /// The exact `Content-Type` of the answer. Of the three Turtle alone is text, whose character set has to be told.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Turtle => "text/turtle; charset=utf-8",
            other => other.media_type(),
        }
    }
}

/// Why a catalogue cannot be written.
#[derive(Debug)]
pub enum WriteError {
    /// Two datasets, or two distributions of one dataset, have this key.
    SameKey(String),
    Serialisation(io::Error),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SameKey(key) => write!(f, "two parts of the catalogue have the key {key}"),
            Self::Serialisation(error) => write!(f, "the catalogue could not be written: {error}"),
        }
    }
}

impl std::error::Error for WriteError {}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Serialisation(error)
    }
}

impl Catalogue {
    /// The catalogue in a format, as bytes of UTF-8. The same catalogue is always the same bytes, in whatever order its datasets come.
    pub fn write(&self, base: &Base, format: Format) -> Result<Vec<u8>, WriteError> {
        let triples = triples(self, base)?;
        match format {
            Format::JsonLd => {
                let mut writer = JsonLdSerializer::new().for_writer(Vec::new());
                for triple in &triples {
                    writer.serialize_quad(triple.as_ref().in_graph(GraphNameRef::DefaultGraph))?;
                }
                Ok(writer.finish()?)
            }
            Format::Turtle => {
                let mut settings = TurtleSerializer::new();
                for (prefix, namespace) in PREFIXES {
                    settings = settings.with_prefix(prefix, namespace).map_err(io::Error::other)?;
                }
                let mut writer = settings.for_writer(Vec::new());
                for triple in &triples {
                    writer.serialize_triple(triple)?;
                }
                Ok(writer.finish()?)
            }
            Format::RdfXml => {
                let mut settings = RdfXmlSerializer::new();
                for (prefix, namespace) in PREFIXES {
                    settings = settings.with_prefix(prefix, namespace).map_err(io::Error::other)?;
                }
                let mut writer = settings.for_writer(Vec::new());
                for triple in &triples {
                    writer.serialize_triple(triple)?;
                }
                Ok(writer.finish()?)
            }
        }
    }
}
