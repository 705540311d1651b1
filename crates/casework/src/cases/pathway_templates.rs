//! Templates of pathways: the dated steps that newcomers of a target group go through after their arrival (domain K3). Their
//! moves are in `pathway_template_transitions`.

use actix_web::{get, patch, post};
use approdo_db::schema::{organisation_ancestors, pathway_templates};
use approdo_db::{Json, Timestamp, define_id, text_enum};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, OrganisationId, Resource};
use crate::cases::life_domains::LifeDomain;
use crate::codes;
use crate::entries;
use crate::entry;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::patch::Edit;
use crate::http::texts::CodeText;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, Patch};
use crate::page_of;
use crate::paged_query;
use crate::work::Unit;

define_id! {
    /// The id of a template of pathways.
    #[derive(ToSchema)]
    PathwayTemplateId;
}

text_enum! {
    /// Where a template stands.
    #[derive(ToSchema)]
    PathwayTemplateStatus {
        /// Can be edited, not started.
        Draft = "draft",
        /// Can be started, and is edited no more.
        Published = "published",
        /// Runs on where it was started, and is started no more.
        Retired = "retired",
    }
}

/// What is kept of a template.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = pathway_templates, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct PathwayTemplateRow {
    pub id: PathwayTemplateId,
    pub owner_org_id: OrganisationId,
    pub name: String,
    pub description: Option<String>,
    pub target_groups: Json,
    pub steps: Json,
    pub status: PathwayTemplateStatus,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

entry!(PathwayTemplateRow, PathwayTemplateId, pathway_templates, owner_org_id, "pathway_template", PathwayTemplates);

impl PathwayTemplateRow {
    pub fn target_groups(&self) -> ApiResult<Vec<String>> {
        self.target_groups.read().map_err(ApiError::fault)
    }

    pub fn steps(&self) -> ApiResult<Vec<PathwayStep>> {
        self.steps.read().map_err(ApiError::fault)
    }
}

/// The steps that newcomers of a target group go through after their arrival.
#[derive(Debug, Serialize, ToSchema)]
pub struct PathwayTemplate {
    pub id: PathwayTemplateId,
    /// Whose template it is: it can be started in cases of this organisation and of those below it.
    pub owner_org_id: OrganisationId,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 4000)]
    pub description: Option<String>,
    /// Codes of `target_groups` it is for; every group when empty.
    #[schema(value_type = Vec<CodeText>, max_items = 50)]
    pub target_groups: Vec<String>,
    #[schema(max_items = 50)]
    pub steps: Vec<PathwayStep>,
    pub status: PathwayTemplateStatus,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl PathwayTemplate {
    fn shown(row: PathwayTemplateRow) -> ApiResult<Self> {
        Ok(Self {
            target_groups: row.target_groups()?,
            steps: row.steps()?,
            id: row.id,
            owner_org_id: row.owner_org_id,
            name: row.name,
            description: row.description,
            status: row.status,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// What is to be done, and when: it becomes a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PathwayStep {
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    #[validate(length(min = 1, max = 4000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 4000)]
    pub description: Option<String>,
    /// What part of life it serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub life_domain: Option<LifeDomain>,
    /// Due so many days after the arrival; before it where negative.
    #[validate(range(min = -365, max = 3650))]
    #[schema(minimum = -365, maximum = 3650)]
    pub days_after_arrival: i64,
}

page_of! {
    /// A page of templates.
    PathwayTemplatePage of PathwayTemplate
}

/// A template to draw up.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "owner_org_id": "01985b2e-0000-7000-8000-000000000001", "name": "First hundred days after flight", "target_groups": ["refugee"],
    "steps": [
        {"title": "Register the residence", "life_domain": "legal", "days_after_arrival": 14},
        {"title": "Choose a general practitioner", "life_domain": "health", "days_after_arrival": 30},
        {"title": "Enrol in a language course", "life_domain": "language", "days_after_arrival": 60}
    ]
}))]
pub struct NewPathwayTemplate {
    /// An organisation that you administer.
    pub owner_org_id: OrganisationId,
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[validate(length(min = 1, max = 4000))]
    #[schema(nullable = false, min_length = 1, max_length = 4000)]
    pub description: Option<String>,
    /// Codes of `target_groups`; every group when empty.
    #[validate(length(max = 50))]
    #[serde(default)]
    #[schema(value_type = Vec<CodeText>, required = false, max_items = 50)]
    pub target_groups: Vec<String>,
    #[validate(length(min = 1, max = 50), nested)]
    #[schema(min_items = 1, max_items = 50)]
    pub steps: Vec<PathwayStep>,
}

impl Checked for NewPathwayTemplate {}

/// What of a draft can be edited.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "First hundred days"}))]
pub struct PathwayTemplatePatch {
    #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub name: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 4000)]
    #[serde(default)]
    pub description: Patch<String>,
    #[schema(required = false, value_type = Vec<CodeText>, max_items = 50)]
    #[serde(default)]
    pub target_groups: Patch<Vec<String>>,
    #[schema(required = false, value_type = Vec<PathwayStep>, min_items = 1, max_items = 50)]
    #[serde(default)]
    pub steps: Patch<Vec<PathwayStep>>,
}

impl Checked for PathwayTemplatePatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

paged_query! {
    /// How to list templates.
    PathwayTemplateQuery {
        /// Templates in this state.
        status: Option<PathwayTemplateStatus>,
        /// Templates that can be started in cases of this organisation: its own, and those of the organisations above it.
        organisation_id: Option<OrganisationId>,
    }
}

/// List templates of pathways.
///
/// Oldest first. Every caller may know them.
#[utoipa::path(
    tag = "Pathways",
    params(PathwayTemplateQuery),
    responses((status = 200, description = "A page.", body = PathwayTemplatePage))
)]
#[get("/pathway-templates")]
pub async fn list_pathway_templates(
    door: Door,
    caller: Caller<actions::List, resources::PathwayTemplates>,
    query: Parameters<PathwayTemplateQuery>,
) -> ApiResult<Answer> {
    door.read("list_pathway_templates", caller, move |reader| {
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let after = request.after()?.unwrap_or(PathwayTemplateId(uuid::Uuid::nil()));
        let mut list = pathway_templates::table
            .filter(pathway_templates::id.gt(after))
            .order(pathway_templates::id)
            .limit(request.limit() + 1)
            .into_boxed();
        if let Some(status) = asked.status {
            list = list.filter(pathway_templates::status.eq(status));
        }
        if let Some(organisation) = asked.organisation_id {
            let above = organisation_ancestors::table
                .filter(organisation_ancestors::organisation_id.eq(organisation))
                .select(organisation_ancestors::ancestor_id);
            list = list.filter(pathway_templates::owner_org_id.eq_any(above));
        }
        let rows: Vec<PathwayTemplateRow> = list.load(reader.connection)?;
        let page = request.page(rows, |row: &PathwayTemplateRow| row.id)?;
        Answer::ok(&PathwayTemplatePage::from(page.try_map(PathwayTemplate::shown)?))
    })
    .await
}

/// Draw up a template of pathways.
///
/// A draft: it is edited until it is published, and started from then on.
#[utoipa::path(
    tag = "Pathways",
    request_body = NewPathwayTemplate,
    responses((status = 201, description = "The template.", body = PathwayTemplate))
)]
#[post("/pathway-templates")]
pub async fn create_pathway_template(
    door: Door,
    caller: Caller<actions::Create, resources::PathwayTemplates>,
    body: Body<NewPathwayTemplate>,
) -> ApiResult<Answer> {
    door.write("create_pathway_template", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        entries::require_keeper(unit, Resource::PathwayTemplates, "owner_org_id", new.owner_org_id)?;
        let id = PathwayTemplateId::new();
        let row = match unit.replay(id.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => add(unit, id, new)?,
        };
        let (path, version) = (format!("/pathway-templates/{}", row.id), row.version);
        unit.created(&path, version, &PathwayTemplate::shown(row)?)
    })
    .await
}

/// Keeps a new draft; used by the demonstration data as well.
pub fn add(unit: &mut Unit<'_>, id: PathwayTemplateId, new: NewPathwayTemplate) -> ApiResult<PathwayTemplateRow> {
    codes::check_all(unit.app, "target_groups", "target_groups", &new.target_groups)?;
    let row = PathwayTemplateRow {
        id,
        owner_org_id: new.owner_org_id,
        name: new.name,
        description: new.description,
        target_groups: Json::of(new.target_groups),
        steps: Json::of(new.steps),
        status: PathwayTemplateStatus::Draft,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    entries::add(unit, &row, &["owner_org_id", "name", "description", "target_groups", "steps", "status"])?;
    Ok(row)
}

/// Read a template of pathways.
///
/// Every caller may know it.
#[utoipa::path(
    tag = "Pathways",
    params(("pathway_template_id" = PathwayTemplateId, Path, description = "The template.")),
    responses((status = 200, description = "The template.", body = PathwayTemplate))
)]
#[get("/pathway-templates/{pathway_template_id}")]
pub async fn read_pathway_template(
    door: Door,
    caller: Caller<actions::Read, resources::PathwayTemplates>,
    id: Id<PathwayTemplateId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_pathway_template", caller, move |reader| {
        let row: PathwayTemplateRow = entries::known(reader, id.0)?;
        reader.answer_row(row.version, &held, &Fields::default(), "", &PathwayTemplate::shown(row)?)
    })
    .await
}

/// Edit a template of pathways.
///
/// While it is a draft: what was published stays as it was started.
#[utoipa::path(
    tag = "Pathways",
    params(("pathway_template_id" = PathwayTemplateId, Path, description = "The template.")),
    request_body(content = PathwayTemplatePatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The template as it is now.", body = PathwayTemplate))
)]
#[patch("/pathway-templates/{pathway_template_id}")]
pub async fn edit_pathway_template(
    door: Door,
    caller: Caller<actions::Edit, resources::PathwayTemplates>,
    id: Id<PathwayTemplateId>,
    if_match: IfMatch,
    body: Body<PathwayTemplatePatch>,
) -> ApiResult<Answer> {
    door.write("edit_pathway_template", caller, None, move |unit| {
        let mut row: PathwayTemplateRow = entries::locked(unit, Action::Edit, Resource::PathwayTemplates, id.0)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        if row.status != PathwayTemplateStatus::Draft {
            let detail = "it has been published: draw up another one";
            return Err(ApiError::unmet(vec![UnmetGuard::new("draft", detail)]));
        }
        let changed = apply(&mut row, patch)?;
        if changed.contains(&"target_groups") {
            codes::check_all(unit.app, "target_groups", "target_groups", &row.target_groups()?)?;
        }
        entries::save(unit, &mut row, &changed)?;
        let version = row.version;
        unit.edited(version, &PathwayTemplate::shown(row)?)
    })
    .await
}

fn apply(row: &mut PathwayTemplateRow, patch: PathwayTemplatePatch) -> ApiResult<Vec<&'static str>> {
    let mut edit = Edit::default();
    edit.bounded("name", &patch.name, 200);
    edit.bounded("description", &patch.description, 4000);
    if let Patch::Set(steps) = &patch.steps {
        edit.nested("steps", steps, 50);
        if steps.is_empty() {
            edit.refuse("steps", "must have at least one step");
        }
    }
    if let Patch::Set(groups) = &patch.target_groups
        && groups.len() > 50
    {
        edit.refuse("target_groups", "must have at most 50 items");
    }
    edit.required("name", &mut row.name, patch.name);
    edit.optional("description", &mut row.description, patch.description);
    edit.required("target_groups", &mut row.target_groups, patch.target_groups.map(Json::of));
    edit.required("steps", &mut row.steps, patch.steps.map(Json::of));
    edit.finish()
}
