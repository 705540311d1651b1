//! What an indicator says, of which places and times.

use actix_web::get;
use approdo_db::schema::dataset_codes;
use approdo_db::{Connection, Timestamp};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::access::TerritoryId;
use crate::access::caller::{Caller, actions, resources};
use crate::clock;
use crate::entries::{self, Entry as _};
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Door, Format, Id, Parameters, reading};
use crate::observatory::datasets::{Dataset, DimensionRole, MeasureKind};
use crate::observatory::indicators::types::{Indicator, IndicatorId, IndicatorPart};
use crate::observatory::queries::answer::{FigureRow, FigureTable};
use crate::observatory::queries::asked::{
    AskedPlaces, AskedTimes, ComparisonKind, Gap, Geography, TimeStep, geography, period,
};
use crate::observatory::queries::places::Sight;
use crate::observatory::queries::question::{Question, Scope};
use crate::observatory::queries::ratios::Ratio;
use crate::observatory::queries::rows::{self, Value};
use crate::observatory::queries::tables;
use crate::observatory::releases::{self, Release, ReleaseId};
use crate::territory::kept::KeptTerritories;

/// Makes a query of which places and times to tell, with what it takes besides.
macro_rules! value_query {
    ($(#[$meta:meta])* $name:ident { $($(#[$further:meta])* $member:ident: $kind:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, ::serde::Deserialize, ::validator::Validate, ::utoipa::IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub struct $name {
            /// Places with these codes, separated by commas, each by itself. All that there are, up to 500, where neither they nor `under` are named.
            #[validate(length(min = 1, max = 2000))]
            #[param(min_length = 1, max_length = 2000, example = "030129")]
            codes: Option<String>,
            /// A territory; also a union, convention, district or mountain community, whose members lie below it.
            under: Option<$crate::access::TerritoryId>,
            /// The territories of this kind below it, each by itself; a code of `territory_kinds`.
            #[validate(length(min = 1, max = 40))]
            #[param(min_length = 1, max_length = 40)]
            level: Option<String>,
            /// Not what begins before this period does.
            #[validate(length(max = 60), custom(function = "period"))]
            #[param(max_length = 60, example = "2020")]
            from: Option<String>,
            /// Not what ends after this period does.
            #[validate(length(max = 60), custom(function = "period"))]
            #[param(max_length = 60, example = "2025")]
            to: Option<String>,
            /// `period` when absent.
            per: Option<$crate::observatory::queries::asked::TimeStep>,
            /// As of which day territories are told: `as_was` when absent, `current`, or a date.
            #[validate(length(max = 10), custom(function = "geography"))]
            #[param(max_length = 10, pattern = r"^(as_was|current|\d{4}-\d{2}-\d{2})$")]
            geo: Option<String>,
            /// Dimensions whose codes are told each by itself, separated by commas; the denominator is broken down by those that it has.
            #[validate(length(min = 1, max = 400))]
            #[param(min_length = 1, max_length = 400)]
            breakdown: Option<String>,
            /// Made of the releases that were published at this instant.
            #[serde(default, deserialize_with = "reading::optional_instant")]
            as_of: Option<::chrono::DateTime<::chrono::Utc>>,
            $($(#[$further])* $member: $kind,)*
        }

        impl $name {
            /// The same as a question takes it.
            pub fn asked(&self) -> $crate::error::ApiResult<$crate::observatory::indicators::values::Asked> {
                $crate::observatory::indicators::values::Asked::of(
                    (self.codes.as_deref(), self.under, self.level.clone()),
                    (self.from.clone(), self.to.clone(), self.per),
                    self.geo.as_deref(),
                    self.breakdown.as_deref(),
                    self.as_of,
                )
            }
        }
    };
}
pub(super) use value_query;

/// Places that a question names at most.
const MOST_CODES: i64 = 500;

value_query! {
    /// Of what to tell an indicator: places by `codes`, or by `under` with or without a `level`.
    IndicatorValueQuery {
        /// What values are compared with, separated by commas: `year_on_year`, `compound_growth`, `rank`, `share`, `per_thousand_residents`.
        #[validate(length(min = 1, max = 100))]
        #[param(min_length = 1, max_length = 100, example = "year_on_year,rank")]
        compare: Option<String>,
    }
}

/// What is asked of an indicator.
pub struct Asked {
    pub places: AskedPlaces,
    times: AskedTimes,
    geography: Geography,
    breakdown: Vec<String>,
    pub compare: Vec<ComparisonKind>,
    as_of: Option<DateTime<Utc>>,
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::to_owned).collect()
}

impl Asked {
    /// # Errors
    /// 400 for codes that no question can have.
    pub fn of(
        (codes, under, level): (Option<&str>, Option<TerritoryId>, Option<String>),
        (from, to, per): (Option<String>, Option<String>, Option<TimeStep>),
        geography: Option<&str>,
        breakdown: Option<&str>,
        as_of: Option<DateTime<Utc>>,
    ) -> ApiResult<Self> {
        let places = AskedPlaces { codes: codes.map(list), under, level };
        // The bounds of a question's body hold here as well.
        places.validate().map_err(|_| ApiError::malformed("codes: 1 to 500 of them, each once"))?;
        Ok(Self {
            places,
            times: AskedTimes { from, to, per },
            geography: geography.and_then(Geography::read).unwrap_or_default(),
            breakdown: breakdown.map(list).unwrap_or_default(),
            compare: Vec::new(),
            as_of,
        })
    }
}

fn comparisons(text: Option<&str>) -> ApiResult<Vec<ComparisonKind>> {
    let kind = |text: String| ComparisonKind::parse(&text);
    let kinds: Option<Vec<ComparisonKind>> = text.map(list).unwrap_or_default().into_iter().map(kind).collect();
    kinds.ok_or_else(|| ApiError::malformed("compare: one of them is no comparison"))
}

/// What a part of an indicator is made of.
#[derive(Debug, Serialize, ToSchema)]
pub struct IndicatorSource {
    pub release_id: ReleaseId,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[schema(min_length = 1, max_length = 500)]
    pub source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub licence: Option<String>,
    /// The day it was published; absent for what is not public yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub published_on: Option<NaiveDate>,
}

/// What an indicator says.
#[derive(Debug, Serialize, ToSchema)]
pub struct IndicatorValues {
    pub indicator_id: IndicatorId,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[schema(min_length = 1, max_length = 100)]
    pub unit: String,
    pub kind: MeasureKind,
    #[schema(min_length = 1, max_length = 10_000)]
    pub method: String,
    /// Of the numerator, then of the denominator.
    #[schema(min_items = 1, max_items = 2)]
    pub sources: Vec<IndicatorSource>,
    /// By place, then by the codes of the breakdown, then by time.
    #[schema(max_items = 50000)]
    pub items: Vec<FigureRow>,
}

/// A part of an indicator that was read.
struct Part {
    dataset: Dataset,
    release: Release,
    part: IndicatorPart,
}

impl Part {
    fn read(connection: &mut Connection, part: IndicatorPart, as_of: Timestamp) -> ApiResult<Self> {
        let dataset = Dataset::find(connection, part.dataset_id)?;
        let dataset = dataset.ok_or_else(|| ApiError::fault("an indicator of a dataset that is not there"))?;
        let release = releases::current(connection, dataset.id, as_of)?.ok_or_else(ApiError::not_found)?;
        Ok(Self { dataset, release, part })
    }

    fn scope(
        &self,
        connection: &mut Connection,
        asked: &Asked,
        (territories, today): (&KeptTerritories, NaiveDate),
        breakdown: &[String],
        is_denominator: bool,
    ) -> ApiResult<Scope> {
        let question = Question {
            places: &asked.places,
            times: &asked.times,
            filters: &self.part.filters,
            breakdown,
            geography: asked.geography,
            with_whole: asked.compare.contains(&ComparisonKind::Share),
            sight: Sight { leaves_out_unknown: is_denominator, ..Sight::default() },
            territories,
        };
        Scope::read(connection, &self.dataset, &self.release, &question, today)
    }

    fn source(self) -> IndicatorSource {
        IndicatorSource {
            release_id: self.release.id,
            name: self.dataset.name,
            source: self.dataset.source,
            licence: self.dataset.licence,
            published_on: self.release.published_at.map(clock::date_of),
        }
    }
}

/// What is wrong with the question, where it stands in the address.
fn in_the_address(error: ApiError) -> ApiError {
    match error.errors().first() {
        Some(told) => {
            let name = told.pointer.trim_start_matches("#/").trim_start_matches("places/").trim_start_matches("times/");
            ApiError::malformed(format!("{name}: {}", told.detail))
        }
        None => error,
    }
}

/// All places that the codelist of a dataset has and everybody may know, for a question that names none.
fn all_places(connection: &mut Connection, dataset: &Dataset) -> ApiResult<Vec<String>> {
    let dimensions = dataset.dimensions()?;
    let area = dimensions.iter().find(|dimension| dimension.role == DimensionRole::Area).map(|dimension| &dimension.id);
    let codes: Vec<String> = dataset_codes::table
        .filter(dataset_codes::dataset_id.eq(dataset.id))
        .filter(dataset_codes::dimension.eq(area.map_or("", String::as_str)))
        .filter(dataset_codes::published.eq(true))
        .order(dataset_codes::number)
        .select(dataset_codes::code)
        .limit(MOST_CODES + 1)
        .load(connection)?;
    if i64::try_from(codes.len()).is_ok_and(|count| count > MOST_CODES) {
        return Err(ApiError::malformed("name places by codes or under: there are more than 500"));
    }
    Ok(codes)
}

/// Tells an indicator of what everybody may read. 404 while a dataset that it is made of has no published release, 400 for what cannot be asked.
pub fn tell(
    connection: &mut Connection,
    (territories, now): (&KeptTerritories, Timestamp),
    indicator: Indicator,
    asked: Asked,
) -> ApiResult<IndicatorValues> {
    told(connection, (territories, now), indicator, asked).map_err(in_the_address)
}

fn told(
    connection: &mut Connection,
    (territories, now): (&KeptTerritories, Timestamp),
    indicator: Indicator,
    mut asked: Asked,
) -> ApiResult<IndicatorValues> {
    rows::check_comparisons(&asked.compare, indicator.kind, &asked.places)?;
    let (today, as_of) = (clock::date_of(now), asked.as_of.map_or(now, Timestamp::new).min(now));
    let of = Part::read(connection, indicator.numerator()?, as_of)?;
    let by = indicator.denominator()?.map(|part| Part::read(connection, part, as_of)).transpose()?;
    if asked.places.codes.is_none() && asked.places.under.is_none() {
        asked.places.codes = Some(all_places(connection, &of.dataset)?);
    }
    let scope = of.scope(connection, &asked, (territories, today), &asked.breakdown, false)?;
    let least = indicator.minimum_completeness;
    let (values, wholes): (Vec<Value>, Vec<Value>) = match &by {
        None => {
            let evaluation = scope.evaluated(connection)?;
            scope.told(|place, group, time| {
                let mut told = evaluation.told(place, group, time);
                told.value *= indicator.factor;
                Value::of(told, least)
            })
        }
        Some(by) => {
            let dimensions = by.dataset.dimensions()?;
            let has = |id: &&String| dimensions.iter().any(|dimension| dimension.id == **id);
            let breakdown: Vec<String> = asked.breakdown.iter().filter(has).cloned().collect();
            let other = by.scope(connection, &asked, (territories, today), &breakdown, true)?;
            let ratio = Ratio::read(connection, &scope, &other)?;
            scope.told(|place, group, time| {
                let (told, is_undivided) = ratio.told(place, group, time).told(indicator.factor);
                let value = Value::of(told, least);
                match value.gap {
                    None if is_undivided => {
                        Value { value: None, gap: Some(Gap::NoDenominator), is_provisional: false, ..value }
                    }
                    _ => value,
                }
            })
        }
    };
    let items = rows::rows(connection, &scope, &values, &wholes, &asked.compare)?;
    Ok(IndicatorValues {
        indicator_id: indicator.id,
        name: indicator.name,
        unit: indicator.unit,
        kind: indicator.kind,
        method: indicator.method,
        sources: std::iter::once(of).chain(by).map(Part::source).collect(),
        items,
    })
}

/// Read an indicator's values.
///
/// Of places by their codes, or of territories, in their times; added up as its kind allows, with gaps told as gaps. As JSON or, by `Accept`,
/// as CSV. 404 while what it is made of is not published.
#[utoipa::path(
    tag = "Observatory",
    params(("indicator_id" = IndicatorId, Path, description = "The indicator."), IndicatorValueQuery),
    responses((
        status = 200,
        description = "Its values.",
        content((IndicatorValues = "application/json"), (FigureTable = "text/csv"))
    ))
)]
#[get("/indicators/{indicator_id}/values")]
pub async fn read_indicator_values(
    door: Door,
    caller: Caller<actions::Read, resources::Indicators>,
    id: Id<IndicatorId>,
    query: Parameters<IndicatorValueQuery>,
) -> ApiResult<Answer> {
    let (form, desk) = (door.fit(&[Format::Json, Format::Csv]), door.desk("read_indicator_values", &caller));
    let is_table = form.as_ref().is_ok_and(|format| *format == Format::Csv);
    desk.read(form.map(drop), move |reader| {
        let indicator: Indicator = entries::known(reader, id.0)?;
        let query = query.read()?;
        let mut asked = query.asked()?;
        asked.compare = comparisons(query.compare.as_deref())?;
        let told = tell(reader.connection, (&reader.app.territories, reader.now), indicator, asked)?;
        if is_table {
            return Ok(Answer::text(Format::Csv.content_type(), tables::csv(&told.items)?));
        }
        Answer::ok(&told)
    })
    .await
}
