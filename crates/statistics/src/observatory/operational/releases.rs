//! What was counted, made a release: what was published before stays as it was told, and what is new is written down as the file of an import,
//! so that it goes the way of every release.
//!
//! A period is told once: two releases that told the same one differently would tell of the few cases that changed hands or were corrected
//! between them, whatever was hidden in each.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use approdo_db::Connection;
use approdo_db::schema::{
    data_imports, dataset_codes, dataset_releases, datasets, observations, organisation_ancestors, relation_locks,
};
use chrono::{Datelike as _, NaiveDate};
use diesel::prelude::*;

use crate::access::OrganisationId;
use crate::codes::lists;
use crate::delimited::Encoding;
use crate::error::{ApiError, ApiResult};
use crate::http::request::Language;
use crate::observatory::cells;
use crate::observatory::codelists::{self, NewDatasetCode};
use crate::observatory::datasets::{Dataset, DatasetId, Dimension, DimensionRole, MeasureKind};
use crate::observatory::imports::mapping::{ColumnRole, FileFormat, MappedColumn, Mapping};
use crate::observatory::imports::types::{DataImport, DataImportId};
use crate::observatory::imports::{content, handlers as imports, running};
use crate::observatory::operational::counting::{Cell, Cells, Counter, Key, with_zeros};
use crate::observatory::operational::places::Places;
use crate::observatory::operational::{ComputedFrom, Division, DivisionCodes, Facts, TOTAL, UNKNOWN};
use crate::observatory::releases::{ReleaseId, ReleaseStatus};
use crate::work::Unit;

/// The first year that is counted.
const EARLIEST: i32 = 1900;
/// Periods that are counted at most.
const MOST_PERIODS: usize = 600;
/// Observations of a computed release at most: it is written in one transaction, and protected in memory.
const MOST_CELLS: usize = 200_000;

/// What the code of what is in none of the parts of a place is called.
const IN_NO_PART: &str = "Not told by part";

/// The row of `relation_locks` that new computed datasets wait on.
const LOCK: &str = "computed_dataset";

/// The columns behind those of the dimensions.
const VALUE: &str = "OBS_VALUE";
const OBS_STATUS: &str = "OBS_STATUS";
const CONF_STATUS: &str = "CONF_STATUS";

/// A release as it is to be.
#[derive(Debug, Clone)]
pub struct Counted {
    /// The release that is carried on.
    before: Option<ReleaseId>,
    cells: Cells,
    /// Of how many people nothing is to be read.
    threshold: i64,
    /// Codes for what is in a place and in none of its parts, with the codes of the places.
    rests: HashMap<String, String>,
}

/// Counts what a dataset is computed from, of the organisation that keeps it and those below it, in the periods that begin on `since` or later,
/// are over today, and have not been published.
///
/// # Errors
/// 422 where there is no such period, nothing to count, or too many numbers would come of it.
pub fn count(
    connection: &mut Connection,
    facts: Facts,
    (dataset, from): (&Dataset, ComputedFrom),
    since: NaiveDate,
    today: NaiveDate,
) -> ApiResult<Counted> {
    if since.year() < EARLIEST {
        return Err(ApiError::invalid_member("since", format!("must be in {EARLIEST} or later")));
    }
    let dimensions = dataset.dimensions()?;
    let divisions = from.divisions(&dimensions, dataset.measure_kind)?;
    let before = last_public(connection, dataset.id)?;
    let told = match before {
        Some(release) => told_before(connection, dataset, &dimensions, release)?,
        None => Cells::new(),
    };
    let known: HashSet<&str> = told.keys().map(|key| key.period.as_str()).collect();
    let mut spans = from.period.spans(since, today, MOST_PERIODS + 1);
    if spans.len() > MOST_PERIODS {
        return Err(ApiError::invalid_member("since", format!("must leave {MOST_PERIODS} periods at most")));
    }
    spans.retain(|span| !known.contains(span.code.as_str()));
    if spans.is_empty() {
        return Err(ApiError::invalid_member("since", "leaves no period that is over and has not been published"));
    }
    let periods: Vec<String> = spans.iter().map(|span| span.code.clone()).collect();
    let is_stock = dataset.measure_kind == MeasureKind::Stock;
    let enough = usize::try_from(dataset.suppress_below).map_err(ApiError::fault)?;
    let mut counter = Counter::new(spans.clone(), is_stock, enough, MOST_CELLS);
    facts(connection, from.source, dataset.organisation_id, &divisions, &mut |fact| counter.take(fact))?;
    let places = Places::read(connection, dataset, &dimensions, (&counter, &spans))?;
    let mut cells = counter.told(|territory, span| places.above(territory, span)).ok_or_else(too_many)?;
    // What was in no part of a place was not told apart before there were parts: then it is left open.
    let known: HashSet<(String, String)> = told.keys().map(|key| (key.period.clone(), key.area.clone())).collect();
    cells.extend(told);
    if cells.is_empty() {
        return Err(ApiError::invalid_member("since", "leaves nothing to count"));
    }
    let rests = places.rests();
    let is_open = |period: &str, area: &str| {
        let is_of_before = !periods.iter().any(|counted| counted == period);
        is_of_before && rests.contains_key(area) && !known.contains(&(period.to_owned(), area.to_owned()))
    };
    let cells = with_zeros(cells, &periods, is_open, MOST_CELLS).ok_or_else(too_many)?;
    Ok(Counted { before, cells, threshold: dataset.suppress_below, rests })
}

fn too_many() -> ApiError {
    let detail = format!("more than {MOST_CELLS} numbers would come of it: begin later, or divide by less");
    ApiError::invalid_member("since", detail)
}

/// 409 where an organisation, one above it or one below it has a computed dataset. Each would be protected by itself, and a count that one hides would
/// follow from what the other one shows: the cases opened from those that are open and those that were closed; that there was no referral,
/// from that there was no case.
pub fn require_only_one(connection: &mut Connection, organisation: OrganisationId) -> ApiResult<()> {
    let lock = relation_locks::table.find(LOCK).select(relation_locks::kind);
    let _: String = approdo_db::first_for_update!(&mut *connection, lock)?;
    let above: Vec<OrganisationId> = organisation_ancestors::table
        .filter(organisation_ancestors::organisation_id.eq(organisation))
        .select(organisation_ancestors::ancestor_id)
        .load(connection)?;
    let below = below(connection, organisation)?;
    // Sources are not told apart: all of them are about the same people.
    let keepers: Vec<OrganisationId> = datasets::table
        .filter(datasets::computed_from.is_not_null())
        .select(datasets::organisation_id)
        .load(connection)?;
    if keepers.iter().any(|keeper| above.contains(keeper) || below.contains(keeper)) {
        return Err(ApiError::conflict(
            "this organisation, or one above or below it, has a computed dataset: of two, small counts could be worked out",
        ));
    }
    Ok(())
}

/// The last release that everybody has or is going to have.
fn last_public(connection: &mut Connection, dataset: DatasetId) -> QueryResult<Option<ReleaseId>> {
    dataset_releases::table
        .filter(dataset_releases::dataset_id.eq(dataset))
        .filter(dataset_releases::published_at.is_not_null())
        .order(dataset_releases::number.desc())
        .select(dataset_releases::id)
        .first(connection)
        .optional()
}

fn below(connection: &mut Connection, organisation: OrganisationId) -> QueryResult<Vec<OrganisationId>> {
    let mut all: Vec<OrganisationId> = organisation_ancestors::table
        .filter(organisation_ancestors::ancestor_id.eq(organisation))
        .select(organisation_ancestors::organisation_id)
        .load(connection)?;
    all.push(organisation);
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// What a release told, by its codes.
fn told_before(
    connection: &mut Connection,
    dataset: &Dataset,
    dimensions: &[Dimension],
    release: ReleaseId,
) -> ApiResult<Cells> {
    use observations as o;
    type Row = (i32, i32, i32, Option<f64>, Option<String>, Option<String>);
    let known: Vec<(String, i32, String)> = dataset_codes::table
        .filter(dataset_codes::dataset_id.eq(dataset.id))
        .select((dataset_codes::dimension, dataset_codes::number, dataset_codes::code))
        .load(connection)?;
    let known: HashMap<(String, i32), String> =
        known.into_iter().map(|(dimension, number, code)| ((dimension, number), code)).collect();
    let lost = || ApiError::fault("an observation has a code that is not known");
    let code =
        |dimension: &Dimension, number: i32| known.get(&(dimension.id.clone(), number)).cloned().ok_or_else(lost);
    let of_role = |role: DimensionRole| dimensions.iter().filter(move |dimension| dimension.role == role);
    let mut slices: HashMap<i32, Vec<String>> = HashMap::new();
    for (number, codes) in cells::slices(connection, dataset.id)? {
        let numbers = codes.split('.').filter_map(|code| code.parse().ok());
        let codes = of_role(DimensionRole::Other).zip(numbers).map(|(dimension, number)| code(dimension, number));
        slices.insert(number, codes.collect::<ApiResult<_>>()?);
    }
    let (area, time) = (of_role(DimensionRole::Area).next(), of_role(DimensionRole::Time).next());
    let (area, time) = area.zip(time).ok_or_else(lost)?;
    let set = cells::set_of(connection, release)?;
    let rows: Vec<Row> = o::table
        .filter(o::set_number.eq(set))
        .select((o::area, o::slice, o::period, o::value, o::obs_status, o::conf_status))
        .load(connection)?;
    rows.into_iter()
        .map(|(place, slice, period, value, obs_status, conf_status)| {
            let codes = slices.get(&slice).cloned().ok_or_else(lost)?;
            let key = Key { period: code(time, period)?, area: code(area, place)?, codes };
            Ok((key, Cell { value, obs_status, conf_status }))
        })
        .collect()
}

/// 409 where a release that was counted waits to be published: what is of few people was marked when it was counted, below the threshold of
/// then.
pub fn require_none_waiting(connection: &mut Connection, dataset: DatasetId) -> ApiResult<()> {
    let waiting = [ReleaseStatus::Loaded, ReleaseStatus::Validated, ReleaseStatus::Approved];
    let waiting: i64 = dataset_releases::table
        .filter(dataset_releases::dataset_id.eq(dataset))
        .filter(dataset_releases::status.eq_any(waiting))
        .count()
        .get_result(connection)?;
    if waiting > 0 {
        return Err(ApiError::conflict(
            "suppress_below cannot be raised while a computed release waits to be published: it was counted with the lower one; discard it first",
        ));
    }
    Ok(())
}

/// Writes down what was counted as a release; the import that made it.
///
/// # Errors
/// 409 where another release has been published, or the threshold changed, meanwhile.
pub fn keep(
    unit: &mut Unit<'_>,
    id: DataImportId,
    (dataset, from): (&Dataset, ComputedFrom),
    counted: &Counted,
) -> ApiResult<DataImport> {
    let dimensions = dataset.dimensions()?;
    let file = file(&dimensions, &counted.cells)?;
    let import = imports::enter_into(unit, id, dataset, mapping(&dimensions))?;
    // A digest would tell hidden counts to whoever tries those that fit what is shown.
    let job = content::make_release(unit, import, None)?;
    if dataset.suppress_below != counted.threshold {
        return Err(ApiError::conflict("suppress_below was changed meanwhile: try again").retry_after(1));
    }
    if last_public(unit.connection, dataset.id)? != counted.before {
        return Err(ApiError::conflict("the dataset was published meanwhile: try again").retry_after(1));
    }
    let divisions = from.divisions(&dimensions, dataset.measure_kind)?;
    let others = dimensions.iter().filter(|dimension| dimension.role == DimensionRole::Other);
    for (at, (dimension, division)) in others.zip(divisions).enumerate() {
        let used: BTreeSet<&str> =
            counted.cells.keys().filter_map(|key| key.codes.get(at)).map(String::as_str).collect();
        let codes = vocabulary(unit.connection, division, &used)?;
        codelists::enter(unit.connection, dataset.id, dimension, &codes)?;
    }
    running::load_at_once(unit, job, &file)?;
    let areas: BTreeSet<&str> = counted.cells.keys().map(|key| key.area.as_str()).collect();
    let rests = counted.rests.iter().filter(|(code, _)| areas.contains(code.as_str()));
    let rests: Vec<(&str, &str)> = rests.map(|(code, of)| (code.as_str(), of.as_str())).collect();
    for dimension in dimensions.iter().filter(|dimension| dimension.role == DimensionRole::Area) {
        codelists::put_under(unit.connection, dataset.id, dimension, (IN_NO_PART, &rests))?;
    }
    Ok(data_imports::table.find(id).first(unit.connection)?)
}

/// All codes that a division can have, whether or not anything was counted with it, each under their total.
fn vocabulary(
    connection: &mut Connection,
    division: &Division,
    used: &BTreeSet<&str>,
) -> ApiResult<Vec<NewDatasetCode>> {
    let mut names: BTreeMap<String, Option<String>> = used.iter().map(|code| ((*code).to_owned(), None)).collect();
    match division.codes {
        DivisionCodes::Of(list) => {
            let list = lists::present(connection, list)?.shown(Language::En)?;
            names.extend(list.items.into_iter().map(|item| (item.code, Some(item.label))));
        }
        DivisionCodes::These(codes) => {
            names.extend(codes.iter().map(|(code, name)| ((*code).to_owned(), Some((*name).to_owned()))));
        }
    }
    names.insert(UNKNOWN.to_owned(), Some("Not known".to_owned()));
    names.remove(TOTAL);
    let total = NewDatasetCode { code: TOTAL.to_owned(), name: Some("Total".to_owned()), parent_code: None };
    let under = |(code, name)| NewDatasetCode { code, name, parent_code: Some(TOTAL.to_owned()) };
    Ok(std::iter::once(total).chain(names.into_iter().map(under)).collect())
}

fn mapping(dimensions: &[Dimension]) -> Mapping {
    let column = |name: &str, holds: ColumnRole, dimension: Option<String>| MappedColumn {
        column: name.to_owned(),
        holds,
        dimension,
        codes: Vec::new(),
    };
    let codes = dimensions.iter().map(|dimension| column(&dimension.id, ColumnRole::Codes, Some(dimension.id.clone())));
    let values = [
        column(VALUE, ColumnRole::Values, None),
        column(OBS_STATUS, ColumnRole::ObsStatus, None),
        column(CONF_STATUS, ColumnRole::ConfStatus, None),
    ];
    Mapping {
        format: FileFormat::Delimited,
        encoding: Encoding::Utf8,
        delimiter: ",".to_owned(),
        header_line: 1,
        decimal_comma: false,
        columns: codes.chain(values).collect(),
        constants: Vec::new(),
    }
}

/// What was counted as SDMX-CSV has it, without the columns that tell the dataset.
fn file(dimensions: &[Dimension], cells: &Cells) -> ApiResult<Vec<u8>> {
    let mut file = csv::Writer::from_writer(Vec::new());
    let header = dimensions.iter().map(|dimension| dimension.id.as_str()).chain([VALUE, OBS_STATUS, CONF_STATUS]);
    file.write_record(header).map_err(ApiError::fault)?;
    for (key, cell) in cells {
        let mut others = key.codes.iter().map(String::as_str);
        let value = cell.value.map(|value| value.to_string()).unwrap_or_default();
        let codes = dimensions.iter().map(|dimension| match dimension.role {
            DimensionRole::Area => key.area.as_str(),
            DimensionRole::Time => key.period.as_str(),
            DimensionRole::Other => others.next().unwrap_or(TOTAL),
        });
        let status = |status: &Option<String>| status.clone().unwrap_or_default();
        let told = [value, status(&cell.obs_status), status(&cell.conf_status)];
        let record: Vec<&str> = codes.chain(told.iter().map(String::as_str)).collect();
        file.write_record(record).map_err(ApiError::fault)?;
    }
    file.into_inner().map_err(ApiError::fault)
}
