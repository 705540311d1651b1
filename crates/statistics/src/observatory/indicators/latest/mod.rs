//! What indicators last told of one territory: all of them together in a few statements, however many there are.
//!
//! Only what was told of the territory itself. What would have to be added up from the places below it is asked of each indicator
//! by itself (`values.rs`), because it takes the whole land below the territory; so is an indicator whose codes are too many, or cannot
//! be added up.

mod codes;
mod figures;

use std::collections::{BTreeMap, HashMap};

use approdo_db::schema::{
    dataset_codes, dataset_releases, datasets, indicators, observation_set_periods, observation_sets,
};
use approdo_db::{Connection, Prepared, Timestamp, Value as Bound};
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::TerritoryId;
use crate::app::App;
use crate::clock;
use crate::error::ApiResult;
use crate::observatory::datasets::{Dataset, DatasetId, Dimension, DimensionRole, MeasureKind};
use crate::observatory::indicators::latest::figures::Figures;
use crate::observatory::indicators::types::{Indicator, IndicatorId, IndicatorPart};
use crate::observatory::periods;
use crate::observatory::queries::asked::Gap;
use crate::observatory::queries::gathered::Told;
use crate::observatory::queries::ratios::Pair;
use crate::observatory::queries::rows::Value;
use crate::observatory::queries::times::Period;

/// Indicators, and datasets, that are told at most.
const MOST: i64 = 50;

/// The latest periods of a release that are looked at: what was told of a place longer ago is no latest value.
const PERIODS: usize = 12;

/// Values that one statement looks for: SQLite binds 32,766 at most.
const AT_ONCE: usize = 10_000;

/// Conditions of one statement, one beside the other: SQLite refuses a thousand.
const CONDITIONS: usize = 100;

/// What an indicator last told of a territory.
#[derive(Debug, Serialize, ToSchema)]
pub struct LatestValue {
    pub indicator_id: IndicatorId,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[schema(min_length = 1, max_length = 100)]
    pub unit: String,
    pub kind: MeasureKind,
    #[schema(min_length = 1, max_length = 60, example = "2025")]
    pub period: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "double", minimum = -1.7976931348623157e308, maximum = 1.7976931348623157e308)]
    pub value: Option<f64>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub gap: Option<Gap>,
    /// The publisher says so.
    pub is_provisional: bool,
    /// The publisher says so.
    pub is_estimated: bool,
    /// When the release of what is counted was published.
    pub published_on: NaiveDate,
    /// Its values of the territory in all periods.
    #[schema(format = "uri", max_length = 2048)]
    pub href: String,
}

/// A dataset that tells of a territory.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublishedDataset {
    pub dataset_id: DatasetId,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[schema(min_length = 1, max_length = 100)]
    pub unit: String,
    /// Who published it first, under which title.
    #[schema(min_length = 1, max_length = 500)]
    pub source: String,
    /// When its release was published.
    pub published_on: NaiveDate,
    /// The latest period that has begun.
    #[schema(min_length = 1, max_length = 60, example = "2025")]
    pub period: String,
    /// Its observations of the territory in that period.
    #[schema(format = "uri", max_length = 2048)]
    pub href: String,
}

/// Who lives in a territory, as statistics tell.
#[derive(Debug, Serialize, ToSchema)]
pub struct TargetGroupComposition {
    /// Values of periods that had begun by this day, of what is published now.
    pub on: NaiveDate,
    /// By code: of indicators of datasets that know the territory. The first 50; `/indicators` lists all.
    #[schema(max_items = 50)]
    pub indicators: Vec<LatestValue>,
    /// By name: the datasets with a published release that know the territory. The first 50; `/datasets` lists all.
    #[schema(max_items = 50)]
    pub datasets: Vec<PublishedDataset>,
}

/// A dataset with what is published of it.
struct Source {
    dataset: Dataset,
    dimensions: Vec<Dimension>,
    set: i32,
    published_on: NaiveDate,
    /// Those that have begun, the latest first.
    periods: Vec<Period>,
    /// The numbers and codes of the territory.
    areas: Vec<(i32, String)>,
}

impl Source {
    fn id_of(&self, role: DimensionRole) -> &str {
        self.dimensions.iter().find(|one| one.role == role).map(|one| one.id.as_str()).unwrap_or_default()
    }

    fn others(&self) -> impl Iterator<Item = &Dimension> {
        self.dimensions.iter().filter(|one| one.role == DimensionRole::Other)
    }

    /// The latest periods, as far as they are looked at.
    fn latest(&self) -> &[Period] {
        self.periods.get(..PERIODS).unwrap_or(&self.periods)
    }

    /// The period that begins and ends with another one, however long ago.
    fn same(&self, period: &Period) -> Option<&Period> {
        let at = self.periods.partition_point(|one| (one.begins, one.ends) > (period.begins, period.ends));
        self.periods.get(at).filter(|one| (one.begins, one.ends) == (period.begins, period.ends))
    }
}

/// An indicator, and what it is made of.
struct Made {
    indicator: Indicator,
    of: IndicatorPart,
    by: Option<IndicatorPart>,
}

impl Made {
    fn read(indicator: Indicator) -> ApiResult<Self> {
        Ok(Self { of: indicator.numerator()?, by: indicator.denominator()?, indicator })
    }

    fn parts(&self) -> impl Iterator<Item = &IndicatorPart> {
        std::iter::once(&self.of).chain(&self.by)
    }
}

impl TargetGroupComposition {
    /// What is published now of periods that had begun by a day.
    pub fn of(
        connection: &mut Connection,
        app: &App,
        territory: TerritoryId,
        (on, now): (NaiveDate, Timestamp),
    ) -> ApiResult<Self> {
        let made: Vec<Made> = indicators::table
            .filter(
                Prepared::<Bool>::new("indicators.numerator ->> 'dataset_id' IN (SELECT CAST(known.id AS TEXT) FROM (")
                    .append(known(territory, now))
                    .sql(") known)"),
            )
            .order((indicators::code, indicators::id))
            .limit(MOST)
            .load(connection)?
            .into_iter()
            .map(Made::read)
            .collect::<ApiResult<_>>()?;
        let listed: Vec<Dataset> = datasets::table
            .filter(Prepared::<Bool>::new("datasets.id IN (").append(known(territory, now)).sql(")"))
            .order((datasets::name, datasets::id))
            .limit(MOST)
            .load(connection)?;
        let list: Vec<DatasetId> = listed.iter().map(|dataset| dataset.id).collect();
        let needed = made.iter().flat_map(Made::parts).map(|part| part.dataset_id);
        let needed: Vec<DatasetId> = needed.filter(|id| !list.contains(id)).collect();
        let needed: Vec<Dataset> = datasets::table.filter(datasets::id.eq_any(needed)).load(connection)?;
        let sources = sources(connection, listed.into_iter().chain(needed).collect(), territory, (on, now))?;
        let figures = Figures::read(connection, &sources, &made)?;
        let indicators = made.iter().filter_map(|made| told(app, territory, &sources, &figures, made));
        let datasets = list.iter().filter_map(|id| published(app, sources.get(id)?));
        Ok(Self { on, indicators: indicators.collect(), datasets: datasets.collect() })
    }
}

/// The ids of the datasets that know a territory and have a release that everybody reads.
fn known(territory: TerritoryId, now: Timestamp) -> Prepared<Bool> {
    Prepared::new("SELECT c.dataset_id AS id FROM dataset_codes c WHERE c.territory_id = ")
        .bind(territory)
        .sql(" AND c.published AND c.dataset_id IN (SELECT r.dataset_id FROM dataset_releases r WHERE r.published_at <= ")
        .bind(Bound::Instant(now))
        .sql(")")
}

/// Datasets with what everybody reads of them; those without a release are left out.
fn sources(
    connection: &mut Connection,
    all: Vec<Dataset>,
    territory: TerritoryId,
    (on, now): (NaiveDate, Timestamp),
) -> ApiResult<HashMap<DatasetId, Source>> {
    let ids: Vec<DatasetId> = all.iter().map(|dataset| dataset.id).collect();
    let releases: Vec<(DatasetId, i32, Option<Timestamp>)> = dataset_releases::table
        .inner_join(observation_sets::table.on(observation_sets::release_id.eq(dataset_releases::id)))
        .filter(dataset_releases::dataset_id.eq_any(&ids))
        .filter(dataset_releases::published_at.le(now))
        // The last of each is the one that is read.
        .order((dataset_releases::published_at, dataset_releases::number))
        .select((dataset_releases::dataset_id, observation_sets::number, dataset_releases::published_at))
        .load(connection)?;
    let mut published: HashMap<DatasetId, (i32, NaiveDate)> = HashMap::new();
    for (dataset, set, at) in releases {
        published.extend(at.map(|at| (dataset, (set, clock::date_of(at)))));
    }
    let areas: Vec<(DatasetId, i32, String)> = dataset_codes::table
        .filter(dataset_codes::territory_id.eq(territory))
        .filter(dataset_codes::dataset_id.eq_any(&ids))
        .filter(dataset_codes::published.eq(true))
        .order(dataset_codes::number)
        .select((dataset_codes::dataset_id, dataset_codes::number, dataset_codes::code))
        .load(connection)?;
    let mut sources = HashMap::new();
    for dataset in all {
        let Some((set, published_on)) = published.get(&dataset.id).copied() else { continue };
        let (id, dimensions) = (dataset.id, dataset.dimensions()?);
        let of_it = areas.iter().filter(|(of, ..)| *of == id).map(|(_, number, code)| (*number, code.clone()));
        let areas = of_it.collect();
        sources.insert(id, Source { dataset, dimensions, set, published_on, periods: Vec::new(), areas });
    }
    read_periods(connection, &mut sources, on)?;
    Ok(sources)
}

/// Reads which periods that had begun by a day datasets tell of.
fn read_periods(
    connection: &mut Connection,
    sources: &mut HashMap<DatasetId, Source>,
    on: NaiveDate,
) -> QueryResult<()> {
    let sets: Vec<i32> = sources.values().map(|source| source.set).collect();
    let times: Vec<String> = sources.values().map(|source| source.id_of(DimensionRole::Time).to_owned()).collect();
    // The numbers of codes begin with 1 in each dataset: they mean nothing but together with it.
    let of_its_dataset = dataset_codes::dataset_id
        .eq(dataset_releases::dataset_id)
        .and(dataset_codes::number.eq(observation_set_periods::period));
    let rows: Vec<(DatasetId, String, i32, String)> = observation_set_periods::table
        .inner_join(observation_sets::table.on(observation_sets::number.eq(observation_set_periods::set_number)))
        .inner_join(dataset_releases::table.on(dataset_releases::id.eq(observation_sets::release_id)))
        .inner_join(dataset_codes::table.on(of_its_dataset))
        .filter(observation_set_periods::set_number.eq_any(sets))
        .filter(dataset_codes::dimension.eq_any(times))
        .select((dataset_codes::dataset_id, dataset_codes::dimension, dataset_codes::number, dataset_codes::code))
        .load(connection)?;
    for (dataset, dimension, number, code) in rows {
        let source = sources.get_mut(&dataset).filter(|source| source.id_of(DimensionRole::Time) == dimension);
        let Some(source) = source else { continue };
        let Some((begins, ends)) = periods::bounds(&code).filter(|(begins, _)| *begins <= on) else { continue };
        source.periods.push(Period { number, code, begins, ends });
    }
    for source in sources.values_mut() {
        source
            .periods
            .sort_by(|one, other| (other.begins, other.ends, &one.code).cmp(&(one.begins, one.ends, &other.code)));
    }
    Ok(())
}

/// What is looked for, in portions of which each can be one statement.
fn portions<K: Clone, T>(wanted: BTreeMap<K, impl IntoIterator<Item = T>>) -> Vec<Vec<(K, Vec<T>)>> {
    let mut portions = Vec::new();
    let (mut portion, mut count): (Vec<(K, Vec<T>)>, usize) = (Vec::new(), 0);
    for (key, values) in wanted {
        let mut some = Vec::new();
        for value in values {
            some.push(value);
            count += 1;
            if count == AT_ONCE {
                portion.push((key.clone(), std::mem::take(&mut some)));
                portions.push(std::mem::take(&mut portion));
                count = 0;
            }
        }
        if !some.is_empty() {
            portion.push((key, some));
        }
        if portion.len() == CONDITIONS {
            portions.push(std::mem::take(&mut portion));
            count = 0;
        }
    }
    portions.extend(Some(portion).filter(|portion| !portion.is_empty()));
    portions
}

/// What an indicator last told of the territory; none where it is told by itself.
fn told(
    app: &App,
    territory: TerritoryId,
    sources: &HashMap<DatasetId, Source>,
    figures: &Figures,
    made: &Made,
) -> Option<LatestValue> {
    let (indicator, source) = (&made.indicator, sources.get(&made.of.dataset_id)?);
    let (of_texts, by_texts) = figures.parts(indicator.id)?;
    let pair = |period: &Period| -> Option<Pair> {
        let of = figures.of(source, of_texts, period.number)?;
        let Some(part) = &made.by else { return Some(Pair { of, by: Told::NOTHING }) };
        let by = sources.get(&part.dataset_id);
        let by = by.and_then(|source| figures.of(source, by_texts, source.same(period)?.number));
        Some(Pair::whole(of, by.unwrap_or(Told::NOTHING))).filter(Pair::is_something)
    };
    let latest = source.latest().iter().find_map(|period| pair(period).map(|pair| (period, pair)));
    let (period, pair) = latest.or_else(|| source.periods.first().map(|period| (period, Pair::NOTHING)))?;
    let (told, is_undivided) = match made.by {
        Some(_) => pair.told(indicator.factor),
        None => (Told { value: pair.of.value * indicator.factor, ..pair.of }, false),
    };
    let value = Value::of(told, indicator.minimum_completeness);
    let is_undivided = is_undivided && value.gap.is_none();
    Some(LatestValue {
        indicator_id: indicator.id,
        name: indicator.name.clone(),
        unit: indicator.unit.clone(),
        kind: indicator.kind,
        period: period.code.clone(),
        value: value.value.filter(|_| !is_undivided),
        gap: if is_undivided { Some(Gap::NoDenominator) } else { value.gap },
        is_provisional: value.is_provisional && !is_undivided,
        is_estimated: told.is_estimated,
        published_on: source.published_on,
        href: app.address(&format!("/indicators/{}/values?under={territory}", indicator.id)),
    })
}

fn published(app: &App, source: &Source) -> Option<PublishedDataset> {
    let (_, area) = source.areas.last()?;
    let (period, dataset) = (&source.periods.first()?.code, &source.dataset);
    let path = format!("/datasets/{}/observations?area={}&period={}", dataset.id, encoded(area), encoded(period));
    Some(PublishedDataset {
        dataset_id: dataset.id,
        name: dataset.name.clone(),
        unit: dataset.unit.clone(),
        source: dataset.source.clone(),
        published_on: source.published_on,
        period: period.clone(),
        href: app.address(&path),
    })
}

/// A code as a value in a query.
fn encoded(code: &str) -> String {
    url::form_urlencoded::byte_serialize(code.as_bytes()).collect()
}
