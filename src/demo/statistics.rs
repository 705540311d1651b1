//! The demonstration's statistics: resident foreigners of its municipalities on 1 January, as ISTAT published them (29_316, CC BY 4.0).

use serde_json::json;

use crate::aggregate::moves::ChildTransitionId;
use crate::contents::intake::hexadecimal;
use crate::delimited::Head;
use crate::demo::load::{Known, lookup};
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::observatory::codelists::{self, NewDatasetCodes};
use crate::observatory::dataset_handlers::describe;
use crate::observatory::datasets::{DatasetId, NewDataset};
use crate::observatory::imports::types::{DataImportId, NewDataImport};
use crate::observatory::imports::{content, handlers, proposals, running};
use crate::observatory::indicators::handlers::define;
use crate::observatory::indicators::types::{IndicatorId, NewIndicator};
use crate::observatory::release_transitions::{self, NewReleaseTransition};
use crate::observatory::releases::Release;
use crate::work::Unit;

const FILE: &[u8] = include_bytes!("../../demo/resident-foreigners.csv");

/// A dataset with one release, published.
pub fn all(unit: &mut Unit<'_>, known: &Known) -> ApiResult<()> {
    let new = json!({
        "organisation_id": lookup(&known.organisations, "region-fvg")?, "code": "RESIDENT_FOREIGNERS", "name": "Resident foreigners on 1 January",
        "unit": "persons", "measure_kind": "stock", "suppress_below": 0, "source": "ISTAT, Resident foreigners on 1 January (29_316)",
        "source_url": "https://esploradati.istat.it", "licence": "CC BY 4.0",
        "dimensions": [
            {"id": "REF_AREA", "role": "area", "name": "Territory", "closed": true},
            {"id": "SEX", "role": "other", "name": "Sex"},
            {"id": "TIME_PERIOD", "role": "time", "name": "Year"},
        ],
    });
    let new: NewDataset = serde_json::from_value(new).map_err(ApiError::fault)?;
    let dataset = describe(unit, DatasetId::new(), new)?;
    let dimensions = dataset.dimensions()?;
    let codes = json!({"codes": [{"code": "9", "name": "Total"}, {"code": "1", "name": "Males", "parent_code": "9"},
        {"code": "2", "name": "Females", "parent_code": "9"}]});
    let codes: NewDatasetCodes = serde_json::from_value(codes).map_err(ApiError::fault)?;
    for dimension in dimensions.iter().filter(|dimension| dimension.id == "SEX") {
        codelists::enter(unit.connection, dataset.id, dimension, &codes.codes)?;
    }
    let head = Head::of(FILE).ok_or_else(|| ApiError::fault("the demonstration's statistics cannot be read"))?;
    let new = NewDataImport { dataset_id: dataset.id, mapping: proposals::propose(&head, &dimensions) };
    let import = handlers::enter(unit, DataImportId::new(), new)?;
    let size = i64::try_from(FILE.len()).map_err(ApiError::fault)?;
    let digest = <sha2::Sha256 as sha2::Digest>::digest(FILE);
    let job = content::make_release(unit, import, Some((size, &hexadecimal(&digest))))?;
    let release = job.0.release_id.ok_or_else(|| ApiError::fault("an import made no release"))?;
    running::load_at_once(unit, job, FILE)?;
    for to in ["validated", "approved", "published"] {
        let row: Release = entries::found_locked(unit, release)?;
        let asked: NewReleaseTransition = serde_json::from_value(json!({"to": to})).map_err(ApiError::fault)?;
        release_transitions::make(unit, row, ChildTransitionId::new(), &asked, None)?;
    }
    let new = json!({
        "organisation_id": dataset.organisation_id, "code": "RESIDENT_FOREIGNERS", "name": "Resident foreigners", "unit": "persons",
        "numerator": {"dataset_id": dataset.id, "filters": [{"dimension": "SEX", "codes": ["9"]}]},
        "method": "Residents without Italian citizenship on 1 January, as the registers of the municipalities have them.",
    });
    let new: NewIndicator = serde_json::from_value(new).map_err(ApiError::fault)?;
    define(unit, IndicatorId::new(), new)?;
    Ok(())
}
