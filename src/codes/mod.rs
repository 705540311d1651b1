//! Code lists: data, not code. Versioned, labelled in Italian, German and English, referenced by code.

use std::collections::{HashMap, HashSet};

use actix_web::get;
use approdo_db::Connection;
use approdo_db::schema::{code_lists, codes};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::caller::{Caller, actions, resources};
use crate::app::App;
use crate::clock;
use crate::error::{ApiError, ApiResult};
use crate::http::path::Segment;
use crate::http::request::Language;
use crate::http::{Answer, Door, Fields, IfNoneMatch, Parameters, query};

/// The lists a new deployment begins with.
const SHIPPED: &str = include_str!("../../codes/code_lists.json");

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
    /// The language of the labels: `it`, `de` or `en`.
    #[schema(min_length = 2, max_length = 2, pattern = "^(it|de|en)$")]
    pub language: &'static str,
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
    /// Retired codes stay readable and can no longer be chosen.
    pub retired: bool,
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
    it: String,
    de: String,
    en: String,
}

#[derive(Queryable)]
struct CodeRow {
    #[expect(dead_code, reason = "known from the question")]
    list_name: String,
    code: String,
    #[expect(dead_code, reason = "orders the rows")]
    position: i64,
    label_it: String,
    label_de: String,
    label_en: String,
    retired: bool,
}

/// The codes that can be chosen, as this process read them at start.
#[derive(Debug, Default)]
pub struct KnownCodes(HashMap<String, HashSet<String>>);

impl KnownCodes {
    pub fn load(connection: &mut Connection) -> QueryResult<Self> {
        let rows: Vec<(String, String)> =
            codes::table.filter(codes::retired.eq(false)).select((codes::list_name, codes::code)).load(connection)?;
        let mut known: HashMap<String, HashSet<String>> = HashMap::new();
        for (list, code) in rows {
            known.entry(list).or_default().insert(code);
        }
        Ok(Self(known))
    }

    /// Whether a list has this code.
    pub fn contains(&self, list: &str, code: &str) -> bool {
        self.0.get(list).is_some_and(|codes| codes.contains(code))
    }
}

/// Adds the shipped lists that are not there yet.
pub fn ship(connection: &mut Connection) -> ApiResult<()> {
    let lists: Vec<ShippedList> = serde_json::from_str(SHIPPED).map_err(ApiError::fault)?;
    let present: Vec<String> = code_lists::table.select(code_lists::name).load(connection)?;
    for list in lists.into_iter().filter(|list| !present.contains(&list.name)) {
        diesel::insert_into(code_lists::table)
            .values((
                code_lists::name.eq(&list.name),
                code_lists::version.eq(1),
                code_lists::source.eq(&list.source),
                code_lists::updated_at.eq(clock::now()),
            ))
            .execute(connection)?;
        for (position, code) in (0_i64..).zip(&list.codes) {
            diesel::insert_into(codes::table)
                .values((
                    codes::list_name.eq(&list.name),
                    codes::code.eq(&code.code),
                    codes::position.eq(position),
                    codes::label_it.eq(&code.it),
                    codes::label_de.eq(&code.de),
                    codes::label_en.eq(&code.en),
                    codes::retired.eq(false),
                ))
                .execute(connection)?;
        }
    }
    Ok(())
}

/// 422 for a member whose code is not in its list.
pub fn check(app: &App, list: &str, pointer: &str, code: &str) -> ApiResult<()> {
    if app.codes.contains(list, code) {
        Ok(())
    } else {
        Err(ApiError::invalid_member(pointer, format!("is not a code of the list {list}")))
    }
}

/// 422 for a member whose code is not in its list, where it is present.
pub fn check_optional(app: &App, list: &str, pointer: &str, code: Option<&str>) -> ApiResult<()> {
    code.map_or(Ok(()), |code| check(app, list, pointer, code))
}

/// The same for each item of an array.
pub fn check_all(app: &App, list: &str, pointer: &str, codes: &[String]) -> ApiResult<()> {
    codes.iter().enumerate().try_for_each(|(index, code)| check(app, list, &format!("{pointer}/{index}"), code))
}

/// Read a code list.
///
/// Labels are in the best language of `Accept-Language` among Italian, German and English.
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
        let (version, source): (i64, String) = code_lists::table
            .find(&name.0)
            .select((code_lists::version, code_lists::source))
            .first(reader.connection)?;
        let rows: Vec<CodeRow> =
            codes::table.filter(codes::list_name.eq(&name.0)).order(codes::position).load(reader.connection)?;
        let language = reader.context.language;
        let items = rows.into_iter().map(|row| Code {
            label: match language {
                Language::It => row.label_it,
                Language::De => row.label_de,
                Language::En => row.label_en,
            },
            code: row.code,
            retired: row.retired,
        });
        let list =
            CodeList { name: name.0.clone(), version, source, language: language.as_str(), items: items.collect() };
        let answer = reader.answer_row(version, &held, &Fields::default(), "", &list)?;
        Ok(answer
            .header(actix_web::http::header::CONTENT_LANGUAGE, language.as_str())
            .cacheable("private, max-age=300"))
    })
    .await
}
