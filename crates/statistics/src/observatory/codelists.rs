//! Codelists of a dataset: which codes its dimensions have, and what they are called (SDMX 2.1, section 3). A code once known stays, so
//! that what was published under it can be read for good; each has a number, under which its observations are kept.

use std::collections::{BTreeSet, HashMap, HashSet};

use actix_web::{get, put};
use approdo_db::Connection;
use approdo_db::schema::{data_imports, dataset_codes, observations};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource, TerritoryId};
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::http::forms::wrong;
use crate::http::path::Segment;
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch, Parameters};
use crate::observatory::cells;
use crate::observatory::datasets::{Dataset, DatasetId, Dimension, DimensionRole};
use crate::observatory::imports::types::DataImportStatus;
use crate::observatory::periods;
use crate::observatory::releases;
use crate::page_of;
use crate::paged_query;
use crate::territory::codes::{CodeBook, CodeSystem};

/// Codes that one statement names: SQLite binds 32,766 values at most.
const AT_ONCE: usize = 5_000;
/// Codes that a dimension can have.
pub const MOST_CODES: usize = 200_000;

/// A code of a dimension.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, Serialize, ToSchema)]
#[diesel(table_name = dataset_codes, treat_none_as_default_value = false)]
pub struct DatasetCode {
    #[serde(skip)]
    pub dataset_id: DatasetId,
    #[schema(max_length = 40)]
    pub dimension: String,
    #[serde(skip)]
    pub number: i32,
    #[schema(min_length = 1, max_length = 60)]
    pub code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 500)]
    pub name: Option<String>,
    /// The code whose observations hold those of this one: `TOTAL` of each sex.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 60)]
    pub parent_code: Option<String>,
    #[serde(skip)]
    pub published: bool,
    /// Of a dimension of places: the territory that has this code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub territory_id: Option<TerritoryId>,
}

page_of! {
    /// A page of codes.
    DatasetCodePage of DatasetCode
}

/// A code to enter.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDatasetCode {
    #[validate(length(min = 1, max = 60), custom(function = "printable"))]
    #[schema(min_length = 1, max_length = 60, pattern = r"^\S+$")]
    pub code: String,
    #[validate(length(min = 1, max = 500))]
    #[schema(nullable = false, min_length = 1, max_length = 500)]
    pub name: Option<String>,
    /// A code of the same dimension, here or known before.
    #[validate(length(min = 1, max = 60))]
    #[schema(nullable = false, min_length = 1, max_length = 60)]
    pub parent_code: Option<String>,
}

/// Codes of a dimension.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"codes": [{"code": "9", "name": "Total"}, {"code": "1", "name": "Males", "parent_code": "9"}]}))]
pub struct NewDatasetCodes {
    #[validate(length(min = 1, max = 1000), nested)]
    #[schema(min_items = 1, max_items = 1000)]
    pub codes: Vec<NewDatasetCode>,
}

impl Checked for NewDatasetCodes {}

/// A text that can be a code: no blanks, nothing unprintable.
pub fn printable(text: &str) -> Result<(), validator::ValidationError> {
    if text.chars().any(|character| character.is_whitespace() || character.is_control()) {
        Err(wrong("must have no blanks"))
    } else {
        Ok(())
    }
}

paged_query! {
    /// How to list the codes of a dataset.
    DatasetCodeQuery {
        /// Codes of this dimension.
        #[validate(length(min = 1, max = 40))]
        #[param(min_length = 1, max_length = 40)]
        dimension: Option<String>,
    }
}

/// List the codes of a dataset.
///
/// By dimension, in the order in which they became known. Those of what has not been published are for whoever keeps the dataset.
#[utoipa::path(
    tag = "Observatory",
    params(("dataset_id" = DatasetId, Path, description = "The dataset."), DatasetCodeQuery),
    responses((status = 200, description = "A page.", body = DatasetCodePage))
)]
#[get("/datasets/{dataset_id}/codes")]
pub async fn list_dataset_codes(
    door: Door,
    caller: Caller<actions::Read, resources::Datasets>,
    id: Id<DatasetId>,
    query: Parameters<DatasetCodeQuery>,
) -> ApiResult<Answer> {
    door.read("list_dataset_codes", caller, move |reader| {
        let dataset: Dataset = entries::known(reader, id.0)?;
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let mut list = dataset_codes::table
            .filter(dataset_codes::dataset_id.eq(dataset.id))
            .order((dataset_codes::dimension, dataset_codes::number))
            .limit(request.limit() + 1)
            .into_boxed();
        if let Some((dimension, number)) = request.after::<(String, i32)>()? {
            let further = dataset_codes::dimension.eq(dimension.clone()).and(dataset_codes::number.gt(number));
            list = list.filter(dataset_codes::dimension.gt(dimension).or(further));
        }
        let sees_drafts = dataset.computed_from.is_none() && releases::keeps(&reader.rights, dataset.organisation_id);
        if !sees_drafts {
            list = list.filter(dataset_codes::published.eq(true));
        }
        if let Some(dimension) = asked.dimension {
            list = list.filter(dataset_codes::dimension.eq(dimension));
        }
        let rows: Vec<DatasetCode> = list.load(reader.connection)?;
        Answer::ok(&DatasetCodePage::from(request.page(rows, |row: &DatasetCode| (row.dimension.clone(), row.number))?))
    })
    .await
}

/// Enter codes of a dimension.
///
/// New ones are added; of those known already, the name and the parent become what is said here. None is taken away. `ETag` and
/// `If-Match`, where it is sent, are the dataset's.
#[utoipa::path(
    tag = "Observatory",
    params(
        ("dataset_id" = DatasetId, Path, description = "The dataset."),
        ("dimension" = String, Path, description = "The identifier of one of its dimensions.", min_length = 1, max_length = 40)
    ),
    request_body = NewDatasetCodes,
    responses((status = 200, description = "The dataset; its version has risen.", body = Dataset))
)]
#[put("/datasets/{dataset_id}/codelists/{dimension}")]
pub async fn upsert_dataset_codes(
    door: Door,
    caller: Caller<actions::Edit, resources::Datasets>,
    id: Id<DatasetId>,
    dimension: Segment,
    if_match: IfMatch,
    body: Body<NewDatasetCodes>,
) -> ApiResult<Answer> {
    door.write("upsert_dataset_codes", caller, None, move |unit| {
        let mut row: Dataset = entries::locked(unit, Action::Edit, Resource::Datasets, id.0)?;
        let dimensions = row.dimensions()?;
        let dimension = dimensions.iter().find(|known| known.id == dimension.0).ok_or_else(ApiError::not_found)?;
        let new = body.read()?;
        if_match.check_if_sent(row.version)?;
        row.require_imported()?;
        refuse_while_importing(unit.connection, row.id)?;
        if enter(unit.connection, row.id, dimension, &new.codes)? {
            entries::save(unit, &mut row, &["codes"])?;
        }
        unit.edited(row.version, &row)
    })
    .await
}

/// 409 while an import gives the codes that it finds their numbers, or another one would. The dataset is locked.
pub fn refuse_while_importing(connection: &mut Connection, dataset: DatasetId) -> ApiResult<()> {
    let running = data_imports::table
        .filter(data_imports::dataset_id.eq(dataset))
        .filter(data_imports::status.eq(DataImportStatus::Running));
    let running: i64 = running.count().get_result(connection)?;
    if running > 0 {
        return Err(ApiError::conflict("an import of this dataset is running").retry_after(10));
    }
    Ok(())
}

/// Enters codes; whether anything changed. The dataset is locked.
pub fn enter(
    connection: &mut Connection,
    dataset: DatasetId,
    dimension: &Dimension,
    new: &[NewDatasetCode],
) -> ApiResult<bool> {
    let mut book = Book::read(connection, dataset, dimension)?;
    let mut changed = false;
    for (index, code) in new.iter().enumerate() {
        if dimension.role == DimensionRole::Time && periods::bounds(&code.code).is_none() {
            return Err(ApiError::invalid_member(&format!("codes/{index}/code"), "is not a period"));
        }
        if book.number(&code.code).is_none() {
            book.add(&code.code).ok_or_else(|| ApiError::conflict("a dimension has 200,000 codes at most"))?;
            changed = true;
        }
    }
    for (index, code) in new.iter().enumerate() {
        if let Some(parent) = &code.parent_code
            && (book.number(parent).is_none() || *parent == code.code)
        {
            return Err(ApiError::unknown_reference(&format!("codes/{index}/parent_code")));
        }
    }
    book.keep_new(connection)?;
    for code in new {
        let row = dataset_codes::table
            .filter(dataset_codes::dataset_id.eq(dataset))
            .filter(dataset_codes::dimension.eq(&dimension.id))
            .filter(dataset_codes::code.eq(&code.code));
        let (name, parent, public): (Option<String>, Option<String>, bool) = row
            .select((dataset_codes::name, dataset_codes::parent_code, dataset_codes::published))
            .first(connection)?;
        if name != code.name || parent != code.parent_code || !public {
            diesel::update(row)
                .set((
                    dataset_codes::name.eq(&code.name),
                    dataset_codes::parent_code.eq(&code.parent_code),
                    dataset_codes::published.eq(true),
                ))
                .execute(connection)?;
            changed = true;
        }
    }
    Ok(changed)
}

/// Puts known codes under others that are known, by a name, and tells nobody of them. The dataset is locked.
pub fn put_under(
    connection: &mut Connection,
    dataset: DatasetId,
    dimension: &Dimension,
    (name, codes): (&str, &[(&str, &str)]),
) -> QueryResult<()> {
    for (code, parent) in codes {
        let row = dataset_codes::table
            .filter(dataset_codes::dataset_id.eq(dataset))
            .filter(dataset_codes::dimension.eq(&dimension.id))
            .filter(dataset_codes::code.eq(code));
        diesel::update(row)
            .set((dataset_codes::name.eq(Some(name)), dataset_codes::parent_code.eq(Some(parent))))
            .execute(connection)?;
    }
    Ok(())
}

/// Lets everybody know the codes of a set of observations.
pub fn publish(connection: &mut Connection, dataset: &Dataset, set_number: i32) -> ApiResult<()> {
    let dimensions = dataset.dimensions()?;
    let set = observations::table.filter(observations::set_number.eq(set_number));
    let areas: Vec<i32> = set.select(observations::area).distinct().load(connection)?;
    let periods: Vec<i32> = set.select(observations::period).distinct().load(connection)?;
    let used: HashSet<i32> = set.select(observations::slice).distinct().load(connection)?.into_iter().collect();
    let mut others: Vec<BTreeSet<i32>> = Vec::new();
    for (_, codes) in cells::slices(connection, dataset.id)?.into_iter().filter(|(number, _)| used.contains(number)) {
        for (at, code) in codes.split('.').enumerate() {
            if others.len() <= at {
                others.push(BTreeSet::new());
            }
            others.get_mut(at).into_iter().zip(code.parse()).for_each(|(codes, code)| {
                codes.insert(code);
            });
        }
    }
    let mut others = others.into_iter();
    for dimension in &dimensions {
        let numbers = match dimension.role {
            DimensionRole::Area => areas.clone(),
            DimensionRole::Time => periods.clone(),
            DimensionRole::Other => others.next().unwrap_or_default().into_iter().collect(),
        };
        for numbers in numbers.chunks(AT_ONCE) {
            let of_dimension = dataset_codes::table
                .filter(dataset_codes::dataset_id.eq(dataset.id))
                .filter(dataset_codes::dimension.eq(&dimension.id))
                .filter(dataset_codes::number.eq_any(numbers));
            diesel::update(of_dimension).set(dataset_codes::published.eq(true)).execute(connection)?;
        }
    }
    Ok(())
}

/// The codes of one dimension, and those that an import finds besides.
pub struct Book {
    dataset: DatasetId,
    dimension: String,
    numbers: HashMap<String, i32>,
    /// What territories are called, for a dimension of places.
    territories: Option<Territories>,
    new: Vec<(String, i32)>,
    /// Whether only codes that are known can be used.
    closed: bool,
}

impl Book {
    pub fn read(connection: &mut Connection, dataset: DatasetId, dimension: &Dimension) -> QueryResult<Self> {
        let known = dataset_codes::table
            .filter(dataset_codes::dataset_id.eq(dataset))
            .filter(dataset_codes::dimension.eq(&dimension.id))
            .select((dataset_codes::code, dataset_codes::number));
        let numbers: Vec<(String, i32)> = known.load(connection)?;
        let territories = match dimension.role {
            DimensionRole::Area => Some(Territories::read(connection, dimension.code_system)?),
            DimensionRole::Time | DimensionRole::Other => None,
        };
        Ok(Self {
            dataset,
            dimension: dimension.id.clone(),
            numbers: numbers.into_iter().collect(),
            territories,
            new: Vec::new(),
            closed: dimension.closed,
        })
    }

    pub fn number(&self, code: &str) -> Option<i32> {
        self.numbers.get(code).copied()
    }

    fn territory(&self, code: &str) -> Option<TerritoryId> {
        self.territories.as_ref().and_then(|territories| territories.called(code))
    }

    /// Whether an import can use a code that is not known yet.
    pub fn admits(&self, code: &str) -> bool {
        !self.closed || self.territory(code).is_some()
    }

    /// Gives a code its number; nothing where there are too many.
    pub fn add(&mut self, code: &str) -> Option<i32> {
        if self.numbers.len() >= MOST_CODES {
            return None;
        }
        let number = i32::try_from(self.numbers.len()).ok()? + 1;
        self.numbers.insert(code.to_owned(), number);
        self.new.push((code.to_owned(), number));
        Some(number)
    }

    /// Writes the codes that were added since `kept`.
    pub fn keep_new(&self, connection: &mut Connection) -> QueryResult<()> {
        for (code, number) in &self.new {
            let row = DatasetCode {
                dataset_id: self.dataset,
                dimension: self.dimension.clone(),
                number: *number,
                territory_id: self.territory(code),
                code: code.clone(),
                name: None,
                parent_code: None,
                published: false,
            };
            diesel::insert_into(dataset_codes::table).values(&row).execute(connection)?;
        }
        Ok(())
    }

    /// What was written is there for good.
    pub fn kept(&mut self) {
        self.new.clear();
    }
}

/// Whose codes those of places are taken for, where a dataset does not say.
pub const SYSTEMS: [CodeSystem; 7] = [
    CodeSystem::Istat,
    CodeSystem::Itter107,
    CodeSystem::Iso3166,
    CodeSystem::Ags,
    CodeSystem::Nuts3,
    CodeSystem::IstatUts,
    CodeSystem::Belfiore,
];

/// Which territories have which codes.
struct Territories {
    book: CodeBook,
    systems: Vec<CodeSystem>,
}

impl Territories {
    fn read(connection: &mut Connection, system: Option<CodeSystem>) -> QueryResult<Self> {
        let systems = system.map_or(SYSTEMS.to_vec(), |system| vec![system]);
        Ok(Self { book: CodeBook::read(connection)?, systems })
    }

    /// Who had a code last: statistics are told in codes of the year they were published in.
    fn called(&self, code: &str) -> Option<TerritoryId> {
        self.systems.iter().find_map(|&system| self.book.last_holder(system, code))
    }
}
