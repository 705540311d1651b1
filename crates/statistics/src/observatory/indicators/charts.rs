//! Indicators as pictures, which a page can show as they are: open to everyone, since what they tell is published.

use std::collections::HashMap;

use actix_web::get;
use actix_web::http::header;
use approdo_charts::{self as charts, ChartError, Mark, Picture, Series};
use approdo_db::text_enum;
use utoipa::ToSchema;

use crate::access::TerritoryId;
use crate::app::blocking;
use crate::entries::Entry as _;
use crate::error::{ApiError, ApiResult};
use crate::http::request::Language;
use crate::http::slots::Slots;
use crate::http::{Answer, Door, Format, Id, Parameters, reading};
use crate::observatory::indicators::types::{Indicator, IndicatorId};
use crate::observatory::indicators::values::{IndicatorValues, tell, value_query};
use crate::observatory::queries::answer::FigureRow;
use crate::observatory::queries::asked::{Gap, geography, period};
use crate::territory::geojson;

/// Pictures that are drawn at a time in a process: whoever asks has no token.
static SLOTS: Slots = Slots::new(2, "pictures are asked for too much at present");

/// What everyone may keep for a minute.
const CACHED: &str = "public, max-age=60";

text_enum! {
    /// How a picture shows figures.
    #[derive(ToSchema)]
    ChartForm {
        /// A line for each place, over the times.
        TimeSeries = "time_series",
        /// A bar for each place in the last time, or of one place for each time.
        Bars = "bars",
        /// The places by their value in the last time.
        Table = "table",
        /// A mark at the point of each territory, in the last time.
        Map = "map",
    }
}

/// A picture, as SVG.
#[derive(ToSchema)]
#[schema(value_type = String, max_length = 10000000)]
#[expect(dead_code, reason = "it describes a picture, and holds none")]
pub struct IndicatorPicture(String);

value_query! {
    /// Of what to draw an indicator, and how.
    IndicatorChartQuery {
        /// `time_series` when absent.
        form: Option<ChartForm>,
    }
}

/// Read an indicator's chart.
///
/// Open to everyone, so that a page can show it as an image: its values as lines, bars, a ranked table or a map of points, with title, unit, source and
/// day, words and numbers in the language of `Accept-Language`, and a description for those who do not see it. What is missing is told and never
/// drawn as nothing. 404 while what it is made of is not published.
#[utoipa::path(
    tag = "Observatory",
    security(()),
    params(("indicator_id" = IndicatorId, Path, description = "The indicator."), IndicatorChartQuery),
    responses((status = 200, description = "The picture.", body = IndicatorPicture, content_type = "image/svg+xml"))
)]
#[get("/indicators/{indicator_id}/chart")]
pub async fn read_indicator_chart(
    door: Door,
    id: Id<IndicatorId>,
    query: Parameters<IndicatorChartQuery>,
) -> ApiResult<Answer> {
    let query = query.read()?;
    door.fit(&[Format::Svg])?;
    let form = query.form.unwrap_or(ChartForm::TimeSeries);
    let (app, language) = (door.app.clone(), door.context.language);
    let slot = SLOTS.take().await?;
    let picture = blocking(move || {
        let _slot = slot;
        let picture = app.read_now(|connection| {
            let indicator = Indicator::find(connection, id.0)?.ok_or_else(ApiError::not_found)?;
            let told = tell(connection, (&app.territories, app.clock.now()), indicator, query.asked()?)?;
            let ids: Vec<TerritoryId> = match form {
                ChartForm::Map => told.items.iter().filter_map(|row| row.territory_id).collect(),
                ChartForm::TimeSeries | ChartForm::Bars | ChartForm::Table => Vec::new(),
            };
            let points = geojson::points(connection, &ids)?;
            Ok(picture(told, &points, language))
        })?;
        let drawn = match form {
            ChartForm::TimeSeries => charts::time_series(&with_the_largest_first(picture)),
            ChartForm::Bars => charts::bars(&picture),
            ChartForm::Table => charts::ranked_table(&picture),
            ChartForm::Map => charts::point_map(&picture),
        };
        drawn.map_err(|error| match error {
            ChartError::TooManySeries(_) | ChartError::TooManyPeriods(_) | ChartError::TooManyValues(_) => {
                ApiError::malformed("ask for fewer places or times: no picture shows so many")
            }
            error => ApiError::fault(error),
        })
    })
    .await?;
    // Opened by itself it is a document of its own: nothing in it may run or load.
    Ok(Answer::text(Format::Svg.content_type(), picture)
        .header(header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox")
        .header(header::CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin")
        .cacheable(CACHED))
}

fn picture(told: IndicatorValues, points: &HashMap<TerritoryId, (f64, f64)>, language: Language) -> Picture {
    let mut series: Vec<(Vec<String>, Series)> = Vec::new();
    for row in &told.items {
        let name = name(row);
        let place = [row.place_code.clone(), row.territory_id.map(|id| id.to_string())].into_iter().flatten();
        let identity: Vec<String> = place.chain(row.key.iter().map(|code| code.code.clone())).collect();
        if series.last().is_none_or(|(last, _)| *last != identity) {
            let point =
                row.territory_id.and_then(|id| points.get(&id)).map(|(latitude, longitude)| (*longitude, *latitude));
            series.push((identity, Series { name, point, values: Vec::new() }));
        }
        if let Some((_, series)) = series.last_mut() {
            series.values.push(value(row));
        }
    }
    let sources: Vec<String> = told
        .sources
        .iter()
        .map(|source| match &source.licence {
            Some(licence) => format!("{} ({licence})", source.source),
            None => source.source.clone(),
        })
        .collect();
    let published = told.sources.iter().filter_map(|source| source.published_on).max();
    Picture {
        title: told.name,
        unit: told.unit,
        source: sources.join("; "),
        as_of: published.map(|day| day.to_string()).unwrap_or_default(),
        language: match language {
            Language::It => charts::Language::It,
            Language::De => charts::Language::De,
            Language::En => charts::Language::En,
        },
        series: series.into_iter().map(|(_, series)| series).collect(),
        notes: Vec::new(),
    }
}

/// Lines that are told apart are the first: those of the places with most in the end, where there are too many for all.
fn with_the_largest_first(mut picture: Picture) -> Picture {
    if picture.series.len() > charts::MOST_LINES {
        let last = |series: &Series| series.values.iter().rev().find_map(|value| value.value).unwrap_or(f64::MIN);
        picture.series.sort_by(|one, other| last(other).total_cmp(&last(one)));
    }
    picture
}

fn name(row: &FigureRow) -> String {
    let place = row.place_name.as_deref().or(row.place_code.as_deref()).unwrap_or_default();
    let codes = row.key.iter().map(|code| code.code.as_str());
    std::iter::once(place).chain(codes).collect::<Vec<_>>().join(" · ")
}

fn value(row: &FigureRow) -> charts::Value {
    let mark = match row.gap {
        Some(Gap::Suppressed) => Some(Mark::Suppressed),
        Some(_) => Some(Mark::Missing),
        None if row.is_provisional => Some(Mark::Provisional),
        None if row.is_estimated => Some(Mark::Estimated),
        None => None,
    };
    charts::Value { period: row.period.clone(), value: row.value, mark }
}
