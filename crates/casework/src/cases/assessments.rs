//! Assessments of a case: need and strength in each life domain (domain 4). A draft is edited; a completed one never changes,
//! and the next one is compared with it. Moves are in `assessment_transitions`.

use actix_web::{get, patch, post};
use approdo_db::schema::assessments;
use approdo_db::{Json, Timestamp, define_id, text_enum};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::rights::{FieldRights, Rights};
use crate::access::{Action, FieldGroup, PrincipalId, Resource};
use crate::aggregate::{self, locked, visible};
use crate::cases::handlers::refuse_unless_open;
use crate::cases::life_domains::{self, DomainDelta, LifeDomain, Rating};
use crate::cases::types::{CaseId, CaseRow};
use crate::child;
use crate::clock;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::patch::Edit;
use crate::http::texts::MemberName;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, Patch, reading};
use crate::page_of;
use crate::paged_query;
use crate::work::Unit;

define_id! {
    /// The id of an assessment.
    #[derive(ToSchema)]
    AssessmentId;
}

text_enum! {
    /// How an assessment stands.
    #[derive(ToSchema)]
    AssessmentStatus {
        Draft = "draft",
        Completed = "completed",
    }
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = assessments, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct AssessmentRow {
    pub id: AssessmentId,
    pub case_id: CaseId,
    pub episode_no: i64,
    pub status: AssessmentStatus,
    pub assessed_on: NaiveDate,
    pub ratings: Json,
    pub note: Option<String>,
    pub author_id: PrincipalId,
    pub completed_at: Option<Timestamp>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

child!(AssessmentRow, AssessmentId, assessments, "assessment", Assessments; of CaseRow, case_id in cases);

impl AssessmentRow {
    pub fn ratings(&self) -> ApiResult<Vec<Rating>> {
        self.ratings.read().map_err(ApiError::fault)
    }
}

/// The members a field group guards, with the group; ratings are guarded one by one.
pub const GUARDED: [(&str, FieldGroup); 5] = [
    ("note", FieldGroup::Notes),
    ("ratings.note", FieldGroup::Notes),
    ("ratings.evidence", FieldGroup::Notes),
    ("ratings.health", FieldGroup::Health),
    ("ratings.legal", FieldGroup::Legal),
];

/// Whether these rights show a domain at all.
fn shows(domain: LifeDomain, fields: FieldRights) -> bool {
    match domain {
        LifeDomain::Health => fields.reads(FieldGroup::Health),
        LifeDomain::Legal => fields.reads(FieldGroup::Legal),
        _ => true,
    }
}

/// An assessment, as far as the caller may see.
#[derive(Debug, Serialize, ToSchema)]
pub struct Assessment {
    pub id: AssessmentId,
    pub case_id: CaseId,
    /// The episode of the case it belongs to.
    #[schema(minimum = 1, maximum = 1000)]
    pub episode_no: i64,
    pub status: AssessmentStatus,
    pub assessed_on: NaiveDate,
    /// One for each domain that has been rated, in the order given.
    #[schema(max_items = 9)]
    pub ratings: Vec<Rating>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 4000)]
    pub note: Option<String>,
    pub author_id: PrincipalId,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub completed_at: Option<Timestamp>,
    /// Members your grants hide on this assessment, whether or not they have a value: `ratings.health` is the whole rating.
    #[schema(value_type = Vec<MemberName>, max_items = 20)]
    pub withheld_fields: Vec<&'static str>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Assessment {
    /// The assessment as this caller may see it.
    pub fn shown(row: AssessmentRow, rights: &Rights, case: &CaseRow) -> ApiResult<Self> {
        let fields = rights.fields_at(&case.place());
        let notes = fields.reads(FieldGroup::Notes);
        let mut ratings = row.ratings()?;
        ratings.retain(|rating| shows(rating.domain, fields));
        for rating in ratings.iter_mut().filter(|_| !notes) {
            (rating.note, rating.evidence) = (None, None);
        }
        Ok(Self {
            id: row.id,
            case_id: row.case_id,
            episode_no: row.episode_no,
            status: row.status,
            assessed_on: row.assessed_on,
            ratings,
            note: row.note.filter(|_| notes),
            author_id: row.author_id,
            completed_at: row.completed_at,
            withheld_fields: crate::people::types::withheld(&GUARDED, fields),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

page_of! {
    /// A page of assessments.
    AssessmentPage of Assessment
}

/// An assessment to begin.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "assessed_on": "2026-11-20",
    "ratings": [
        {"domain": "language", "need": 3, "strength": 2, "note": "Understands slow speech.", "evidence": "Placement test A2"},
        {"domain": "work", "need": 2, "strength": 3}
    ]
}))]
pub struct NewAssessment {
    /// Today when absent; not in the future.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub assessed_on: Option<NaiveDate>,
    /// What is known so far, each domain once; the rest follows by edits.
    #[serde(default)]
    #[validate(length(max = 9), nested)]
    #[schema(max_items = 9)]
    pub ratings: Vec<Rating>,
    #[validate(length(min = 1, max = 4000))]
    #[schema(nullable = false, min_length = 1, max_length = 4000)]
    pub note: Option<String>,
}

impl Checked for NewAssessment {}

/// What of a draft can be edited.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"ratings": [{"domain": "housing", "need": 4, "strength": 1}]}))]
pub struct AssessmentPatch {
    #[schema(required = false, value_type = NaiveDate)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub assessed_on: Patch<NaiveDate>,
    /// Replaces all ratings.
    #[schema(required = false, value_type = Vec<Rating>, max_items = 9)]
    #[serde(default)]
    pub ratings: Patch<Vec<Rating>>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 4000)]
    #[serde(default)]
    pub note: Patch<String>,
}

impl Checked for AssessmentPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

paged_query! {
    /// How to list a case's assessments.
    AssessmentQuery {}
}

/// List a case's assessments.
///
/// Oldest first, those of earlier episodes included.
#[utoipa::path(
    tag = "Plans",
    params(("case_id" = CaseId, Path, description = "The case."), AssessmentQuery),
    responses((status = 200, description = "A page.", body = AssessmentPage))
)]
#[get("/cases/{case_id}/assessments")]
pub async fn list_assessments(
    door: Door,
    caller: Caller<actions::List, resources::Assessments>,
    id: Id<CaseId>,
    query: Parameters<AssessmentQuery>,
) -> ApiResult<Answer> {
    door.read("list_assessments", caller, move |reader| {
        let (page, case) =
            aggregate::list(reader, id.0, &query, |reader, _: &AssessmentQuery, case: &CaseRow, after, limit| {
                let of_case =
                    assessments::table.filter(assessments::case_id.eq(case.id)).filter(assessments::id.gt(after));
                Ok(of_case.order(assessments::id).limit(limit).load::<AssessmentRow>(reader.connection)?)
            })?;
        let rights = reader.rights.clone();
        Answer::ok(&AssessmentPage::from(page.try_map(|row| Assessment::shown(row, &rights, &case))?))
    })
    .await
}

/// Begin an assessment.
///
/// As a draft, in the present episode of an open case; a closed or declined one is 409.
#[utoipa::path(
    tag = "Plans",
    params(("case_id" = CaseId, Path, description = "The case.")),
    request_body = NewAssessment,
    responses((status = 201, description = "The assessment.", body = Assessment))
)]
#[post("/cases/{case_id}/assessments")]
pub async fn create_assessment(
    door: Door,
    caller: Caller<actions::Create, resources::Assessments>,
    id: Id<CaseId>,
    body: Body<NewAssessment>,
) -> ApiResult<Answer> {
    door.write("create_assessment", caller, Some(body.fingerprint()), move |unit| {
        let (row, case) = aggregate::create(unit, id.0, &body, begin)?;
        let (path, version) = (format!("/assessments/{}", row.id), row.version);
        unit.created(&path, version, &Assessment::shown(row, &unit.rights, &case)?)
    })
    .await
}

/// Begins an assessment of a locked case; used by the demonstration data as well.
pub fn begin(unit: &mut Unit<'_>, id: AssessmentId, case: &CaseRow, new: NewAssessment) -> ApiResult<AssessmentRow> {
    refuse_unless_open(case)?;
    let today = clock::date_of(unit.now);
    let assessed_on = new.assessed_on.unwrap_or(today);
    refuse_future(assessed_on, today)?;
    refuse_repeated(&new.ratings)?;
    let row = AssessmentRow {
        id,
        case_id: case.id,
        episode_no: case.episode_no,
        status: AssessmentStatus::Draft,
        assessed_on,
        ratings: Json::of(&new.ratings),
        note: new.note,
        author_id: unit.rights.principal,
        completed_at: None,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    aggregate::add(
        unit,
        &row,
        case,
        &["case_id", "episode_no", "status", "assessed_on", "ratings", "note", "author_id"],
    )?;
    Ok(row)
}

fn refuse_future(assessed_on: NaiveDate, today: NaiveDate) -> ApiResult<()> {
    if assessed_on > today {
        return Err(ApiError::invalid_member("assessed_on", "must not be in the future"));
    }
    Ok(())
}

fn refuse_repeated(ratings: &[Rating]) -> ApiResult<()> {
    match life_domains::repeated(ratings) {
        Some(at) => Err(ApiError::invalid_member(&format!("ratings/{at}/domain"), "is rated twice")),
        None => Ok(()),
    }
}

/// Read an assessment.
///
/// An assessment of a case in your scope, with the ratings your grants show.
#[utoipa::path(
    tag = "Plans",
    params(("assessment_id" = AssessmentId, Path, description = "The assessment.")),
    responses((status = 200, description = "The assessment.", body = Assessment))
)]
#[get("/assessments/{assessment_id}")]
pub async fn read_assessment(
    door: Door,
    caller: Caller<actions::Read, resources::Assessments>,
    id: Id<AssessmentId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_assessment", caller, move |reader| {
        let (row, case): (AssessmentRow, _) = visible(reader, Action::Read, id.0)?;
        reader.shows(Resource::Cases, [case.id.0]);
        let shown = Assessment::shown(row, &reader.rights, &case)?;
        reader.answer_row(shown.version, &held, &Fields::default(), "", &shown)
    })
    .await
}

/// Edit an assessment.
///
/// While it is a draft; `ratings` replaces all of them.
#[utoipa::path(
    tag = "Plans",
    params(("assessment_id" = AssessmentId, Path, description = "The assessment.")),
    request_body(content = AssessmentPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The assessment as it is now.", body = Assessment))
)]
#[patch("/assessments/{assessment_id}")]
pub async fn edit_assessment(
    door: Door,
    caller: Caller<actions::Edit, resources::Assessments>,
    id: Id<AssessmentId>,
    if_match: IfMatch,
    body: Body<AssessmentPatch>,
) -> ApiResult<Answer> {
    door.write("edit_assessment", caller, None, move |unit| {
        let (mut row, case): (AssessmentRow, _) = locked(unit, Action::Edit, id.0)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        refuse_unless_open(&case)?;
        refuse_unless_draft(&row)?;
        let mut edit = Edit::default();
        edit.bounded("note", &patch.note, 4000);
        if let Patch::Set(ratings) = &patch.ratings {
            edit.nested("ratings", ratings, 9);
            refuse_repeated(ratings)?;
        }
        edit.required("assessed_on", &mut row.assessed_on, patch.assessed_on);
        edit.required("ratings", &mut row.ratings, patch.ratings.map(Json::of));
        edit.optional("note", &mut row.note, patch.note);
        let changed = edit.finish()?;
        refuse_future(row.assessed_on, clock::date_of(unit.now))?;
        aggregate::save(unit, &mut row, &case, changed)?;
        unit.edited(row.version, &Assessment::shown(row, &unit.rights, &case)?)
    })
    .await
}

fn refuse_unless_draft(row: &AssessmentRow) -> ApiResult<()> {
    if row.status == AssessmentStatus::Draft {
        Ok(())
    } else {
        Err(ApiError::unmet(vec![UnmetGuard::new(
            "draft",
            "a completed assessment does not change: begin another one",
        )]))
    }
}

/// What changed since another assessment.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssessmentDelta {
    pub assessment_id: AssessmentId,
    /// The assessment it is compared with; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub against_id: Option<AssessmentId>,
    /// The domains both have rated and your grants show.
    #[schema(max_items = 9)]
    pub domains: Vec<DomainDelta>,
}

/// What to compare an assessment with.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeltaQuery {
    /// Another assessment of the same case; the completed one before this when absent.
    against: Option<AssessmentId>,
}

/// Compare an assessment.
///
/// With the completed one before it, or with the one `against` names: what changed in each life domain.
#[utoipa::path(
    tag = "Plans",
    params(("assessment_id" = AssessmentId, Path, description = "The assessment."), DeltaQuery),
    responses((status = 200, description = "The comparison.", body = AssessmentDelta))
)]
#[get("/assessments/{assessment_id}/delta")]
pub async fn read_assessment_delta(
    door: Door,
    caller: Caller<actions::Read, resources::Assessments>,
    id: Id<AssessmentId>,
    query: Parameters<DeltaQuery>,
) -> ApiResult<Answer> {
    door.read("read_assessment_delta", caller, move |reader| {
        let (row, case): (AssessmentRow, _) = visible(reader, Action::Read, id.0)?;
        let of_case = assessments::table.filter(assessments::case_id.eq(case.id));
        let against: Option<AssessmentRow> = match query.read()?.against {
            Some(other) => {
                let found = of_case.filter(assessments::id.eq(other)).first(reader.connection).optional()?;
                Some(found.ok_or_else(|| ApiError::malformed("against names no assessment of this case"))?)
            }
            None => of_case
                .filter(assessments::status.eq(AssessmentStatus::Completed))
                .filter(assessments::id.lt(row.id))
                .order(assessments::id.desc())
                .first(reader.connection)
                .optional()?,
        };
        reader.shows(Resource::Cases, [case.id.0]);
        let fields = reader.rights.fields_at(&case.place());
        let mut domains = match &against {
            Some(against) => life_domains::deltas(&against.ratings()?, &row.ratings()?),
            None => Vec::new(),
        };
        domains.retain(|delta| shows(delta.domain, fields));
        let against_id = against.map(|against| against.id);
        Answer::ok(&AssessmentDelta { assessment_id: row.id, against_id, domains })
    })
    .await
}
