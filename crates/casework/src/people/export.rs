//! Everything that is kept on a person, in one document (GDPR art. 15 and 20).

use std::collections::{BTreeSet, HashMap};

use actix_web::get;
use approdo_db::schema::{
    case_transitions, cases, child_transitions, history, household_members, households, reminders, task_transitions,
    tasks,
};
use approdo_db::types::RowId;
use approdo_db::{Connection, Json, Timestamp};
use diesel::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, PrincipalId, Resource, Rights};
use crate::aggregate::moves::ChildTransition;
use crate::aggregate::{Child, Root};
use crate::app::App;
use crate::attachments::types::Attachment;
use crate::cases::appointments::Appointment;
use crate::cases::assessments::AssessmentRow;
use crate::cases::confidentiality::{self, Confidential};
use crate::cases::goals::Goal;
use crate::cases::household_members::CaseHouseholdMember;
use crate::cases::notes::Note;
use crate::cases::pathways::Pathway;
use crate::cases::plans::PlanRow;
use crate::cases::task_transitions::TaskTransition;
use crate::cases::tasks::Task;
use crate::cases::transitions::CaseTransition;
use crate::cases::types::CaseRow;
use crate::consents::types::ConsentRow;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Door, Id, Parameters, query};
use crate::offers::two_sided::{self, TwoSided as _};
use crate::people::contacts::Contact;
use crate::people::coverage::{self, Coverage};
use crate::people::household_members::HouseholdMember;
use crate::people::households::HouseholdRow;
use crate::people::legal_statuses::LegalStatusRow;
use crate::people::queries;
use crate::people::relation_rows::{self, RelationId};
use crate::people::reminders::ReminderRow;
use crate::people::types::{PersonId, PersonRow};
use crate::referrals::rules::Side;
use crate::referrals::types::ReferralRow;
use crate::referrals::{erasure, export};
use crate::shared_accesses::types::SharedAccessRow;
use crate::transfer_requests::types::TransferRequestRow;
use crate::transfers::types::TransferRow;
use crate::work::Operation;

/// Everything that is kept on a person. Rows have the members of the database's, named as in the rest of this contract.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonExport {
    pub exported_at: Timestamp,
    pub person: Value,
    #[schema(max_items = 10000)]
    pub legal_statuses: Vec<Value>,
    #[schema(max_items = 10000)]
    pub reminders: Vec<Value>,
    #[schema(max_items = 10000)]
    pub consents: Vec<Value>,
    /// Each referral with whom it reached, its package, and when its clock stood still.
    #[schema(max_items = 10000)]
    pub referrals: Vec<Value>,
    /// Each case that went to another body, or was to go, with when its former body kept a record of it, which that one tells.
    #[schema(max_items = 10000)]
    pub transfers: Vec<Value>,
    /// Each time that a body asked yours, or yours another one, for a case by its number.
    #[schema(max_items = 10000)]
    pub transfer_requests: Vec<Value>,
    /// What other bodies may or could look into.
    #[schema(max_items = 10000)]
    pub shared_accesses: Vec<Value>,
    #[schema(max_items = 10000)]
    pub contacts: Vec<Value>,
    #[schema(max_items = 10000)]
    pub relations: Vec<Value>,
    /// The person's times in households, each with the household.
    #[schema(max_items = 10000)]
    pub households: Vec<Value>,
    /// Each case with its moves, tasks, assessments, goals, plans, notes, appointments, pathways and attachments, these with the
    /// address of their content.
    #[schema(max_items = 10000)]
    pub cases: Vec<Value>,
    /// Cases of others that cover or covered the person as a member of their household: which and when, and nothing of whose they
    /// are.
    #[schema(max_items = 10000)]
    pub covered_by: Vec<Coverage>,
    /// Moves of the person, the legal statuses, reminders, consents, referrals, transfers, requests for them, shared accesses, assessments, goals, plans, appointments and pathways.
    #[schema(max_items = 100000)]
    pub transitions: Vec<ChildTransition>,
    /// What each of these rows, but for requests for transfers, and of those that are gone, has been in the course of time.
    #[schema(max_items = 100000)]
    pub history: Vec<HistoryEntry>,
    /// Cases that you may not read, and what belongs to them: not in this document; who may read them can add them.
    #[schema(minimum = 0, maximum = 100000)]
    pub withheld_cases: i64,
    /// Times in cases of others that you may not read: not in this document; who may read them can add them.
    #[schema(minimum = 0, maximum = 100000)]
    pub withheld_coverages: i64,
    /// Notes that are not for your eyes and are not in this document; their authors can add them.
    #[schema(minimum = 0, maximum = 100000)]
    pub withheld_notes: i64,
    /// Attachments that are not for your eyes and are not in this document; their authors can add them.
    #[schema(minimum = 0, maximum = 100000)]
    pub withheld_attachments: i64,
}

/// One version of a row.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryEntry {
    #[schema(max_length = 40)]
    pub resource: String,
    #[schema(value_type = uuid::Uuid)]
    pub resource_id: RowId,
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub operation: Operation,
    pub values: Value,
    pub actor_id: PrincipalId,
    pub at: Timestamp,
}

/// A row as it is told.
pub fn value(row: &impl Serialize) -> ApiResult<Value> {
    serde_json::to_value(row).map_err(ApiError::fault)
}

/// The rows of a root of a kind, oldest first.
pub fn rows<C: Child>(connection: &mut Connection, root: <C::Root as Root>::Id) -> ApiResult<Vec<Value>> {
    C::all_of(connection, root, i64::MAX)?.iter().map(value).collect()
}

/// Export everything that is kept on a person.
///
/// For the person who asks for it (GDPR art. 15, 20), with the cases of others that cover or covered them. Cases that you may not read,
/// notes and attachments that are not for your eyes are counted, not shown. The export is recorded as an access.
#[utoipa::path(
    tag = "People",
    params(("person_id" = PersonId, Path, description = "The person.")),
    responses((status = 200, description = "The document.", body = PersonExport))
)]
#[get("/people/{person_id}/export")]
pub async fn read_person_export(
    door: Door,
    caller: Caller<actions::Read, resources::PersonExports>,
    id: Id<PersonId>,
    query: Parameters<query::None>,
) -> ApiResult<Answer> {
    door.read("read_person_export", caller, move |reader| {
        let person = queries::find(reader, id.0)?;
        reader.rights.require_on(Action::Read, Resource::PersonExports, &person)?;
        query.read()?;
        let (rights, now) = (reader.rights.clone(), reader.now);
        let of_person = cases_in_sight(reader.connection, &rights, person.id)?;
        let asked = Asked { app: reader.app, rights: &rights, now };
        let mut shown: BTreeSet<Uuid> = of_person.0.iter().map(|case| case.id.0).chain([person.id.0]).collect();
        let export = gather(reader.connection, &asked, &person, of_person)?;
        // Who asks of a case who has seen it finds the export, too.
        shown.extend(export.covered_by.iter().map(|coverage| coverage.case_id.0));
        reader.shows(Resource::PersonExports, shown);
        Answer::ok(&export)
    })
    .await
}

/// The person's cases that the caller may read, and how many there are besides.
fn cases_in_sight(connection: &mut Connection, rights: &Rights, person: PersonId) -> QueryResult<(Vec<CaseRow>, i64)> {
    let mut rows: Vec<CaseRow> = cases::table.filter(cases::person_id.eq(person)).order(cases::id).load(connection)?;
    let there = rows.len();
    rows.retain(|case| rights.may_at(Action::Read, Resource::Cases, &case.place()));
    let withheld = i64::try_from(there - rows.len()).unwrap_or(i64::MAX);
    Ok((rows, withheld))
}

/// Who asks for the document, and when.
struct Asked<'a> {
    app: &'a App,
    rights: &'a Rights,
    now: Timestamp,
}

/// What is not for the caller's eyes.
#[derive(Default)]
struct Withheld {
    notes: i64,
    attachments: i64,
}

fn gather(
    connection: &mut Connection,
    asked: &Asked<'_>,
    person: &PersonRow,
    (of_person, withheld_cases): (Vec<CaseRow>, i64),
) -> ApiResult<PersonExport> {
    let rights = asked.rights;
    let homes = homes(connection, rights, person.id)?;
    let (covered_by, withheld_coverages) = coverage::of_person(connection, rights, person.id)?;
    let mut withheld = Withheld::default();
    let referred = referred(connection, person.id, &of_person)?;
    let mut referrals = Vec::new();
    for row in &referred {
        referrals.push(export::whole(connection, row)?);
    }
    let mut transferred = TransferRow::of_person(connection, person.id)?;
    transferred.retain(|row| of_person.iter().any(|case| case.id == row.case_id));
    let mut requested = TransferRequestRow::of_person(connection, person.id)?;
    // What others asked one another is theirs to tell.
    requested.retain(|row| {
        of_person.iter().any(|case| Some(case.id) == row.case_id) && !two_sided::sides(row, rights).standing.is_empty()
    });
    let mut looked_into = SharedAccessRow::of_person(connection, person.id)?;
    looked_into.retain(|row| of_person.iter().any(|case| case.id == row.case_id));
    let asked_of = [
        ids_of(&referred, |row| row.id.0),
        ids_of(&transferred, |row| row.id.0),
        ids_of(&requested, |row| row.id.0),
        ids_of(&looked_into, |row| row.id.0),
    ];
    let mut told = Vec::new();
    for case in &of_person {
        let notes: Vec<Note> = in_sight(connection, rights, case, &mut withheld.notes)?;
        let attachments: Vec<Attachment> = in_sight(connection, rights, case, &mut withheld.attachments)?;
        let attachments = attachments.iter().map(|row| attached(asked.app, row)).collect::<ApiResult<_>>()?;
        told.push(whole_case(connection, case, &notes, attachments)?);
    }
    Ok(PersonExport {
        exported_at: asked.now,
        person: value(person)?,
        legal_statuses: rows::<LegalStatusRow>(connection, person.id)?,
        reminders: rows::<ReminderRow>(connection, person.id)?,
        consents: rows::<ConsentRow>(connection, person.id)?,
        referrals,
        transfers: transferred.iter().map(|row| told_transfer(connection, row)).collect::<ApiResult<_>>()?,
        transfer_requests: requested.iter().map(|row| told_request(row, rights)).collect::<ApiResult<_>>()?,
        shared_accesses: looked_into.iter().map(value).collect::<ApiResult<_>>()?,
        contacts: rows::<Contact>(connection, person.id)?,
        relations: relations(connection, person.id)?,
        households: homes.iter().map(home).collect::<ApiResult<_>>()?,
        cases: told,
        covered_by,
        transitions: moves(connection, person.id, &of_person, &asked_of.concat())?,
        history: past(connection, rights, person.id, &of_person, &homes)?,
        withheld_cases,
        withheld_coverages,
        withheld_notes: withheld.notes,
        withheld_attachments: withheld.attachments,
    })
}

fn relations(connection: &mut Connection, person: PersonId) -> ApiResult<Vec<Value>> {
    relation_rows::of_person(connection, person, RelationId(uuid::Uuid::nil()), i64::MAX)?.iter().map(value).collect()
}

type Home = (HouseholdMember, HouseholdRow);

/// The person's times in households, as far as the caller may know where these are.
fn homes(connection: &mut Connection, rights: &Rights, person: PersonId) -> QueryResult<Vec<Home>> {
    let mut homes: Vec<Home> = household_members::table
        .inner_join(households::table.on(households::id.eq(household_members::household_id)))
        .filter(household_members::person_id.eq(person))
        .order(household_members::id)
        .load(connection)?;
    homes.retain(|(_, household)| rights.may_at(Action::Read, Resource::Households, &Root::place(household)));
    Ok(homes)
}

fn home((time, household): &Home) -> ApiResult<Value> {
    Ok(json!({"member": value(time)?, "household": value(household)?}))
}

/// The rows of a case that are for the caller's eyes; the others are counted.
fn in_sight<C: Confidential>(
    connection: &mut Connection,
    rights: &Rights,
    case: &CaseRow,
    withheld: &mut i64,
) -> ApiResult<Vec<C>> {
    let mut rows = C::all_of(connection, case.id, i64::MAX)?;
    let there = rows.len();
    rows.retain(|row| confidentiality::in_sight(row, rights, case));
    *withheld += i64::try_from(there - rows.len()).unwrap_or(i64::MAX);
    Ok(rows)
}

/// An attachment with the address of its content.
fn attached(app: &App, row: &Attachment) -> ApiResult<Value> {
    let mut told = value(row)?;
    if let Some(members) = told.as_object_mut() {
        members.insert("content".into(), json!(app.address(&format!("/attachments/{}/content", row.id))));
    }
    Ok(told)
}

/// A case with what belongs to it, and with these of its notes and attachments.
pub fn whole_case(
    connection: &mut Connection,
    case: &CaseRow,
    notes: &[Note],
    attachments: Vec<Value>,
) -> ApiResult<Value> {
    let moves: Vec<CaseTransition> = case_transitions::table
        .filter(case_transitions::case_id.eq(case.id))
        .order(case_transitions::id)
        .load(connection)?;
    let of_case = tasks::table.filter(tasks::case_id.eq(case.id)).select(tasks::id);
    let task_moves: Vec<TaskTransition> = task_transitions::table
        .filter(task_transitions::task_id.eq_any(of_case))
        .order(task_transitions::id)
        .load(connection)?;
    Ok(json!({
        "case": value(case)?,
        "transitions": value(&moves)?,
        "tasks": rows::<Task>(connection, case.id)?,
        "task_transitions": value(&task_moves)?,
        "assessments": rows::<AssessmentRow>(connection, case.id)?,
        "goals": rows::<Goal>(connection, case.id)?,
        "plans": rows::<PlanRow>(connection, case.id)?,
        "notes": value(&notes)?,
        "attachments": attachments,
        "appointments": rows::<Appointment>(connection, case.id)?,
        "pathways": rows::<Pathway>(connection, case.id)?,
        "household_members": rows::<CaseHouseholdMember>(connection, case.id)?,
    }))
}

/// The referrals from cases that the caller may read.
fn referred(connection: &mut Connection, person: PersonId, of_person: &[CaseRow]) -> ApiResult<Vec<ReferralRow>> {
    let mut rows = erasure::of_person(connection, person)?;
    rows.retain(|row| of_person.iter().any(|case| case.id == row.case_id));
    Ok(rows)
}

/// A request, without who asked where that is another body's.
fn told_request(row: &TransferRequestRow, rights: &Rights) -> ApiResult<Value> {
    let mut told = value(row)?;
    if !two_sided::sides(row, rights).standing.contains(&Side::Sender)
        && let Some(members) = told.as_object_mut()
    {
        members.remove("author_id");
    }
    Ok(told)
}

/// A transfer with when a record of the case was kept by who handed it over.
fn told_transfer(connection: &mut Connection, row: &TransferRow) -> ApiResult<Value> {
    use approdo_db::schema::transfer_records as records;
    let frozen_at: Option<Timestamp> =
        records::table.find(row.id).select(records::frozen_at).first(connection).optional()?;
    Ok(json!({"transfer": value(row)?, "record_frozen_at": frozen_at}))
}

fn ids_of<T>(rows: &[T], id: impl Fn(&T) -> Uuid) -> Vec<RowId> {
    rows.iter().map(|row| RowId(id(row))).collect()
}

fn moves(
    connection: &mut Connection,
    person: PersonId,
    of_person: &[CaseRow],
    asked: &[RowId],
) -> ApiResult<Vec<ChildTransition>> {
    use approdo_db::schema::{assessments, goals, legal_statuses, plans};
    let mut ids = vec![RowId(person.0)];
    ids.extend(
        legal_statuses::table
            .filter(legal_statuses::person_id.eq(person))
            .select(legal_statuses::id)
            .load::<RowId>(connection)?,
    );
    ids.extend(
        reminders::table.filter(reminders::person_id.eq(person)).select(reminders::id).load::<RowId>(connection)?,
    );
    ids.extend(ConsentRow::all_of(connection, person, i64::MAX)?.iter().map(|row| RowId(row.id.0)));
    ids.extend(asked);
    for case in of_person {
        ids.extend(
            assessments::table
                .filter(assessments::case_id.eq(case.id))
                .select(assessments::id)
                .load::<RowId>(connection)?,
        );
        ids.extend(goals::table.filter(goals::case_id.eq(case.id)).select(goals::id).load::<RowId>(connection)?);
        ids.extend(Appointment::all_of(connection, case.id, i64::MAX)?.iter().map(|row| RowId(row.id.0)));
        ids.extend(Pathway::all_of(connection, case.id, i64::MAX)?.iter().map(|row| RowId(row.id.0)));
        ids.extend(plans::table.filter(plans::case_id.eq(case.id)).select(plans::id).load::<RowId>(connection)?);
    }
    let mut moves = Vec::new();
    for some in ids.chunks(500) {
        moves.extend(
            child_transitions::table
                .filter(child_transitions::resource_id.eq_any(some.to_vec()))
                .load::<ChildTransition>(connection)?,
        );
    }
    moves.sort_by_key(|made| (made.at, made.id));
    Ok(moves)
}

/// Whether a version of a row was for the caller's eyes.
fn was_in_sight<C: Confidential + DeserializeOwned>(values: &Value, rights: &Rights, of_person: &[CaseRow]) -> bool {
    let case = of_person.iter().find(|case| values["case_id"].as_str() == Some(case.id.to_string().as_str()));
    let row: Option<C> = serde_json::from_value(values.clone()).ok();
    case.zip(row).is_some_and(|(case, row)| confidentiality::in_sight(&row, rights, case))
}

fn past(
    connection: &mut Connection,
    rights: &Rights,
    person: PersonId,
    of_person: &[CaseRow],
    homes: &[Home],
) -> ApiResult<Vec<HistoryEntry>> {
    type Line = (String, RowId, i64, Operation, Json, PrincipalId, Timestamp);
    type Read = (String, RowId, i64, Operation, Value, PrincipalId, Timestamp);
    let homes: Vec<RowId> = homes.iter().map(|(_, household)| RowId(household.id.0)).collect();
    let lines: Vec<Line> = history::table
        .filter(history::person_id.eq(RowId(person.0)).or(history::resource_id.eq_any(homes)))
        .order(history::id)
        .select((
            history::resource,
            history::resource_id,
            history::version,
            history::operation,
            history::field_values,
            history::actor_id,
            history::at,
        ))
        .load(connection)?;
    let read = |(kind, id, version, operation, values, actor, at): Line| {
        (kind, id, version, operation, values.value(), actor, at)
    };
    let lines: Vec<Read> = lines.into_iter().map(read).collect();
    // A note or an attachment is for the eyes that its last version is for, whatever it was before, and when it is gone, too.
    let mut confidential_in_sight = HashMap::new();
    for (kind, id, _, _, values, _, _) in &lines {
        let shown = match kind.as_str() {
            Note::KIND => was_in_sight::<Note>(values, rights, of_person),
            Attachment::KIND => was_in_sight::<Attachment>(values, rights, of_person),
            _ => continue,
        };
        confidential_in_sight.insert(*id, shown);
    }
    let for_our_eyes = |line: &Read| {
        let (resource, id, values) = (line.0.as_str(), line.1, &line.4);
        if resource == TransferRequestRow::KIND {
            // Its moves tell as much, without who asked.
            return false;
        }
        let case =
            if resource == "case" { Some(id.0.to_string()) } else { values["case_id"].as_str().map(str::to_owned) };
        let in_reach = case.is_none_or(|id| of_person.iter().any(|case| case.id.0.to_string() == id));
        in_reach && confidential_in_sight.get(&id).copied().unwrap_or(true)
    };
    Ok(lines
        .into_iter()
        .filter(for_our_eyes)
        .map(|(resource, resource_id, version, operation, values, actor_id, at)| HistoryEntry {
            resource,
            resource_id,
            version,
            operation,
            values,
            actor_id,
            at,
        })
        .collect())
}
