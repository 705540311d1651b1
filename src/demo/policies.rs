//! The policy documents of the demonstration: one written through with integration, one in part, one not at all, one nobody has looked at.

use approdo_db::schema::indicators;
use diesel::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::access::OrganisationId;
use crate::demo::load::{Known, lookup, parse};
use crate::demo::request;
use crate::entries;
use crate::error::ApiResult;
use crate::observatory::indicators::types::IndicatorId;
use crate::policy_documents::measures::PolicyMeasureId;
use crate::policy_documents::types::{PolicyDocumentId, PolicyDocumentRow};
use crate::policy_documents::{handlers as documents, measure_handlers as measures};
use crate::work::Unit;

const POLICIES: &str = include_str!("../../demo/policies.json");

#[derive(Deserialize)]
struct Policies {
    keeper: String,
    documents: Vec<DemoDocument>,
}

#[derive(Deserialize)]
struct DemoDocument {
    territory: String,
    issuer: Option<String>,
    document: Value,
    measures: Vec<DemoMeasure>,
    /// Found once the measures are there.
    mainstreaming: Option<Value>,
}

#[derive(Deserialize)]
struct DemoMeasure {
    responsible: String,
    /// Codes of the keeper's indicators.
    indicators: Vec<String>,
    measure: Value,
}

/// Loads the policy documents with their measures.
pub fn all(unit: &mut Unit<'_>, known: &Known) -> ApiResult<()> {
    let told: Policies = parse(POLICIES)?;
    let keeper = lookup(&known.organisations, &told.keeper)?;
    told.documents.into_iter().try_for_each(|one| document(unit, known, keeper, one))
}

fn document(unit: &mut Unit<'_>, known: &Known, keeper: OrganisationId, one: DemoDocument) -> ApiResult<()> {
    let territory = lookup(&known.territories, &one.territory)?;
    let mut ids = vec![("organisation_id", json!(keeper)), ("territory_id", json!(territory))];
    if let Some(issuer) = &one.issuer {
        ids.push(("issuing_organisation_id", json!(lookup(&known.organisations, issuer)?)));
    }
    let new = request(one.document, &ids)?;
    let row = documents::enter(unit, PolicyDocumentId::new(), new)?;
    for step in one.measures {
        let responsible = lookup(&known.organisations, &step.responsible)?;
        let followed: Vec<IndicatorId> = indicators::table
            .filter(indicators::organisation_id.eq(keeper))
            .filter(indicators::code.eq_any(&step.indicators))
            .select(indicators::id)
            .load(unit.connection)?;
        let ids = [("responsible_organisation_id", json!(responsible)), ("indicator_ids", json!(followed))];
        measures::enter(unit, PolicyMeasureId::new(), &row, request(step.measure, &ids)?)?;
    }
    let Some(found) = one.mainstreaming else { return Ok(()) };
    let row: PolicyDocumentRow = entries::found_locked(unit, row.id)?;
    documents::edit(unit, row, request(json!({"mainstreaming": found}), &[])?)?;
    Ok(())
}
