//! In which format an answer is wanted (SDMX REST 1.5, 4.6; SDMX-JSON and SDMX-CSV 1.0 and 2.0; RFC 9110, 12.5.1).

use std::fmt;

/// How codes and components are told in SDMX-CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Labels {
    #[default]
    Id,
    /// The name in a column of its own; in SDMX-CSV 2.0 alone.
    Name,
    /// `F: Females`.
    Both,
}

/// A format of data messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataFormat {
    /// SDMX-ML 2.1, generic: what the standard takes where nothing is said.
    Generic,
    /// SDMX-ML 2.1, structure-specific.
    StructureSpecific,
    Json1,
    Json2,
    Csv1(Labels),
    Csv2(Labels),
}

/// A format of structure messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StructureFormat {
    /// SDMX-ML 2.1.
    Xml,
    Json1,
    Json2,
}

/// None of the formats asked for is one of ours: HTTP 406.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAcceptable;

impl fmt::Display for NotAcceptable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("none of the media types asked for can be answered with")
    }
}

impl std::error::Error for NotAcceptable {}

impl DataFormat {
    /// The format that an Accept header prefers; nothing, and any type, ask for the generic one.
    ///
    /// A type without a version asks for the first: those of SDMX 2.1, whose interface this is.
    pub fn negotiate(accept: Option<&str>) -> Result<Self, NotAcceptable> {
        const TYPES: [Offer<DataFormat>; 10] = [
            Offer { media_type: "application/vnd.sdmx.genericdata+xml", version: "2.1", format: DataFormat::Generic },
            Offer {
                media_type: "application/vnd.sdmx.structurespecificdata+xml",
                version: "2.1",
                format: DataFormat::StructureSpecific,
            },
            Offer { media_type: "application/vnd.sdmx.data+json", version: "1.0.0", format: DataFormat::Json1 },
            Offer { media_type: "application/vnd.sdmx.data+json", version: "2.0.0", format: DataFormat::Json2 },
            Offer { media_type: CSV, version: "1.0.0", format: DataFormat::Csv1(Labels::Id) },
            Offer { media_type: CSV, version: "2.0.0", format: DataFormat::Csv2(Labels::Id) },
            Offer { media_type: "application/xml", version: "", format: DataFormat::Generic },
            Offer { media_type: "application/json", version: "", format: DataFormat::Json1 },
            Offer { media_type: "text/csv", version: "", format: DataFormat::Csv1(Labels::Id) },
            Offer { media_type: "text/xml", version: "", format: DataFormat::Generic },
        ];
        let (format, range) = negotiate(accept, &TYPES, |range, format| range.labels_of(format).is_some())?;
        let labels = range.and_then(|range| range.labels_of(format)).unwrap_or_default();
        Ok(match format {
            Self::Csv1(_) => Self::Csv1(labels),
            Self::Csv2(_) => Self::Csv2(labels),
            other => other,
        })
    }

    /// The exact Content-Type of the answer.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Generic => "application/vnd.sdmx.genericdata+xml;version=2.1",
            Self::StructureSpecific => "application/vnd.sdmx.structurespecificdata+xml;version=2.1",
            Self::Json1 => "application/vnd.sdmx.data+json;version=1.0.0",
            Self::Json2 => "application/vnd.sdmx.data+json;version=2.0.0",
            Self::Csv1(Labels::Id | Labels::Name) => {
                "application/vnd.sdmx.data+csv;version=1.0.0;labels=id;charset=utf-8"
            }
            Self::Csv1(Labels::Both) => "application/vnd.sdmx.data+csv;version=1.0.0;labels=both;charset=utf-8",
            Self::Csv2(Labels::Id) => "application/vnd.sdmx.data+csv;version=2.0.0;labels=id;charset=utf-8",
            Self::Csv2(Labels::Name) => "application/vnd.sdmx.data+csv;version=2.0.0;labels=name;charset=utf-8",
            Self::Csv2(Labels::Both) => "application/vnd.sdmx.data+csv;version=2.0.0;labels=both;charset=utf-8",
        }
    }
}

impl StructureFormat {
    /// The format that an Accept header prefers; nothing, and any type, ask for XML.
    pub fn negotiate(accept: Option<&str>) -> Result<Self, NotAcceptable> {
        const TYPES: [Offer<StructureFormat>; 6] = [
            Offer { media_type: "application/vnd.sdmx.structure+xml", version: "2.1", format: StructureFormat::Xml },
            Offer {
                media_type: "application/vnd.sdmx.structure+json",
                version: "1.0.0",
                format: StructureFormat::Json1,
            },
            Offer {
                media_type: "application/vnd.sdmx.structure+json",
                version: "2.0.0",
                format: StructureFormat::Json2,
            },
            Offer { media_type: "application/xml", version: "", format: StructureFormat::Xml },
            Offer { media_type: "application/json", version: "", format: StructureFormat::Json1 },
            Offer { media_type: "text/xml", version: "", format: StructureFormat::Xml },
        ];
        negotiate(accept, &TYPES, |_, _| true).map(|(format, _)| format)
    }

    /// The exact Content-Type of the answer.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Xml => "application/vnd.sdmx.structure+xml;version=2.1",
            Self::Json1 => "application/vnd.sdmx.structure+json;version=1.0.0",
            Self::Json2 => "application/vnd.sdmx.structure+json;version=2.0.0",
        }
    }
}

const CSV: &str = "application/vnd.sdmx.data+csv";

/// What can be answered with.
struct Offer<F> {
    media_type: &'static str,
    /// Empty for types that have none.
    version: &'static str,
    format: F,
}

/// One range of an Accept header.
#[derive(Debug)]
struct Range {
    media_type: String,
    /// By name in small letters, the quality left out.
    parameters: Vec<(String, String)>,
    /// In thousandths.
    quality: u16,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let media_type = parts.next().filter(|name| name.contains('/'))?.to_ascii_lowercase();
        let mut range = Self { media_type, parameters: Vec::new(), quality: 1000 };
        for part in parts.filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=')?;
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().trim_matches('"'));
            if name == "q" {
                range.quality = quality(value)?;
            } else {
                range.parameters.push((name, value.to_ascii_lowercase()));
            }
        }
        Some(range)
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
    }

    /// How exactly it tells an offer, from 1; none where it does not.
    fn fits<F>(&self, offer: &Offer<F>) -> Option<usize> {
        let of_all = |all: &str| offer.media_type.split_once('/').is_some_and(|(main, _)| all == format!("{main}/*"));
        if self.media_type == "*/*" {
            return Some(1);
        }
        if of_all(&self.media_type) {
            return Some(2);
        }
        let has_version = offer.version.is_empty()
            || self.parameter("version").is_none_or(|version| plain(version) == plain(offer.version));
        (self.media_type == offer.media_type && has_version).then(|| 3 + self.parameters.len())
    }

    /// The labels that it wants; none where it wants of SDMX-CSV what there is not.
    fn labels_of(&self, format: DataFormat) -> Option<Labels> {
        let names_have_columns = match format {
            DataFormat::Csv1(_) => false,
            DataFormat::Csv2(_) => true,
            _ => return Some(Labels::Id),
        };
        let plain_keys = self.parameter("keys").or_else(|| self.parameter("key")).is_none_or(|keys| keys == "none");
        let plain_times = self.parameter("timeformat").is_none_or(|times| times == "original");
        let labels = match self.parameter("labels") {
            None | Some("id") => Labels::Id,
            Some("both") => Labels::Both,
            Some("name") if names_have_columns => Labels::Name,
            Some(_) => return None,
        };
        (plain_keys && plain_times).then_some(labels)
    }
}

/// A version without the zeros at its end: 2.0.0 is 2.
fn plain(version: &str) -> &str {
    version.trim_end_matches(".0")
}

fn quality(text: &str) -> Option<u16> {
    let number = text.parse::<f32>().ok().filter(|number| (0.0..=1.0).contains(number))?;
    (0..=1000_u16).rev().find(|thousandths| f32::from(*thousandths) <= number * 1000.0 + 0.01)
}

/// The offer of the best range that is not excluded by a closer one, with that range; no range where no header was sent.
fn negotiate<F: Copy>(
    accept: Option<&str>,
    offers: &[Offer<F>],
    can: impl Fn(&Range, F) -> bool,
) -> Result<(F, Option<Range>), NotAcceptable> {
    let text = accept.map(str::trim).filter(|text| !text.is_empty());
    let Some(text) = text else { return offers.first().map(|offer| (offer.format, None)).ok_or(NotAcceptable) };
    let ranges: Vec<Range> = text.split(',').filter_map(Range::parse).collect();
    let mut best: Option<(u16, usize, usize, F)> = None;
    for offer in offers {
        let fitting = ranges.iter().enumerate().filter(|(_, range)| can(range, offer.format));
        let closest = fitting
            .filter_map(|(at, range)| range.fits(offer).map(|closeness| (closeness, at, range.quality)))
            .max_by_key(|(closeness, at, _)| (*closeness, usize::MAX - at));
        let Some((closeness, at, quality)) = closest.filter(|(_, _, quality)| *quality > 0) else { continue };
        let is_better = best.is_none_or(|(other_quality, other_closeness, other_at, _)| {
            (quality, closeness.min(3), usize::MAX - at)
                > (other_quality, other_closeness.min(3), usize::MAX - other_at)
        });
        if is_better {
            best = Some((quality, closeness, at, offer.format));
        }
    }
    let (_, _, at, format) = best.ok_or(NotAcceptable)?;
    Ok((format, ranges.into_iter().nth(at)))
}
