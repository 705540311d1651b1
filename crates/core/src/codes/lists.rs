//! Reading code lists, and the lists a new deployment begins with.

use actix_web::get;
use approdo_db::schema::{code_list_versions, code_lists};
use approdo_db::{Connection, Json, Timestamp};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{PrincipalId, SYSTEM};
use crate::clock;
use crate::codes::versions::CodeListVersionId;
use crate::codes::{Item, Labels, Requirement, items_of};
use crate::error::{ApiError, ApiResult};
use crate::http::path::Segment;
use crate::http::request::Language;
use crate::http::{Answer, Door, Fields, IfNoneMatch, Parameters, query};
use crate::page_of;
use crate::paged_query;

/// The lists a new deployment begins with.
const SHIPPED: &str = include_str!("../../../../codes/code_lists.json");

/// A code list in the reader's language.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeList {
    #[schema(max_length = 60)]
    pub name: String,
    /// Rises with every change of the list.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    /// Where the list comes from.
    #[schema(max_length = 500)]
    pub source: String,
    /// What this version changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 500)]
    pub note: Option<String>,
    pub published_at: Timestamp,
    /// The language of `label`: `it`, `de` or `en`.
    #[schema(min_length = 2, max_length = 2, pattern = "^(it|de|en)$")]
    pub language: &'static str,
    /// In the order they are to be offered in.
    #[schema(max_items = 500)]
    pub items: Vec<Code>,
}

/// One code of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Code {
    #[schema(max_length = 40, pattern = "^[a-z][a-z0-9_]*$")]
    pub code: String,
    #[schema(max_length = 200)]
    pub label: String,
    pub labels: Labels,
    /// Retired codes stay readable and can no longer be chosen.
    pub retired: bool,
    /// Target groups: what is to be known before a case of theirs goes from intake to assessment.
    #[schema(max_items = 5)]
    pub requires: Vec<Requirement>,
}

impl Code {
    fn of(item: Item, language: Language) -> Self {
        Self {
            label: item.labels.in_language(language).to_owned(),
            code: item.code,
            labels: item.labels,
            retired: item.retired,
            requires: item.requires,
        }
    }
}

/// A version of a list as it is kept.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = code_list_versions, treat_none_as_default_value = false)]
pub struct VersionRow {
    pub id: CodeListVersionId,
    pub list_name: String,
    pub version: i64,
    pub source: String,
    pub note: Option<String>,
    pub items: Json,
    pub published_by: PrincipalId,
    pub published_at: Timestamp,
}

impl VersionRow {
    pub fn shown(self, language: Language) -> ApiResult<CodeList> {
        let items = items_of(self.items)?.into_iter().map(|item| Code::of(item, language)).collect();
        Ok(CodeList {
            name: self.list_name,
            version: self.version,
            source: self.source,
            note: self.note,
            published_at: self.published_at,
            language: language.as_str(),
            items,
        })
    }
}

/// A code list without its codes.
#[derive(Debug, Serialize, Queryable, ToSchema)]
pub struct CodeListSummary {
    #[schema(max_length = 60)]
    pub name: String,
    /// Rises with every change of the list.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
}

page_of! {
    /// A page of code lists.
    CodeListPage of CodeListSummary
}

paged_query! {
    /// How to list the code lists.
    CodeListQuery {}
}

#[derive(Deserialize)]
struct ShippedList {
    name: String,
    source: String,
    codes: Vec<ShippedCode>,
}

#[derive(Deserialize)]
struct ShippedCode {
    code: String,
    #[serde(flatten)]
    labels: ShippedLabels,
    #[serde(default)]
    requires: Vec<Requirement>,
}

#[derive(Deserialize)]
struct ShippedLabels {
    it: String,
    de: String,
    en: String,
}

impl From<ShippedCode> for Item {
    fn from(shipped: ShippedCode) -> Self {
        let ShippedLabels { it, de, en } = shipped.labels;
        Self { code: shipped.code, labels: Labels { it, de, en }, retired: false, requires: shipped.requires }
    }
}

/// Adds the shipped lists that are not there yet.
pub fn ship(connection: &mut Connection) -> ApiResult<()> {
    let lists: Vec<ShippedList> = serde_json::from_str(SHIPPED).map_err(ApiError::fault)?;
    let present: Vec<String> = code_lists::table.select(code_lists::name).load(connection)?;
    for list in lists.into_iter().filter(|list| !present.contains(&list.name)) {
        diesel::insert_into(code_lists::table)
            .values((code_lists::name.eq(&list.name), code_lists::version.eq(1)))
            .execute(connection)?;
        let items: Vec<Item> = list.codes.into_iter().map(Item::from).collect();
        let first = VersionRow {
            id: CodeListVersionId::new(),
            list_name: list.name,
            version: 1,
            source: list.source,
            note: None,
            items: Json::of(items),
            published_by: SYSTEM,
            published_at: clock::now(),
        };
        diesel::insert_into(code_list_versions::table).values(&first).execute(connection)?;
    }
    Ok(())
}

/// A list as it stands.
pub fn present(connection: &mut Connection, name: &str) -> QueryResult<VersionRow> {
    let version: i64 = code_lists::table.find(name).select(code_lists::version).first(connection)?;
    code_list_versions::table
        .filter(code_list_versions::list_name.eq(name))
        .filter(code_list_versions::version.eq(version))
        .first(connection)
}

/// List the code lists.
///
/// By name. Each is read at `/code-lists/{name}`.
#[utoipa::path(
    tag = "Code lists",
    params(CodeListQuery),
    responses((status = 200, description = "A page.", body = CodeListPage))
)]
#[get("/code-lists")]
pub async fn list_code_lists(
    door: Door,
    caller: Caller<actions::List, resources::CodeLists>,
    query: Parameters<CodeListQuery>,
) -> ApiResult<Answer> {
    door.read("list_code_lists", caller, move |reader| {
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let rows: Vec<CodeListSummary> = code_lists::table
            .filter(code_lists::name.gt(request.after()?.unwrap_or_else(String::new)))
            .order(code_lists::name)
            .limit(request.limit() + 1)
            .load(reader.connection)?;
        Answer::ok(&CodeListPage::from(request.page(rows, |row: &CodeListSummary| row.name.clone())?))
    })
    .await
}

/// Read a code list.
///
/// `label` is in the best language of `Accept-Language` among Italian, German and English; `labels` has all three.
#[utoipa::path(
    tag = "Code lists",
    params(("name" = String, Path, description = "The list's name.", max_length = 60, pattern = "^[a-z_]+$", example = "target_groups")),
    responses((status = 200, description = "The list.", body = CodeList))
)]
#[get("/code-lists/{name}")]
pub async fn read_code_list(
    door: Door,
    caller: Caller<actions::Read, resources::CodeLists>,
    name: Segment,
    held: IfNoneMatch,
    query: Parameters<query::None>,
) -> ApiResult<Answer> {
    door.read("read_code_list", caller, move |reader| {
        query.read()?;
        let row = present(reader.connection, &name.0)?;
        let language = reader.context.language;
        let answer = reader.answer_row(row.version, &held, &Fields::default(), "", &row.shown(language)?)?;
        Ok(answer
            .header(actix_web::http::header::CONTENT_LANGUAGE, language.as_str())
            .cacheable("private, max-age=300"))
    })
    .await
}
