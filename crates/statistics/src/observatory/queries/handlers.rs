//! Questions to a dataset.

use actix_web::post;

use crate::access::caller::{Caller, actions, resources};
use crate::clock;
use crate::entries;
use crate::error::ApiResult;
use crate::http::{Answer, Body, Door, Format, Id};
use crate::observatory::datasets::{Dataset, DatasetId};
use crate::observatory::queries::answer::{FigureTable, Figures};
use crate::observatory::queries::asked::{ComparisonKind, ObservationSearch};
use crate::observatory::queries::places::Sight;
use crate::observatory::queries::question::{Question, Scope};
use crate::observatory::queries::rows::{self, Value};
use crate::observatory::queries::tables;
use crate::observatory::releases;

/// Search the observations of a dataset.
///
/// Filters and breaks down by any dimension, by codes of places or by territories below one, adds up over places and times as `measure_kind` allows
/// (domain 41), tells territories as they were or as of one day, and compares. What is missing is told as a row with a gap. Everything is made of what the
/// release tells, so that what it keeps back stays so. As JSON or, by `Accept`, as CSV.
#[utoipa::path(
    tag = "Observatory",
    params(("dataset_id" = DatasetId, Path, description = "The dataset.")),
    request_body = ObservationSearch,
    responses((
        status = 200,
        description = "What it says.",
        content((Figures = "application/json"), (FigureTable = "text/csv"))
    ))
)]
#[post("/datasets/{dataset_id}/observations/searches")]
pub async fn search_observations(
    door: Door,
    caller: Caller<actions::Read, resources::Datasets>,
    id: Id<DatasetId>,
    body: Body<ObservationSearch>,
) -> ApiResult<Answer> {
    let (form, desk) = (door.fit(&[Format::Json, Format::Csv]), door.desk("search_observations", &caller));
    let is_table = form.as_ref().is_ok_and(|format| *format == Format::Csv);
    desk.read(form.map(drop), move |reader| {
        let dataset: Dataset = entries::known(reader, id.0)?;
        let asked = body.read()?;
        rows::check_comparisons(&asked.compare, dataset.measure_kind, &asked.places)?;
        let release = releases::asked(reader, &dataset, asked.release_id, asked.as_of)?;
        let question = Question {
            places: &asked.places,
            times: &asked.times,
            filters: &asked.filters,
            breakdown: &asked.breakdown,
            geography: asked.geography(),
            with_whole: asked.compare.contains(&ComparisonKind::Share),
            sight: Sight { with_drafts: !release.is_public(reader.now), ..Sight::default() },
            territories: &reader.app.territories,
        };
        let today = clock::date_of(reader.now);
        let scope = Scope::read(reader.connection, &dataset, &release, &question, today)?;
        let evaluation = scope.evaluated(reader.connection)?;
        let least = asked.minimum_completeness.unwrap_or(1.0);
        let (values, wholes) = scope.told(|place, group, time| Value::of(evaluation.told(place, group, time), least));
        let items = rows::rows(reader.connection, &scope, &values, &wholes, &asked.compare)?;
        if is_table {
            return Ok(Answer::text(Format::Csv.content_type(), tables::csv(&items)?));
        }
        Answer::ok(&Figures {
            dataset_id: dataset.id,
            release_id: release.id,
            organisation_id: dataset.organisation_id,
            name: dataset.name,
            unit: dataset.unit,
            measure_kind: dataset.measure_kind,
            source: dataset.source,
            licence: dataset.licence,
            items,
        })
    })
    .await
}
