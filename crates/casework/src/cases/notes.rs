//! Notes of a case. A normal note is for those who may read the case's notes, a restricted one for its author and the case
//! manager, a legal-privileged one for its author alone.

use actix_web::{delete, get, patch, post};
use approdo_db::schema::notes;
use approdo_db::{Timestamp, define_id};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, PrincipalId, Resource};
use crate::aggregate;
use crate::cases::confidentiality::{self, Confidential, Confidentiality, changeable, in_sight, visible};
use crate::cases::handlers::refuse_unless_open;
use crate::cases::types::{CaseId, CaseRow};
use crate::child;
use crate::clock;
use crate::error::{ApiError, ApiResult};
use crate::http::patch::Edit;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, Patch, reading};
use crate::page_of;
use crate::paged_query;
use crate::work::Unit;

define_id! {
    /// The id of a note.
    #[derive(ToSchema)]
    NoteId;
}

/// A note of a case.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = notes, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Note {
    pub id: NoteId,
    pub case_id: CaseId,
    pub confidentiality: Confidentiality,
    #[schema(min_length = 1, max_length = 10000)]
    pub body: String,
    /// The day it is about.
    pub written_on: NaiveDate,
    pub author_id: PrincipalId,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

child!(Note, NoteId, notes, "note", Notes; of CaseRow, case_id in cases);

impl Confidential for Note {
    const MANAGED: bool = false;
    const REFUSAL: &'static str = "only its author changes a note";

    fn confidentiality(&self) -> Confidentiality {
        self.confidentiality
    }

    fn author(&self) -> PrincipalId {
        self.author_id
    }
}

page_of! {
    /// A page of notes.
    NotePage of Note
}

/// A note to write.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"body": "Came with her sister; wants to see the school before she decides.", "confidentiality": "normal"}))]
pub struct NewNote {
    #[validate(length(min = 1, max = 10000))]
    #[schema(min_length = 1, max_length = 10000)]
    pub body: String,
    /// `normal` when absent.
    #[schema(nullable = false)]
    pub confidentiality: Option<Confidentiality>,
    /// The day it is about; today when absent, not in the future.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub written_on: Option<NaiveDate>,
}

impl Checked for NewNote {}

/// What of a note can be edited, by its author.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"confidentiality": "restricted"}))]
pub struct NotePatch {
    #[schema(required = false, value_type = String, min_length = 1, max_length = 10000)]
    #[serde(default)]
    pub body: Patch<String>,
    #[schema(required = false, value_type = Confidentiality)]
    #[serde(default)]
    pub confidentiality: Patch<Confidentiality>,
    #[schema(required = false, value_type = NaiveDate)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub written_on: Patch<NaiveDate>,
}

impl Checked for NotePatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

paged_query! {
    /// How to list a case's notes.
    NoteQuery {}
}

/// List a case's notes.
///
/// Oldest first, those that are for your eyes.
#[utoipa::path(
    tag = "Cases",
    params(("case_id" = CaseId, Path, description = "The case."), NoteQuery),
    responses((status = 200, description = "A page.", body = NotePage))
)]
#[get("/cases/{case_id}/notes")]
pub async fn list_notes(
    door: Door,
    caller: Caller<actions::List, resources::Notes>,
    id: Id<CaseId>,
    query: Parameters<NoteQuery>,
) -> ApiResult<Answer> {
    door.read("list_notes", caller, move |reader| {
        let (page, _) =
            aggregate::list(reader, id.0, &query, |reader, _: &NoteQuery, case: &CaseRow, after: NoteId, limit| {
                let principal = reader.rights.principal;
                // The same as `in_sight`, before the limit: a page is full although some notes are not for this caller.
                let kinds = confidentiality::of_others(case.case_manager_id, principal);
                let mut rows: Vec<Note> = notes::table
                    .filter(notes::case_id.eq(case.id))
                    .filter(notes::id.gt(after))
                    .filter(notes::author_id.eq(principal).or(notes::confidentiality.eq_any(kinds.to_vec())))
                    .order(notes::id)
                    .limit(limit)
                    .load(reader.connection)?;
                rows.retain(|note| in_sight(note, &reader.rights, case));
                Ok(rows)
            })?;
        Answer::ok(&NotePage::from(page))
    })
    .await
}

/// Write a note.
///
/// Also on a closed case: what was learnt late is worth keeping. `legal_privileged` notes are for your own eyes.
#[utoipa::path(
    tag = "Cases",
    params(("case_id" = CaseId, Path, description = "The case.")),
    request_body = NewNote,
    responses((status = 201, description = "The note.", body = Note))
)]
#[post("/cases/{case_id}/notes")]
pub async fn create_note(
    door: Door,
    caller: Caller<actions::Create, resources::Notes>,
    id: Id<CaseId>,
    body: Body<NewNote>,
) -> ApiResult<Answer> {
    door.write("create_note", caller, Some(body.fingerprint()), move |unit| {
        let (note, _) = aggregate::create(unit, id.0, &body, write)?;
        unit.created(&format!("/notes/{}", note.id), note.version, &note)
    })
    .await
}

/// Writes a note on a locked case; used by the demonstration data as well.
pub fn write(unit: &mut Unit<'_>, id: NoteId, case: &CaseRow, new: NewNote) -> ApiResult<Note> {
    let today = clock::date_of(unit.now);
    let written_on = new.written_on.unwrap_or(today);
    refuse_future(written_on, today)?;
    let note = Note {
        id,
        case_id: case.id,
        confidentiality: new.confidentiality.unwrap_or(Confidentiality::Normal),
        body: new.body,
        written_on,
        author_id: unit.rights.principal,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    aggregate::add(unit, &note, case, &["case_id", "confidentiality", "body", "written_on", "author_id"])?;
    Ok(note)
}

fn refuse_future(written_on: NaiveDate, today: NaiveDate) -> ApiResult<()> {
    if written_on > today {
        return Err(ApiError::invalid_member("written_on", "must not be in the future"));
    }
    Ok(())
}

/// Read a note.
///
/// One that is for your eyes; another one is 404.
#[utoipa::path(
    tag = "Cases",
    params(("note_id" = NoteId, Path, description = "The note.")),
    responses((status = 200, description = "The note.", body = Note))
)]
#[get("/notes/{note_id}")]
pub async fn read_note(
    door: Door,
    caller: Caller<actions::Read, resources::Notes>,
    id: Id<NoteId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_note", caller, move |reader| {
        let (note, case): (Note, CaseRow) = visible(reader, Action::Read, id.0)?;
        reader.shows(Resource::Cases, [case.id.0]);
        reader.answer_row(note.version, &held, &Fields::default(), "", &note)
    })
    .await
}

/// Edit a note.
///
/// Your own. What it said before stays in the history.
#[utoipa::path(
    tag = "Cases",
    params(("note_id" = NoteId, Path, description = "The note.")),
    request_body(content = NotePatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The note as it is now.", body = Note))
)]
#[patch("/notes/{note_id}")]
pub async fn edit_note(
    door: Door,
    caller: Caller<actions::Edit, resources::Notes>,
    id: Id<NoteId>,
    if_match: IfMatch,
    body: Body<NotePatch>,
) -> ApiResult<Answer> {
    door.write("edit_note", caller, None, move |unit| {
        let (mut note, case): (Note, CaseRow) = changeable(unit, Action::Edit, id.0)?;
        let patch = body.read()?;
        if_match.check(note.version)?;
        refuse_unless_open(&case)?;
        let mut edit = Edit::default();
        edit.bounded("body", &patch.body, 10_000);
        edit.required("body", &mut note.body, patch.body);
        edit.required("confidentiality", &mut note.confidentiality, patch.confidentiality);
        edit.required("written_on", &mut note.written_on, patch.written_on);
        let changed = edit.finish()?;
        refuse_future(note.written_on, clock::date_of(unit.now))?;
        aggregate::save(unit, &mut note, &case, changed)?;
        unit.edited(note.version, &note)
    })
    .await
}

/// Delete a note.
///
/// Your own, while the case is open. What it said stays in the history until it is erased.
#[utoipa::path(
    tag = "Cases",
    params(("note_id" = NoteId, Path, description = "The note.")),
    responses((status = 204, description = "It is gone."))
)]
#[delete("/notes/{note_id}")]
pub async fn delete_note(
    door: Door,
    caller: Caller<actions::Delete, resources::Notes>,
    id: Id<NoteId>,
    if_match: IfMatch,
) -> ApiResult<Answer> {
    door.write("delete_note", caller, None, move |unit| {
        let (note, case): (Note, CaseRow) = changeable(unit, Action::Delete, id.0)?;
        if_match.check(note.version)?;
        refuse_unless_open(&case)?;
        aggregate::remove(unit, &note, &case)?;
        Ok(Answer::no_content())
    })
    .await
}
