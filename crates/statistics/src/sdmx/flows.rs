//! Datasets under the names of SDMX: a dataflow each, with its data structure and codelists.

use std::collections::HashMap;

use approdo_db::schema::{dataset_codes, dataset_releases, datasets};
use approdo_db::{Connection, Timestamp};
use approdo_sdmx::identifiers::is_ncname_id;
use approdo_sdmx::request::Selection;
use approdo_sdmx::structure::{
    Agency, Attribute, AttributeRelationship, Code, Codelist, DataStructure, Dataflow, Dimension as SdmxDimension,
    DimensionRole as SdmxRole, TIME_PERIOD,
};
use approdo_sdmx::{ArtefactId, LocalisedText};
use diesel::prelude::*;

use crate::error::ApiResult;
use crate::observatory::datasets::{Dataset, DatasetId, Dimension, DimensionRole};

/// Who keeps all structures: the deployment.
pub const AGENCY: &str = "APPRODO";

/// A structure stays as it is.
const VERSION: &str = "1.0";

/// Datasets do not say which language they are described in (RFC 5646: undetermined).
pub const UNKNOWN_LANGUAGE: &str = "und";

/// `CL_OBS_STATUS` 2.2 and `CL_CONF_STATUS` 1.3 of the SDMX Statistical Working Group: what their codes mean.
const OBS_STATUS: [(&str, &str); 18] = [
    ("A", "Normal value"),
    ("B", "Time series break"),
    ("D", "Definition differs"),
    ("E", "Estimated value"),
    ("F", "Forecast value"),
    ("G", "Experimental value"),
    ("H", "Missing value; holiday or weekend"),
    ("I", "Imputed value"),
    ("J", "Derogation"),
    ("K", "Data included in another category"),
    ("L", "Missing value; data exist but were not collected"),
    ("M", "Missing value; data cannot exist"),
    ("N", "Not significant"),
    ("O", "Missing value"),
    ("P", "Provisional value"),
    ("Q", "Missing value; suppressed"),
    ("U", "Low reliability"),
    ("V", "Unvalidated value"),
];
const CONF_STATUS: [(&str, &str); 6] = [
    ("F", "Free"),
    ("N", "Not for publication, restricted for internal use only"),
    ("C", "Confidential statistical information"),
    ("D", "Secondary confidentiality set by the sender, not for publication"),
    ("S", "Secondary confidentiality set by the receiver, not for publication"),
    ("A", "Primary confidentiality due to small counts"),
];

/// A status as a code of its list; none where it is none, also not in capital letters.
pub fn status(list: &'static str, text: Option<&str>) -> Option<&'static str> {
    let codes = if list == "OBS_STATUS" { OBS_STATUS.as_slice() } else { CONF_STATUS.as_slice() };
    let text = text?;
    codes.iter().map(|(code, _)| *code).find(|code| text.eq_ignore_ascii_case(code))
}

/// A dataset with what it is called here.
#[derive(Debug, Clone)]
pub struct Flow {
    pub id: String,
    pub dataset: Dataset,
    pub dimensions: Vec<Dimension>,
}

/// The datasets that have been published by now, by their identifiers.
pub fn all(connection: &mut Connection, now: Timestamp) -> ApiResult<Vec<Flow>> {
    let released: Vec<(DatasetId, Option<Timestamp>)> = dataset_releases::table
        .filter(dataset_releases::published_at.le(now))
        .select((dataset_releases::dataset_id, dataset_releases::published_at))
        .load(connection)?;
    // Whoever was published first keeps its name.
    let mut first: HashMap<DatasetId, Option<Timestamp>> = HashMap::new();
    for (dataset, at) in released {
        first.entry(dataset).and_modify(|known| *known = (*known).min(at)).or_insert(at);
    }
    let ids: Vec<DatasetId> = first.keys().copied().collect();
    let mut rows: Vec<Dataset> = datasets::table.filter(datasets::id.eq_any(ids)).load(connection)?;
    rows.sort_by_key(|row| (first.get(&row.id).copied().flatten(), row.id));
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut flows = Vec::with_capacity(rows.len());
    for dataset in rows {
        let times = seen.entry(dataset.code.clone()).or_default();
        *times += 1;
        // Codes are an organisation's own: of two organisations' with one code, the first to be described has it here.
        let id = match *times {
            1 => dataset.code.clone(),
            _ => format!("{}_{}", dataset.code, dataset.organisation_id.0.simple()),
        };
        let dimensions = dataset.dimensions()?;
        flows.push(Flow { id, dataset, dimensions });
    }
    flows.retain(|flow| flow.dimensions.iter().all(|dimension| is_ncname_id(&dimension.id)));
    Ok(flows)
}

fn text(text: &str) -> LocalisedText {
    LocalisedText::of(UNKNOWN_LANGUAGE, text)
}

/// The agency.
pub fn agency() -> Agency {
    Agency { id: AGENCY.to_owned(), name: LocalisedText::of(UNKNOWN_LANGUAGE, "Approdo") }
}

fn named(id: String) -> ArtefactId {
    ArtefactId::new(AGENCY, id, VERSION)
}

/// The codelists of what is told of observations.
pub fn of_statuses() -> [Codelist; 2] {
    let list = |id: &str, name: &str, codes: &[(&str, &str)]| {
        let code = |(id, name): &(&str, &str)| Code {
            id: (*id).to_owned(),
            name: LocalisedText::of("en", *name),
            parent: None,
        };
        Codelist {
            artefact: named(format!("CL_{id}")),
            name: LocalisedText::of("en", name),
            is_partial: false,
            codes: codes.iter().map(code).collect(),
        }
    };
    [list("OBS_STATUS", "Observation status", &OBS_STATUS), list("CONF_STATUS", "Confidentiality status", &CONF_STATUS)]
}

impl Flow {
    pub fn artefact(&self) -> ArtefactId {
        named(self.id.clone())
    }

    pub fn dataflow(&self) -> Dataflow {
        Dataflow {
            artefact: self.artefact(),
            name: text(&self.dataset.name),
            description: self.dataset.description.as_deref().map(text).unwrap_or_default(),
            structure: named(format!("DSD_{}", self.id)),
        }
    }

    /// The dimensions besides time, in the order of keys.
    pub fn keyed(&self) -> impl Iterator<Item = &Dimension> {
        self.dimensions.iter().filter(|dimension| dimension.role != DimensionRole::Time)
    }

    pub fn time(&self) -> &str {
        let time = self.dimensions.iter().find(|dimension| dimension.role == DimensionRole::Time);
        time.map_or(TIME_PERIOD, |dimension| &dimension.id)
    }

    fn list_of(&self, dimension: &str) -> ArtefactId {
        named(format!("CL_{}-{dimension}", self.id))
    }

    pub fn structure(&self) -> DataStructure {
        let dimension = |dimension: &Dimension| SdmxDimension {
            id: dimension.id.clone(),
            name: text(&dimension.name),
            role: if dimension.role == DimensionRole::Area { SdmxRole::Area } else { SdmxRole::Other },
            codelist: self.list_of(&dimension.id),
        };
        let attribute = |id: &str, name: &str| Attribute {
            id: id.to_owned(),
            name: LocalisedText::of("en", name),
            codelist: named(format!("CL_{id}")),
            is_mandatory: false,
            of: AttributeRelationship::Observation,
        };
        let time = self.dimensions.iter().find(|dimension| dimension.role == DimensionRole::Time);
        DataStructure {
            artefact: named(format!("DSD_{}", self.id)),
            name: text(&self.dataset.name),
            dimensions: self.keyed().map(dimension).collect(),
            time: text(time.map_or(TIME_PERIOD, |dimension| &dimension.name)),
            measure: text(&self.dataset.unit),
            attributes: vec![
                attribute("OBS_STATUS", "Observation status"),
                attribute("CONF_STATUS", "Confidentiality status"),
            ],
            concept_scheme: named(format!("CS_{}", self.id)),
        }
    }

    /// The codes of its dimensions that everybody may know.
    pub fn codelists(&self, connection: &mut Connection, items: &Selection) -> QueryResult<Vec<Codelist>> {
        let mut lists = Vec::new();
        for dimension in self.keyed() {
            let rows = codes(connection, self.dataset.id, &dimension.id)?;
            let all = rows.len();
            let codes: Vec<Code> = rows
                .into_iter()
                .filter(|(code, ..)| items.has(code))
                .map(|(id, name, parent)| Code { id, name: name.as_deref().map(text).unwrap_or_default(), parent })
                .collect();
            lists.push(Codelist {
                artefact: self.list_of(&dimension.id),
                name: text(&dimension.name),
                is_partial: codes.len() < all,
                codes,
            });
        }
        Ok(lists)
    }
}

type CodeRow = (String, Option<String>, Option<String>);

fn codes(connection: &mut Connection, dataset: DatasetId, dimension: &str) -> QueryResult<Vec<CodeRow>> {
    dataset_codes::table
        .filter(dataset_codes::dataset_id.eq(dataset))
        .filter(dataset_codes::dimension.eq(dimension))
        .filter(dataset_codes::published.eq(true))
        .order(dataset_codes::number)
        .select((dataset_codes::code, dataset_codes::name, dataset_codes::parent_code))
        .load(connection)
}
