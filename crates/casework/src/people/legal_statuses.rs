//! A person's legal statuses (domain 5): dated, never overlapping; corrected with history, so that what was known on a day can
//! be told. Moves of the document are in `legal_status_transitions`.

use actix_web::{get, patch, post};
use approdo_db::schema::{history, legal_statuses};
use approdo_db::types::RowId;
use approdo_db::{Connection, Json, Timestamp, define_id};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::rights::FieldRights;
use crate::access::{Action, FieldGroup, PrincipalId, Resource};
use crate::aggregate::{self, Child as _, locked, visible};
use crate::child;
use crate::clock;
use crate::codes::{self, Codes};
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::patch::Edit;
use crate::http::texts::MemberName;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, Patch, reading};
use crate::page_of;
use crate::paged_query;
use crate::people::queries;
use crate::people::timeline::{self, ChangeKind, DocumentStatus};
use crate::people::types::{PersonId, PersonRow, Warning, withheld};
use crate::people::watches;
use crate::periods::{Period, overlapping};
use crate::work::Unit;

define_id! {
    /// The id of a legal status.
    #[derive(ToSchema)]
    LegalStatusId;
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize, Deserialize)]
#[diesel(table_name = legal_statuses, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct LegalStatusRow {
    pub id: LegalStatusId,
    pub person_id: PersonId,
    pub category: String,
    pub change_kind: ChangeKind,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub status: DocumentStatus,
    pub note: Option<String>,
    pub author_id: PrincipalId,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

child!(LegalStatusRow, LegalStatusId, legal_statuses, "legal_status", LegalStatuses; of PersonRow, person_id in people);

impl LegalStatusRow {
    fn period(&self) -> Period {
        Period { from: self.valid_from, to: self.valid_to }
    }
}

/// The members a field group guards, with the group.
pub const GUARDED: [(&str, FieldGroup); 1] = [("note", FieldGroup::Notes)];

/// Who may only read legal data does not learn who is without papers (domain 5).
pub const RESTRICTED: &str = "undocumented";

fn in_sight(row: &LegalStatusRow, fields: FieldRights) -> bool {
    fields.reads(FieldGroup::Legal) && (row.category != RESTRICTED || fields.writes(FieldGroup::Legal))
}

/// A legal status, as far as the caller may see.
#[derive(Debug, Serialize, ToSchema)]
pub struct LegalStatus {
    pub id: LegalStatusId,
    pub person_id: PersonId,
    /// A code of `residence_statuses`.
    #[schema(max_length = 40)]
    pub category: String,
    pub change_kind: ChangeKind,
    pub valid_from: NaiveDate,
    /// The first day it holds no more; absent while no end is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub valid_to: Option<NaiveDate>,
    /// How the document stands.
    pub status: DocumentStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2000)]
    pub note: Option<String>,
    pub author_id: PrincipalId,
    /// Members your grants hide on this status, whether or not they have a value.
    #[schema(value_type = Vec<MemberName>, max_items = 20)]
    pub withheld_fields: Vec<&'static str>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Gaps and odd changes to look at; nothing is blocked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 20)]
    pub warnings: Vec<Warning>,
}

impl LegalStatus {
    fn shown(row: LegalStatusRow, fields: FieldRights, warnings: Vec<Warning>) -> Self {
        Self {
            id: row.id,
            person_id: row.person_id,
            category: row.category,
            change_kind: row.change_kind,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            status: row.status,
            note: row.note.filter(|_| fields.reads(FieldGroup::Notes)),
            author_id: row.author_id,
            withheld_fields: withheld(&GUARDED, fields),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            warnings,
        }
    }
}

page_of! {
    /// A page of legal statuses.
    LegalStatusPage of LegalStatus
}

/// A legal status to record.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "category": "refugee", "change_kind": "recognition", "valid_from": "2026-10-01", "valid_to": "2031-10-01",
    "ends_previous": true
}))]
pub struct NewLegalStatus {
    /// A code of `residence_statuses`.
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40)]
    pub category: String,
    pub change_kind: ChangeKind,
    /// Not before the person was born.
    #[serde(deserialize_with = "reading::day")]
    pub valid_from: NaiveDate,
    /// The first day it holds no more.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub valid_to: Option<NaiveDate>,
    #[validate(length(min = 1, max = 2000))]
    #[schema(nullable = false, min_length = 1, max_length = 2000)]
    pub note: Option<String>,
    /// Ends the status that holds on `valid_from` on that day, where it began before it.
    #[serde(default)]
    pub ends_previous: bool,
}

impl Checked for NewLegalStatus {}

/// What of a legal status can be corrected. Its document moves by transitions.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"note": "As on the permit."}))]
pub struct LegalStatusPatch {
    #[schema(required = false, value_type = String, min_length = 1, max_length = 40)]
    #[serde(default)]
    pub category: Patch<String>,
    #[schema(required = false, value_type = ChangeKind)]
    #[serde(default)]
    pub change_kind: Patch<ChangeKind>,
    #[schema(required = false, value_type = NaiveDate)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub valid_from: Patch<NaiveDate>,
    #[schema(required = false, value_type = Option<NaiveDate>)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub valid_to: Patch<NaiveDate>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 2000)]
    #[serde(default)]
    pub note: Patch<String>,
}

impl Checked for LegalStatusPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

paged_query! {
    /// How to list a person's legal statuses.
    LegalStatusQuery {
        /// As it was known at this instant, corrections made later left out. Now when absent.
        known_at: Option<DateTime<Utc>>,
        /// Those that hold on this day.
        #[serde(default, deserialize_with = "reading::optional_day")]
        valid_on: Option<NaiveDate>,
    }
}

/// All statuses of a person as they are now, in the order of time.
fn timeline_of(connection: &mut Connection, person: PersonId) -> QueryResult<Vec<LegalStatusRow>> {
    legal_statuses::table
        .filter(legal_statuses::person_id.eq(person))
        .order((legal_statuses::valid_from, legal_statuses::id))
        .load(connection)
}

/// The same as it was known at an instant: each row as the history has it.
fn as_known(connection: &mut Connection, rows: &[LegalStatusRow], at: Timestamp) -> ApiResult<Vec<LegalStatusRow>> {
    let ids: Vec<RowId> = rows.iter().map(|row| RowId(row.id.0)).collect();
    let told: Vec<(RowId, Json)> = history::table
        .filter(history::resource.eq(LegalStatusRow::KIND))
        .filter(history::resource_id.eq_any(ids))
        .filter(history::at.le(at))
        .order((history::resource_id, history::version.desc()))
        .select((history::resource_id, history::field_values))
        .load(connection)?;
    let mut known: Vec<LegalStatusRow> = Vec::new();
    for (id, values) in told {
        if known.last().is_none_or(|row| row.id.0 != id.0) {
            known.push(values.read().map_err(ApiError::fault)?);
        }
    }
    known.sort_by_key(|row| (row.valid_from, row.id));
    Ok(known)
}

/// List a person's legal statuses.
///
/// In the order of time, as they are known now or were known at `known_at`.
#[utoipa::path(
    tag = "People",
    params(("person_id" = PersonId, Path, description = "The person."), LegalStatusQuery),
    responses((status = 200, description = "A page.", body = LegalStatusPage))
)]
#[get("/people/{person_id}/legal-statuses")]
pub async fn list_legal_statuses(
    door: Door,
    caller: Caller<actions::List, resources::LegalStatuses>,
    id: Id<PersonId>,
    query: Parameters<LegalStatusQuery>,
) -> ApiResult<Answer> {
    door.read("list_legal_statuses", caller, move |reader| {
        let person = queries::find(reader, id.0)?;
        reader.rights.require_on(Action::List, Resource::LegalStatuses, &person)?;
        let parameters = query.read()?;
        let request = reader.page(&query, parameters.limit, parameters.cursor.as_deref());
        let after: Option<(NaiveDate, LegalStatusId)> = request.after()?;
        let mut rows = timeline_of(reader.connection, person.id)?;
        if let Some(at) = parameters.known_at {
            rows = as_known(reader.connection, &rows, Timestamp::new(at))?;
        }
        let fields = reader.rights.fields_at(&person.place());
        rows.retain(|row| {
            let holds =
                parameters.valid_on.is_none_or(|day| row.period().overlaps(Period { from: day, to: day.succ_opt() }));
            let following = after.is_none_or(|after| (row.valid_from, row.id) > after);
            in_sight(row, fields) && holds && following
        });
        rows.truncate(usize::try_from(request.limit() + 1).unwrap_or(usize::MAX));
        let page = request.page(rows, |row: &LegalStatusRow| (row.valid_from, row.id))?;
        reader.shows(Resource::People, [person.id.0]);
        let page = page.try_map(|row| Ok(LegalStatus::shown(row, fields, Vec::new())))?;
        Answer::ok(&LegalStatusPage::from(page))
    })
    .await
}

/// Record a legal status.
///
/// Overlaps with another status are 409; gaps and odd changes are told in `warnings`. `ends_previous` ends the one before.
#[utoipa::path(
    tag = "People",
    params(("person_id" = PersonId, Path, description = "The person.")),
    request_body = NewLegalStatus,
    responses((status = 201, description = "The legal status.", body = LegalStatus))
)]
#[post("/people/{person_id}/legal-statuses")]
pub async fn create_legal_status(
    door: Door,
    caller: Caller<actions::Create, resources::LegalStatuses>,
    id: Id<PersonId>,
    body: Body<NewLegalStatus>,
) -> ApiResult<Answer> {
    door.write("create_legal_status", caller, Some(body.fingerprint()), move |unit| {
        let mut warnings = Vec::new();
        let (row, person) = aggregate::create(unit, id.0, &body, |unit, id, person, new| {
            let (row, told) = add(unit, id, person, new)?;
            warnings = told;
            Ok(row)
        })?;
        let (path, version) = (format!("/legal-statuses/{}", row.id), row.version);
        let fields = unit.rights.fields_at(&person.place());
        unit.created(&path, version, &LegalStatus::shown(row, fields, warnings))
    })
    .await
}

/// Records a legal status of a locked person; used by the demonstration data as well.
pub fn add(
    unit: &mut Unit<'_>,
    id: LegalStatusId,
    person: &PersonRow,
    new: NewLegalStatus,
) -> ApiResult<(LegalStatusRow, Vec<Warning>)> {
    let row = LegalStatusRow {
        id,
        person_id: person.id,
        category: new.category,
        change_kind: new.change_kind,
        valid_from: new.valid_from,
        valid_to: new.valid_to,
        status: DocumentStatus::Valid,
        note: new.note,
        author_id: unit.rights.principal,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    check(codes::of_new(unit.app), person, &row)?;
    let mut others = timeline_of(unit.connection, person.id)?;
    if new.ends_previous {
        for other in &mut others {
            let holds = other.period().overlaps(Period { from: row.valid_from, to: row.valid_from.succ_opt() });
            if other.status != DocumentStatus::EnteredInError && holds && other.valid_from < row.valid_from {
                other.valid_to = Some(row.valid_from);
                aggregate::save(unit, other, person, vec!["valid_to"])?;
                watches::watch_status(unit, person, other)?;
            }
        }
    }
    let warnings = fit_in(&others, &row, person)?;
    let members = ["person_id", "category", "change_kind", "valid_from", "valid_to", "status", "note", "author_id"];
    aggregate::add(unit, &row, person, &members)?;
    watches::watch_status(unit, person, &row)?;
    Ok((row, warnings))
}

/// What a row must be by itself.
fn check(codes: Codes<'_>, person: &PersonRow, row: &LegalStatusRow) -> ApiResult<()> {
    codes.check("residence_statuses", "category", &row.category)?;
    if row.valid_to.is_some_and(|end| end <= row.valid_from) {
        return Err(ApiError::invalid_member("valid_to", "must be after valid_from"));
    }
    if person.date_of_birth.is_some_and(|birth| row.valid_from < birth) {
        return Err(ApiError::invalid_member("valid_from", "must not be before the person was born"));
    }
    Ok(())
}

/// 409 where a row would overlap another one; else what to look at.
fn fit_in(others: &[LegalStatusRow], row: &LegalStatusRow, person: &PersonRow) -> ApiResult<Vec<Warning>> {
    let others: Vec<&LegalStatusRow> =
        others.iter().filter(|other| other.id != row.id && other.status != DocumentStatus::EnteredInError).collect();
    let periods: Vec<Period> = others.iter().map(|other| other.period()).collect();
    if overlapping(&periods, row.period()).is_some() {
        // Which one, and when, is personal: the list tells it, an error does not.
        let detail = "another status holds in this time: end it first, or send ends_previous";
        return Err(ApiError::unmet(vec![UnmetGuard::new("no_overlap", detail)]));
    }
    let mut warnings: Vec<Warning> = timeline::gaps(&periods, row.period())
        .into_iter()
        .map(|(from, to)| Warning {
            code: "gap",
            pointer: Some("#/valid_from"),
            detail: format!("no status is known from {from} until {to}"),
        })
        .collect();
    let before = others.iter().filter(|other| other.valid_from < row.valid_from).max_by_key(|other| other.valid_from);
    if let Some(odd) = timeline::oddity(before.map(|other| other.category.as_str()), &row.category, row.change_kind) {
        warnings.push(Warning { code: "odd_change", pointer: Some("#/change_kind"), detail: odd.into() });
    }
    let of_age = person.date_of_birth.and_then(clock::of_age_on);
    if row.category == "unaccompanied_minor" && of_age.is_some_and(|day| day <= row.valid_from) {
        let detail = "the person is of age on that day";
        warnings.push(Warning { code: "of_age", pointer: Some("#/category"), detail: detail.into() });
    }
    Ok(warnings)
}

/// Read a legal status.
///
/// Of a person in your scope.
#[utoipa::path(
    tag = "People",
    params(("legal_status_id" = LegalStatusId, Path, description = "The legal status.")),
    responses((status = 200, description = "The legal status.", body = LegalStatus))
)]
#[get("/legal-statuses/{legal_status_id}")]
pub async fn read_legal_status(
    door: Door,
    caller: Caller<actions::Read, resources::LegalStatuses>,
    id: Id<LegalStatusId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_legal_status", caller, move |reader| {
        let (row, person): (LegalStatusRow, PersonRow) = visible(reader, Action::Read, id.0)?;
        let fields = reader.rights.fields_at(&person.place());
        if !in_sight(&row, fields) {
            return Err(ApiError::not_found());
        }
        reader.shows(Resource::People, [person.id.0]);
        let shown = LegalStatus::shown(row, fields, Vec::new());
        reader.answer_row(shown.version, &held, &Fields::default(), "", &shown)
    })
    .await
}

/// Correct a legal status.
///
/// What was recorded before stays in the history: `known_at` tells it. Overlaps are 409.
#[utoipa::path(
    tag = "People",
    params(("legal_status_id" = LegalStatusId, Path, description = "The legal status.")),
    request_body(content = LegalStatusPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The legal status as it is now.", body = LegalStatus))
)]
#[patch("/legal-statuses/{legal_status_id}")]
pub async fn edit_legal_status(
    door: Door,
    caller: Caller<actions::Edit, resources::LegalStatuses>,
    id: Id<LegalStatusId>,
    if_match: IfMatch,
    body: Body<LegalStatusPatch>,
) -> ApiResult<Answer> {
    door.write("edit_legal_status", caller, None, move |unit| {
        let (mut row, person): (LegalStatusRow, PersonRow) = locked(unit, Action::Edit, id.0)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        if row.status == DocumentStatus::EnteredInError {
            let detail = "it was entered in error: record another one";
            return Err(ApiError::unmet(vec![UnmetGuard::new("not_in_error", detail)]));
        }
        let mut edit = Edit::default();
        edit.bounded("category", &patch.category, 40);
        edit.bounded("note", &patch.note, 2000);
        edit.required("category", &mut row.category, patch.category);
        edit.required("change_kind", &mut row.change_kind, patch.change_kind);
        edit.required("valid_from", &mut row.valid_from, patch.valid_from);
        edit.optional("valid_to", &mut row.valid_to, patch.valid_to);
        edit.optional("note", &mut row.note, patch.note);
        let changed = edit.finish()?;
        check(codes::of_changed(unit.app, &changed), &person, &row)?;
        let warnings = fit_in(&timeline_of(unit.connection, person.id)?, &row, &person)?;
        aggregate::save(unit, &mut row, &person, changed)?;
        watches::watch_status(unit, &person, &row)?;
        let fields = unit.rights.fields_at(&person.place());
        unit.edited(row.version, &LegalStatus::shown(row, fields, warnings))
    })
    .await
}
