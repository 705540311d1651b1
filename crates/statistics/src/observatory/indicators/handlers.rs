//! Operations on indicators.

use actix_web::{get, patch, post};
use approdo_db::{Connection, Json};

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, OrganisationId, Resource};
use crate::entries::{self, Entry as _};
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Body, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters};
use crate::observatory::datasets::{Dataset, MeasureKind};
use crate::observatory::indicators::types::{
    Indicator, IndicatorId, IndicatorPage, IndicatorPart, IndicatorPatch, NewIndicator, apply,
};
use crate::observatory::queries::groups::Groups;
use crate::observatory::queries::places::Sight;
use crate::paged_query;
use crate::work::Unit;

paged_query! {
    /// How to list indicators.
    IndicatorQuery {
        /// Indicators that this organisation keeps.
        organisation_id: Option<OrganisationId>,
        /// The exact code.
        #[validate(length(min = 1, max = 40))]
        #[param(min_length = 1, max_length = 40)]
        code: Option<String>,
    }
}

/// List indicators.
///
/// By code. Every caller may know them.
#[utoipa::path(
    tag = "Observatory",
    params(IndicatorQuery),
    responses((status = 200, description = "A page.", body = IndicatorPage))
)]
#[get("/indicators")]
pub async fn list_indicators(
    door: Door,
    caller: Caller<actions::List, resources::Indicators>,
    query: Parameters<IndicatorQuery>,
) -> ApiResult<Answer> {
    door.read("list_indicators", caller, move |reader| {
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let of = (asked.organisation_id, asked.code.as_deref());
        let rows = Indicator::listed(reader.connection, of, request.after()?, request.limit() + 1)?;
        Answer::ok(&IndicatorPage::from(request.page(rows, |row: &Indicator| (row.code.clone(), row.id))?))
    })
    .await
}

/// Define an indicator.
///
/// What is counted, and what it is divided by where it is a ratio; datasets of counts, of any organisation. 409 where yours has one with
/// this code.
#[utoipa::path(
    tag = "Observatory",
    request_body = NewIndicator,
    responses((status = 201, description = "The indicator.", body = Indicator))
)]
#[post("/indicators")]
pub async fn create_indicator(
    door: Door,
    caller: Caller<actions::Create, resources::Indicators>,
    body: Body<NewIndicator>,
) -> ApiResult<Answer> {
    door.write("create_indicator", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        entries::require_keeper(unit, Resource::Indicators, "organisation_id", new.organisation_id)?;
        let id = IndicatorId::new();
        let row = match unit.replay(id.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => define(unit, id, new)?,
        };
        unit.created(&format!("/indicators/{}", row.id), row.version, &row)
    })
    .await
}

/// Keeps a new indicator; used by the demonstration data as well.
pub fn define(unit: &mut Unit<'_>, id: IndicatorId, new: NewIndicator) -> ApiResult<Indicator> {
    let kind = part(unit.connection, "numerator", &new.numerator)?;
    let kind = match &new.denominator {
        None => kind,
        Some(denominator) => {
            let divided_by = part(unit.connection, "denominator", denominator)?;
            for (member, kind) in [("numerator", kind), ("denominator", divided_by)] {
                if kind == MeasureKind::Ratio {
                    let why = "is a dataset of ratios, which do not add up";
                    return Err(ApiError::invalid_member(&format!("{member}/dataset_id"), why));
                }
            }
            MeasureKind::Ratio
        }
    };
    let factor = new.factor.unwrap_or(1.0);
    if factor == 0.0 {
        return Err(ApiError::invalid_member("factor", "must not be 0"));
    }
    let row = Indicator {
        id,
        organisation_id: new.organisation_id,
        code: new.code,
        name: new.name,
        description: new.description,
        unit: new.unit,
        kind,
        numerator: Json::of(new.numerator),
        denominator: new.denominator.map(Json::of),
        factor,
        minimum_completeness: new.minimum_completeness.unwrap_or(1.0),
        method: new.method,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    row.require_new_code(unit.connection)?;
    entries::add(unit, &row, &Indicator::MEMBERS)?;
    Ok(row)
}

/// Checks what an indicator is to be made of; how its values add up.
fn part(connection: &mut Connection, member: &str, part: &IndicatorPart) -> ApiResult<MeasureKind> {
    let dataset = Dataset::find(connection, part.dataset_id)?;
    let dataset = dataset.ok_or_else(|| ApiError::unknown_reference(&format!("{member}/dataset_id")))?;
    Groups::read(connection, &dataset, &part.filters, &[], Sight::default()).map_err(|error| error.within(member))?;
    Ok(dataset.measure_kind)
}

/// Read an indicator.
///
/// Every caller may know it.
#[utoipa::path(
    tag = "Observatory",
    params(("indicator_id" = IndicatorId, Path, description = "The indicator.")),
    responses((status = 200, description = "The indicator.", body = Indicator))
)]
#[get("/indicators/{indicator_id}")]
pub async fn read_indicator(
    door: Door,
    caller: Caller<actions::Read, resources::Indicators>,
    id: Id<IndicatorId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_indicator", caller, move |reader| {
        let row: Indicator = entries::known(reader, id.0)?;
        reader.answer_row(row.version, &held, &Fields::default(), "", &row)
    })
    .await
}

/// Edit an indicator.
///
/// How it is described; what it is made of stays.
#[utoipa::path(
    tag = "Observatory",
    params(("indicator_id" = IndicatorId, Path, description = "The indicator.")),
    request_body(content = IndicatorPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The indicator as it is now.", body = Indicator))
)]
#[patch("/indicators/{indicator_id}")]
pub async fn edit_indicator(
    door: Door,
    caller: Caller<actions::Edit, resources::Indicators>,
    id: Id<IndicatorId>,
    if_match: IfMatch,
    body: Body<IndicatorPatch>,
) -> ApiResult<Answer> {
    door.write("edit_indicator", caller, None, move |unit| {
        let mut row: Indicator = entries::locked(unit, Action::Edit, Resource::Indicators, id.0)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        let changed = apply(&mut row, patch)?;
        entries::save(unit, &mut row, &changed)?;
        unit.edited(row.version, &row)
    })
    .await
}
