//! Observations of a release, as they were published.

use std::collections::{HashMap, HashSet};

use actix_web::get;
use approdo_db::Connection;
use approdo_db::schema::{dataset_codes, dataset_slices, observations};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::TerritoryId;
use crate::access::caller::{Caller, actions, resources};
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Door, Id, Parameters, reading};
use crate::observatory::cells::{self, Cell};
use crate::observatory::codelists::DatasetCode;
use crate::observatory::datasets::{Dataset, DatasetId, Dimension, DimensionRole};
use crate::observatory::imports::mapping::DimensionCode;
use crate::observatory::releases::{self, ReleaseId};
use crate::page_of;
use crate::paged_query;

/// An observation.
#[derive(Debug, Serialize, ToSchema)]
pub struct Observation {
    /// The codes that tell it apart, in the order of the dataset's dimensions.
    #[schema(min_items = 2, max_items = 12)]
    pub key: Vec<DimensionCode>,
    /// The territory that its place is, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub territory_id: Option<TerritoryId>,
    /// Absent where the publisher gives none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "double", minimum = -1e300, maximum = 1e300)]
    pub value: Option<f64>,
    /// SDMX `CL_OBS_STATUS` (`p`: provisional), or what the publisher uses in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 20)]
    pub obs_status: Option<String>,
    /// SDMX `CL_CONF_STATUS`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 20)]
    pub conf_status: Option<String>,
}

page_of! {
    /// A page of observations.
    ObservationPage of Observation
}

paged_query! {
    /// How to list observations.
    ObservationQuery {
        /// Of this release; of the one that is published when absent.
        release_id: Option<ReleaseId>,
        /// Of the release that was published at this instant.
        #[serde(default, deserialize_with = "reading::optional_instant")]
        as_of: Option<DateTime<Utc>>,
        /// Of the place with this code.
        #[validate(length(min = 1, max = 60))]
        #[param(min_length = 1, max_length = 60)]
        area: Option<String>,
        /// Of the period with this code.
        #[validate(length(min = 1, max = 60))]
        #[param(min_length = 1, max_length = 60, example = "2025")]
        period: Option<String>,
        /// With these codes of other dimensions, separated by commas.
        #[validate(length(min = 1, max = 400))]
        #[param(min_length = 1, max_length = 400, example = "SEX:9,AGE:TOTAL")]
        codes: Option<String>,
    }
}

/// Where a page ends: the numbers of an observation's place, slice and period.
type Place = (i32, i32, i32);

/// Slices that one list can be of.
const MOST_SLICES: usize = 1_000;

/// List the observations of a dataset.
///
/// Of the release that is published, or of another one that you may see; by place. 404 while none is published.
#[utoipa::path(
    tag = "Observatory",
    params(("dataset_id" = DatasetId, Path, description = "The dataset."), ObservationQuery),
    responses((status = 200, description = "A page.", body = ObservationPage))
)]
#[get("/datasets/{dataset_id}/observations")]
pub async fn list_observations(
    door: Door,
    caller: Caller<actions::Read, resources::Datasets>,
    id: Id<DatasetId>,
    query: Parameters<ObservationQuery>,
) -> ApiResult<Answer> {
    door.read("list_observations", caller, move |reader| {
        let dataset: Dataset = entries::known(reader, id.0)?;
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        // Later pages are of the release that the first one was of.
        let (begun, after) = request.after::<(ReleaseId, Place)>()?.unzip();
        let release = match begun {
            Some(begun) => releases::asked(reader, &dataset, Some(begun), None)?,
            None => releases::asked(reader, &dataset, asked.release_id, asked.as_of)?,
        };
        let dimensions = dataset.dimensions()?;
        let filter = Filter::read(reader.connection, &dataset, &dimensions, &asked)?;
        let rows = match filter {
            Some(filter) => {
                let set = cells::set_of(reader.connection, release.id)?;
                filter.rows(reader.connection, set, after, request.limit() + 1)?
            }
            None => Vec::new(),
        };
        let page = request.page(rows, |row: &Cell| (release.id, (row.area, row.slice, row.period)))?;
        let names = Names::of(reader.connection, &dataset, &page.items)?;
        Answer::ok(&ObservationPage::from(page.try_map(|cell| names.observation(&dimensions, cell))?))
    })
    .await
}

/// Numbers that observations are filtered by.
struct Filter {
    area: Option<i32>,
    period: Option<i32>,
    slices: Option<Vec<i32>>,
}

impl Filter {
    /// Reads the filters; nothing where one names a code that no observation has. 400 for what is no dimension.
    fn read(
        connection: &mut Connection,
        dataset: &Dataset,
        dimensions: &[Dimension],
        asked: &ObservationQuery,
    ) -> ApiResult<Option<Self>> {
        let mut wanted: Vec<(usize, &Dimension, &str)> = Vec::new();
        let of_role = |role: DimensionRole| dimensions.iter().enumerate().find(move |(_, known)| known.role == role);
        for (role, code) in [(DimensionRole::Area, &asked.area), (DimensionRole::Time, &asked.period)] {
            if let (Some((at, dimension)), Some(code)) = (of_role(role), code) {
                wanted.push((at, dimension, code));
            }
        }
        for pair in asked.codes.iter().flat_map(|codes| codes.split(',')) {
            let known = pair.split_once(':').and_then(|(id, code)| {
                let mut others = dimensions.iter().enumerate().filter(|(_, known)| known.role == DimensionRole::Other);
                others.find(|(_, known)| known.id == id).map(|(at, dimension)| (at, dimension, code))
            });
            wanted.push(known.ok_or_else(|| {
                ApiError::malformed(
                    "codes: write DIMENSION:CODE for dimensions of the dataset besides those of place and time",
                )
            })?);
        }
        let named: HashSet<usize> = wanted.iter().map(|(at, ..)| *at).collect();
        if named.len() < wanted.len() {
            return Err(ApiError::malformed("codes: name one code of a dimension"));
        }
        let mut numbers: Vec<(usize, i32)> = Vec::new();
        for (at, dimension, code) in wanted {
            let known = dataset_codes::table
                .filter(dataset_codes::dataset_id.eq(dataset.id))
                .filter(dataset_codes::dimension.eq(&dimension.id))
                .filter(dataset_codes::code.eq(code))
                .select(dataset_codes::number);
            match known.first(connection).optional()? {
                Some(number) => numbers.push((at, number)),
                None => return Ok(None),
            }
        }
        let number_of = |role: DimensionRole| {
            of_role(role).and_then(|(at, _)| numbers.iter().find(|(of, _)| *of == at)).map(|(_, number)| *number)
        };
        let others: Vec<usize> = dimensions
            .iter()
            .enumerate()
            .filter(|(_, known)| known.role == DimensionRole::Other)
            .map(|(at, _)| at)
            .collect();
        let by_slice: Vec<(usize, i32)> = others
            .iter()
            .enumerate()
            .filter_map(|(within, at)| numbers.iter().find(|(of, _)| of == at).map(|(_, number)| (within, *number)))
            .collect();
        let slices = if by_slice.is_empty() {
            None
        } else {
            let all = cells::slices(connection, dataset.id)?;
            let fits = |codes: &str| {
                let codes: Vec<&str> = codes.split('.').collect();
                by_slice
                    .iter()
                    .all(|(within, number)| codes.get(*within).is_some_and(|code| *code == number.to_string()))
            };
            let fitting: Vec<i32> =
                all.into_iter().filter(|(_, codes)| fits(codes)).map(|(number, _)| number).collect();
            if fitting.len() > MOST_SLICES {
                return Err(ApiError::malformed(
                    "codes: too many combinations have these; name codes of more dimensions",
                ));
            }
            Some(fitting)
        };
        Ok(Some(Self { area: number_of(DimensionRole::Area), period: number_of(DimensionRole::Time), slices }))
    }

    fn rows(&self, connection: &mut Connection, set: i32, after: Option<Place>, limit: i64) -> QueryResult<Vec<Cell>> {
        use observations::{area, period, set_number, slice};
        let mut list =
            observations::table.filter(set_number.eq(set)).order((area, slice, period)).limit(limit).into_boxed();
        if let Some((of_area, of_slice, of_period)) = after {
            let further = slice.gt(of_slice).or(slice.eq(of_slice).and(period.gt(of_period)));
            list = list.filter(area.ge(of_area)).filter(area.gt(of_area).or(further));
        }
        if let Some(wanted) = self.area {
            list = list.filter(area.eq(wanted));
        }
        if let Some(wanted) = self.period {
            list = list.filter(period.eq(wanted));
        }
        if let Some(wanted) = &self.slices {
            list = list.filter(slice.eq_any(wanted));
        }
        list.load(connection)
    }
}

/// The codes behind the numbers of some observations.
struct Names {
    codes: HashMap<(String, i32), (String, Option<TerritoryId>)>,
    slices: HashMap<i32, Vec<i32>>,
}

impl Names {
    fn of(connection: &mut Connection, dataset: &Dataset, cells: &[Cell]) -> ApiResult<Self> {
        let wanted: Vec<i32> = cells.iter().map(|cell| cell.slice).collect();
        let slices: Vec<(i32, String)> = dataset_slices::table
            .filter(dataset_slices::dataset_id.eq(dataset.id))
            .filter(dataset_slices::number.eq_any(&wanted))
            .select((dataset_slices::number, dataset_slices::codes))
            .load(connection)?;
        let slices: HashMap<i32, Vec<i32>> = slices
            .into_iter()
            .map(|(number, codes)| (number, codes.split('.').filter_map(|code| code.parse().ok()).collect()))
            .collect();
        let mut numbers: Vec<i32> = cells.iter().flat_map(|cell| [cell.area, cell.period]).collect();
        numbers.extend(slices.values().flatten());
        numbers.sort_unstable();
        numbers.dedup();
        let codes: Vec<DatasetCode> = dataset_codes::table
            .filter(dataset_codes::dataset_id.eq(dataset.id))
            .filter(dataset_codes::number.eq_any(&numbers))
            .load(connection)?;
        let codes = codes.into_iter().map(|row| ((row.dimension, row.number), (row.code, row.territory_id))).collect();
        Ok(Self { codes, slices })
    }

    fn observation(&self, dimensions: &[Dimension], cell: Cell) -> ApiResult<Observation> {
        let lost = || ApiError::fault("an observation has a code that is not known");
        let mut others = self.slices.get(&cell.slice).ok_or_else(lost)?.iter();
        let (mut key, mut territory_id) = (Vec::with_capacity(dimensions.len()), None);
        for dimension in dimensions {
            let number = match dimension.role {
                DimensionRole::Area => Some(cell.area),
                DimensionRole::Time => Some(cell.period),
                DimensionRole::Other => others.next().copied(),
            };
            let number = number.ok_or_else(lost)?;
            let (code, territory) = self.codes.get(&(dimension.id.clone(), number)).ok_or_else(lost)?;
            territory_id = territory_id.or(*territory);
            key.push(DimensionCode { dimension: dimension.id.clone(), code: code.clone() });
        }
        Ok(Observation {
            key,
            territory_id,
            value: cell.value,
            obs_status: cell.obs_status,
            conf_status: cell.conf_status,
        })
    }
}
