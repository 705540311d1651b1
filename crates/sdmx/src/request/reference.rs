//! Which artefacts are asked for: agency, id, version (SDMX REST 1.5, 4.3 and 4.4).

use crate::identifiers::{self, ArtefactId};
use crate::request::RequestError;

/// Any of a kind, or some by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// `all`.
    All,
    /// Names with `+` between them; one at least.
    Of(Vec<String>),
}

impl Selection {
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Of(names) => names.iter().any(|one| one == name),
        }
    }
}

/// Which versions of an artefact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Versions {
    /// `all`.
    All,
    /// `latest`: the one in use.
    Latest,
    /// Versions with `+` between them; one at least.
    Of(Vec<String>),
}

/// The artefacts that an address is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtefactQuery {
    pub agency: Selection,
    pub id: Selection,
    pub version: Versions,
}

impl ArtefactQuery {
    /// The parts of `/{resource}/{agency}/{id}/{version}`: those that are absent are `all`, `all`, `latest`.
    pub fn of_path(agency: Option<&str>, id: Option<&str>, version: Option<&str>) -> Result<Self, RequestError> {
        let names =
            |part, text: Option<&str>, is_name| text.map_or(Ok(Selection::All), |text| names(part, text, is_name));
        Ok(Self {
            agency: names("agencyID", agency, identifiers::is_nested_ncname_id)?,
            id: names("resourceID", id, identifiers::is_id)?,
            version: version.map_or(Ok(Versions::Latest), versions)?,
        })
    }

    /// A reference to a dataflow: `ID`, `AGENCY,ID` or `AGENCY,ID,VERSION`.
    pub fn of_flow(text: &str) -> Result<Self, RequestError> {
        let parts: Vec<&str> = text.split(',').collect();
        match parts.as_slice() {
            [id] => Self::of_path(None, Some(id), None),
            [agency, id] => Self::of_path(Some(agency), Some(id), None),
            [agency, id, version] => Self::of_path(Some(agency), Some(id), Some(version)),
            _ => Err(RequestError::malformed("flowRef", "is to be ID, AGENCY,ID or AGENCY,ID,VERSION")),
        }
    }

    /// Whether an artefact is asked for. That it is in use its owner knows: asked for are the latest ones alone.
    pub fn has(&self, artefact: &ArtefactId, is_latest: bool) -> bool {
        let has_version = match &self.version {
            Versions::All => true,
            Versions::Latest => is_latest,
            Versions::Of(versions) => versions.contains(&artefact.version),
        };
        has_version && self.agency.has(&artefact.agency) && self.id.has(&artefact.id)
    }
}

impl Selection {
    /// The items of a codelist, concept scheme or agency scheme that `/{resource}/{agency}/{id}/{version}/{item}` asks for: all of them
    /// where it ends before. A scheme with some alone is partial.
    pub fn of_items(text: Option<&str>) -> Result<Self, RequestError> {
        text.map_or(Ok(Self::All), |text| names("itemID", text, identifiers::is_id))
    }
}

fn names(part: &'static str, text: &str, is_name: fn(&str) -> bool) -> Result<Selection, RequestError> {
    if text.eq_ignore_ascii_case("all") {
        return Ok(Selection::All);
    }
    let names: Vec<String> = text.split('+').map(str::to_owned).collect();
    match names.iter().find(|name| !is_name(name)) {
        None => Ok(Selection::Of(names)),
        Some(name) => Err(RequestError::malformed(part, format!("has {name:?}, which is no identifier"))),
    }
}

fn versions(text: &str) -> Result<Versions, RequestError> {
    if text.eq_ignore_ascii_case("latest") {
        return Ok(Versions::Latest);
    }
    match names("version", text, |version| version.eq_ignore_ascii_case("latest") || identifiers::is_version(version))?
    {
        Selection::All => Ok(Versions::All),
        Selection::Of(versions) if versions.iter().any(|version| version.eq_ignore_ascii_case("latest")) => {
            Err(RequestError::not_implemented("latest among other versions"))
        }
        Selection::Of(versions) => Ok(Versions::Of(versions)),
    }
}
