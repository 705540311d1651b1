//! Versions of a code list: each is published whole and never changes afterwards.

use std::collections::{HashMap, HashSet};

use actix_web::{get, post};
use approdo_db::schema::{code_list_versions, code_lists};
use approdo_db::{Json, Timestamp, define_id};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::access::PrincipalId;
use crate::access::caller::{Caller, actions, resources};
use crate::codes::known::{TARGET_GROUPS, follow};
use crate::codes::lists::{CodeList, VersionRow, present};
use crate::codes::{Item, Labels, Requirement, items_of};
use crate::error::{ApiError, ApiResult};
use crate::http::patch::Edit;
use crate::http::path::Segment;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters};
use crate::page_of;
use crate::paged_query;
use crate::work::{Change, Operation, Unit};

define_id! {
    /// The id of a version of a code list.
    #[derive(ToSchema)]
    CodeListVersionId;
}

/// Lists whose codes the rules know by name: their labels can be changed, not their codes.
const FIXED: [&str; 5] = ["access_levels", "case_statuses", "data_categories", "life_domains", "task_statuses"];

/// Codes that stand where a request says nothing.
const INDISPENSABLE: [(&str, &str); 2] = [("access_purposes", "case_work"), ("case_priorities", "normal")];

/// A version of a code list, without its codes.
#[derive(Debug, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = code_list_versions)]
pub struct CodeListVersion {
    pub id: CodeListVersionId,
    /// The list's name.
    #[schema(max_length = 60)]
    pub list_name: String,
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    /// Where the list comes from.
    #[schema(max_length = 500)]
    pub source: String,
    /// What this version changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 500)]
    pub note: Option<String>,
    pub published_by: PrincipalId,
    pub published_at: Timestamp,
}

page_of! {
    /// A page of versions.
    CodeListVersionPage of CodeListVersion
}

paged_query! {
    /// How to list the versions of a code list.
    CodeListVersionQuery {}
}

/// A version to publish: the whole list as it is to be.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "note": "Adds a priority above the others.",
    "items": [
        {"code": "low", "labels": {"it": "Bassa", "de": "Niedrig", "en": "Low"}},
        {"code": "normal", "labels": {"it": "Normale", "de": "Normal", "en": "Normal"}},
        {"code": "high", "labels": {"it": "Alta", "de": "Hoch", "en": "High"}},
        {"code": "urgent", "labels": {"it": "Urgente", "de": "Dringend", "en": "Urgent"}},
        {"code": "immediate", "labels": {"it": "Immediata", "de": "Sofort", "en": "Immediate"}}
    ]
}))]
pub struct NewCodeListVersion {
    /// Every code of the present version, and new ones, in the order they are to be offered in.
    #[validate(length(min = 1, max = 500), nested)]
    #[schema(min_items = 1, max_items = 500)]
    pub items: Vec<NewCode>,
    /// Where the list comes from; as in the present version when absent.
    #[validate(length(min = 1, max = 500))]
    #[schema(nullable = false, min_length = 1, max_length = 500)]
    pub source: Option<String>,
    /// What this version changes.
    #[validate(length(min = 1, max = 500))]
    #[schema(nullable = false, min_length = 1, max_length = 500)]
    pub note: Option<String>,
}

impl Checked for NewCodeListVersion {}

/// A code of a version to publish.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCode {
    /// Lower-case letters, digits and underscores, a letter first.
    #[validate(length(min = 1, max = 40), custom(function = "code_shaped"))]
    #[schema(min_length = 1, max_length = 40, pattern = "^[a-z][a-z0-9_]*$")]
    pub code: String,
    #[validate(nested)]
    pub labels: Labels,
    /// Retired codes stay readable and can no longer be chosen.
    #[serde(default)]
    pub retired: bool,
    /// Target groups alone: what is to be known before a case of theirs goes from intake to assessment.
    #[validate(length(max = 5))]
    #[serde(default)]
    #[schema(max_items = 5)]
    pub requires: Vec<Requirement>,
}

/// Whether a text has the form of a code.
pub fn code_shaped(code: &str) -> Result<(), ValidationError> {
    let shaped = code.starts_with(|first: char| first.is_ascii_lowercase())
        && code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if shaped {
        Ok(())
    } else {
        Err(ValidationError::new("pattern")
            .with_message("must be lower-case letters, digits and underscores, a letter first".into()))
    }
}

impl From<NewCode> for Item {
    fn from(new: NewCode) -> Self {
        Self { code: new.code, labels: new.labels, retired: new.retired, requires: new.requires }
    }
}

/// 422 for codes taken away or told twice, and for what the rules rely on.
fn hold_together(list: &str, present: &[Item], new: &[NewCode]) -> ApiResult<()> {
    let mut edit = Edit::default();
    let before: HashMap<&str, &Item> = present.iter().map(|item| (item.code.as_str(), item)).collect();
    let mut told = HashSet::new();
    for (index, item) in new.iter().enumerate() {
        let at = |member: &str| format!("items/{index}/{member}");
        if !told.insert(item.code.as_str()) {
            edit.refuse(&at("code"), "is there twice");
        }
        if FIXED.contains(&list) {
            match before.get(item.code.as_str()) {
                None => edit.refuse(&at("code"), "cannot be added: the rules know the codes of this list by name"),
                Some(known) if known.retired != item.retired => {
                    edit.refuse(&at("retired"), "cannot change: the rules know the codes of this list by name");
                }
                Some(_) => {}
            }
        }
        if item.retired && INDISPENSABLE.contains(&(list, item.code.as_str())) {
            edit.refuse(&at("retired"), "must be false: this code stands where a request says nothing");
        }
        if !item.requires.is_empty() && list != TARGET_GROUPS {
            edit.refuse(&at("requires"), "is for target groups alone");
        }
    }
    for missing in present.iter().filter(|item| !told.contains(item.code.as_str())) {
        edit.refuse("items", format!("lacks the code {}: retire it instead", missing.code));
    }
    edit.finish().map(drop)
}

/// List the versions of a code list.
///
/// Newest first, the present one included.
#[utoipa::path(
    tag = "Code lists",
    params(
        ("name" = String, Path, description = "The list's name.", max_length = 60, pattern = "^[a-z_]+$", example = "target_groups"),
        CodeListVersionQuery
    ),
    responses((status = 200, description = "A page.", body = CodeListVersionPage))
)]
#[get("/code-lists/{name}/versions")]
pub async fn list_code_list_versions(
    door: Door,
    caller: Caller<actions::Read, resources::CodeLists>,
    name: Segment,
    query: Parameters<CodeListVersionQuery>,
) -> ApiResult<Answer> {
    door.read("list_code_list_versions", caller, move |reader| {
        let latest: i64 = code_lists::table.find(&name.0).select(code_lists::version).first(reader.connection)?;
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let rows: Vec<CodeListVersion> = code_list_versions::table
            .filter(code_list_versions::list_name.eq(&name.0))
            .filter(code_list_versions::version.lt(request.after()?.unwrap_or(latest + 1)))
            .order(code_list_versions::version.desc())
            .limit(request.limit() + 1)
            .select(CodeListVersion::as_select())
            .load(reader.connection)?;
        Answer::ok(&CodeListVersionPage::from(request.page(rows, |row: &CodeListVersion| row.version)?))
    })
    .await
}

/// Publish a version of a code list.
///
/// The whole list as it is to be. Codes are added, renamed, put in another order, retired or taken into use again; none is
/// taken away, because rows name it. In force at once in this process, in others within a second.
#[utoipa::path(
    tag = "Code lists",
    params(("name" = String, Path, description = "The list's name.", max_length = 60, pattern = "^[a-z_]+$", example = "case_priorities")),
    request_body = NewCodeListVersion,
    responses((status = 201, description = "The list as it is now.", body = CodeList))
)]
#[post("/code-lists/{name}/versions")]
pub async fn create_code_list_version(
    door: Door,
    caller: Caller<actions::Create, resources::CodeLists>,
    name: Segment,
    if_match: IfMatch,
    body: Body<NewCodeListVersion>,
) -> ApiResult<Answer> {
    let app = door.app.clone();
    let answer = door
        .write("create_code_list_version", caller, Some(body.fingerprint()), move |unit| {
            let found: Option<i64> = approdo_db::first_for_update!(
                &mut *unit.connection,
                code_lists::table.find(&name.0).select(code_lists::version)
            )
            .optional()?;
            let version = found.ok_or_else(ApiError::not_found)?;
            let new = body.read()?;
            let id = CodeListVersionId::new();
            let row = match unit.replay(id.0)? {
                Some(earlier) => code_list_versions::table.find(CodeListVersionId(earlier)).first(unit.connection)?,
                None => {
                    if_match.check(version)?;
                    publish(unit, id, &name.0, new)?
                }
            };
            let path = format!("/code-list-versions/{}", row.id);
            unit.created(&path, row.version, &row.shown(unit.context.language)?)
        })
        .await?;
    crate::app::blocking(move || follow(&app)).await?;
    Ok(answer)
}

/// Publishes a version of a locked list.
fn publish(unit: &mut Unit<'_>, id: CodeListVersionId, name: &str, new: NewCodeListVersion) -> ApiResult<VersionRow> {
    let before = present(unit.connection, name)?;
    hold_together(name, &items_of(before.items)?, &new.items)?;
    let items: Vec<Item> = new.items.into_iter().map(Item::from).collect();
    let row = VersionRow {
        id,
        list_name: name.to_owned(),
        version: before.version + 1,
        source: new.source.unwrap_or(before.source),
        note: new.note,
        items: Json::of(items),
        published_by: unit.rights.principal,
        published_at: unit.now,
    };
    diesel::insert_into(code_list_versions::table).values(&row).execute(unit.connection)?;
    diesel::update(code_lists::table.find(name)).set(code_lists::version.eq(row.version)).execute(unit.connection)?;
    let members = ["list_name", "version", "source", "note", "items"];
    unit.record(Change {
        values: Some(Json::of(
            serde_json::json!({"list_name": row.list_name, "version": row.version, "source": row.source,
            "note": row.note, "items": row.items}),
        )),
        ..Change::plain("code_list_version", id.0, row.version, Operation::Created, &members)
    })?;
    Ok(row)
}

/// Read a version of a code list.
///
/// As it was published: versions never change.
#[utoipa::path(
    tag = "Code lists",
    params(("code_list_version_id" = CodeListVersionId, Path, description = "The version.")),
    responses((status = 200, description = "The list as it was.", body = CodeList))
)]
#[get("/code-list-versions/{code_list_version_id}")]
pub async fn read_code_list_version(
    door: Door,
    caller: Caller<actions::Read, resources::CodeLists>,
    id: Id<CodeListVersionId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_code_list_version", caller, move |reader| {
        let row: VersionRow = code_list_versions::table.find(id.0).first(reader.connection)?;
        let language = reader.context.language;
        let answer = reader.answer_row(row.version, &held, &Fields::default(), "", &row.shown(language)?)?;
        Ok(answer.header(actix_web::http::header::CONTENT_LANGUAGE, language.as_str()))
    })
    .await
}
