//! Observations of what is published, written while they are read: chunk by chunk, each on a connection that goes back before the chunk leaves.

use std::collections::{BTreeMap, HashMap, HashSet};

use actix_web::web::Bytes;
use approdo_db::schema::{dataset_codes, observation_set_periods, observations};
use approdo_db::{Connection, Timestamp};
use approdo_sdmx::request::{ArtefactQuery, DataFormat, DataQuery, Selection, SeriesKey};
use approdo_sdmx::{DataMessage, DataWriter, Observation};
use chrono::NaiveDate;
use diesel::prelude::*;
use futures_util::{StreamExt as _, stream};

use crate::app::{Shared, blocking};
use crate::error::{ApiError, ApiResult};
use crate::http::Answer;
use crate::http::slots::{Slot, Slots};
use crate::observatory::cells;
use crate::observatory::datasets::DimensionRole;
use crate::observatory::periods;
use crate::observatory::releases;
use crate::sdmx::asked::{self, Refusal, SLOTS};
use crate::sdmx::flows::{self, Flow};

/// Observations of a chunk; the last series of it is read to its end.
const CHUNK: i64 = 10_000;

/// Places or combinations of codes that one statement names: SQLite binds 32,766 values at most.
const AT_ONCE: usize = 10_000;

/// Periods that a statement names.
const MOST_PERIODS: usize = 1_000;

/// Messages on their way at a time in a process.
static STREAMS: Slots = Slots::new(16, "too many read statistics at present");

type Place = (i32, i32, i32);
type Row = (i32, i32, i32, Option<f64>, Option<String>, Option<String>);

/// A code of a dimension, and when it begins where it is a time.
struct Told {
    code: String,
    begins: Option<NaiveDate>,
}

/// A message on its way.
struct Message {
    /// None once the message has its end.
    writer: Option<DataWriter>,
    set: i32,
    /// Those asked for; none where all are.
    areas: Option<Vec<i32>>,
    slices: Option<HashSet<i32>>,
    periods: HashSet<i32>,
    /// Where the place stands among the dimensions besides time.
    area_at: usize,
    codes: HashMap<i32, Vec<i32>>,
    names: Vec<HashMap<i32, Told>>,
    times: HashMap<i32, Told>,
    first: Option<usize>,
    last: Option<usize>,
    after: Option<Place>,
    /// Rows of a series that may go on in the next chunk.
    waiting: Vec<Row>,
    written: usize,
}

/// Answers with the observations of a flow that a key names.
pub async fn answer(
    app: Shared,
    slot: Slot,
    (flow, key): (ArtefactQuery, String),
    query: DataQuery,
    format: DataFormat,
) -> Result<Answer, Refusal> {
    // Held until the reader has everything: each keeps its codes in memory.
    let stream = STREAMS.take().await?;
    let header = asked::header(&app, "data");
    let shared = app.clone();
    let begun = blocking(move || {
        let begun = app.read_now(|connection| {
            let now = app.clock.now();
            let flow = asked::one_flow(flows::all(connection, now)?, &flow)?;
            Ok(begin(connection, now, &flow, &key, &query, format, &header))
        })?;
        Ok(begun.and_then(|mut message| {
            let _slot = slot;
            let text = message.next(&app)?;
            Ok((message, text))
        }))
    })
    .await?;
    let (message, first) = begun?;
    if message.written == 0 {
        return Err(Refusal::nothing());
    }
    let rest = stream::try_unfold((message, shared, stream), |(mut message, app, stream)| async move {
        if message.writer.is_none() {
            return Ok(None);
        }
        let (reading, slot) = (app.clone(), SLOTS.again().await?);
        let (text, message) = blocking(move || {
            let _slot = slot;
            let text = message.next(&reading)?;
            Ok((text, message))
        })
        .await?;
        Ok(Some((Bytes::from(text), (message, app, stream))))
    });
    let first = stream::once(std::future::ready(Ok(Bytes::from(first))));
    Ok(Answer::stream(format.content_type(), Box::pin(first.chain(rest))))
}

fn begin(
    connection: &mut Connection,
    now: Timestamp,
    flow: &Flow,
    key: &str,
    query: &DataQuery,
    format: DataFormat,
    header: &approdo_sdmx::Header,
) -> Result<Message, Refusal> {
    let structure = flow.structure();
    let key = SeriesKey::parse(key, flow.keyed().count())?;
    let layout = query.dimension_at_observation.layout(&structure)?;
    let fault = |error: diesel::result::Error| Refusal::from(ApiError::from(error));
    let release = releases::current(connection, flow.dataset.id, now).map_err(fault)?;
    let release = release.ok_or_else(Refusal::nothing)?;
    let is_new = query.updated_after.is_none_or(|after| release.published_at.is_some_and(|at| at.instant() > after));
    if !is_new {
        return Err(Refusal::nothing());
    }
    let set = cells::set_of(connection, release.id).map_err(fault)?;
    let mut names = Vec::new();
    for dimension in flow.keyed() {
        names.push(told(connection, flow, &dimension.id).map_err(fault)?);
    }
    let mut times = told(connection, flow, flow.time()).map_err(fault)?;
    let of_set: Vec<i32> = observation_set_periods::table
        .filter(observation_set_periods::set_number.eq(set))
        .select(observation_set_periods::period)
        .load(connection)
        .map_err(fault)?;
    times.retain(|number, time| {
        if !of_set.contains(number) {
            return false;
        }
        let Some((begins, ends)) = periods::bounds(&time.code) else { return false };
        query.start_period.as_ref().is_none_or(|start| begins >= start.begin)
            && query.end_period.as_ref().is_none_or(|end| ends <= end.end)
    });
    // The numbers that the key asks for, of each dimension.
    let mut wanted: Vec<Option<HashSet<i32>>> = Vec::new();
    for (at, names) in names.iter().enumerate() {
        wanted.push(key.codes(at).map(|codes| {
            names.iter().filter(|(_, told)| codes.contains(&told.code)).map(|(number, _)| *number).collect()
        }));
    }
    let area_at = flow.keyed().position(|dimension| dimension.role == DimensionRole::Area).unwrap_or(0);
    let areas = wanted.get_mut(area_at).and_then(Option::take).map(|areas| areas.into_iter().collect::<Vec<i32>>());
    if areas.as_ref().is_some_and(|areas| areas.len() > AT_ONCE) {
        return Err(Refusal::new(
            approdo_sdmx::ErrorCode::ResponseTooLargeDueToRequest,
            "the key names too many places",
        ));
    }
    let others: Vec<&Option<HashSet<i32>>> =
        wanted.iter().enumerate().filter(|(at, _)| *at != area_at).map(|(_, wanted)| wanted).collect();
    let mut codes: HashMap<i32, Vec<i32>> = HashMap::new();
    for (slice, text) in cells::slices(connection, flow.dataset.id).map_err(fault)? {
        let numbers: Vec<i32> = text.split('.').filter_map(|code| code.parse().ok()).collect();
        let fits = numbers
            .iter()
            .zip(&others)
            .all(|(number, wanted)| wanted.as_ref().is_none_or(|wanted| wanted.contains(number)));
        if fits {
            codes.insert(slice, numbers);
        }
    }
    let is_filtered = others.iter().any(|wanted| wanted.is_some());
    let slices = is_filtered.then(|| codes.keys().copied().collect());
    let nothing = times.is_empty() || codes.is_empty() || areas.as_ref().is_some_and(Vec::is_empty);
    if nothing {
        return Err(Refusal::nothing());
    }
    let mut lists = flow.codelists(connection, &Selection::All).map_err(fault)?;
    lists.extend(flows::of_statuses());
    let mut in_order: Vec<&Told> = times.values().collect();
    in_order.sort_by(|one, other| (one.begins, &one.code).cmp(&(other.begins, &other.code)));
    let in_order: Vec<String> = in_order.into_iter().map(|time| time.code.clone()).collect();
    let message = DataMessage {
        header,
        flow: &flow.dataflow(),
        structure: &structure,
        codelists: &lists,
        times: &in_order,
        attributes: &BTreeMap::new(),
        layout,
        detail: query.detail,
    };
    let writer = message.writer(format).map_err(|error| Refusal::from(ApiError::fault(error)))?;
    let count = |count: Option<std::num::NonZeroU32>| count.and_then(|count| usize::try_from(count.get()).ok());
    Ok(Message {
        writer: Some(writer),
        set,
        areas,
        slices,
        periods: times.keys().copied().collect(),
        area_at,
        codes,
        names,
        times,
        first: count(query.first_n_observations),
        last: count(query.last_n_observations),
        after: None,
        waiting: Vec::new(),
        written: 0,
    })
}

fn told(connection: &mut Connection, flow: &Flow, dimension: &str) -> QueryResult<HashMap<i32, Told>> {
    let rows: Vec<(i32, String)> = dataset_codes::table
        .filter(dataset_codes::dataset_id.eq(flow.dataset.id))
        .filter(dataset_codes::dimension.eq(dimension))
        .filter(dataset_codes::published.eq(true))
        .select((dataset_codes::number, dataset_codes::code))
        .load(connection)?;
    let told = |(number, code): (i32, String)| {
        let begins = periods::bounds(&code).map(|(begins, _)| begins);
        (number, Told { code, begins })
    };
    Ok(rows.into_iter().map(told).collect())
}

impl Message {
    /// The next part of the text; nothing is left to be read after the last one.
    fn next(&mut self, app: &Shared) -> ApiResult<Vec<u8>> {
        loop {
            let rows = app.read_now(|connection| Ok(self.rows(connection)?))?;
            let is_last = i64::try_from(rows.len()).is_ok_and(|count| count < CHUNK);
            if let Some((area, slice, period, ..)) = rows.last() {
                self.after = Some((*area, *slice, *period));
            }
            for row in rows {
                if self.waiting.first().is_some_and(|first| (first.0, first.1) != (row.0, row.1)) {
                    self.series()?;
                }
                let has_slice = self.slices.as_ref().is_none_or(|slices| slices.contains(&row.1));
                if has_slice && self.periods.contains(&row.2) {
                    self.waiting.push(row);
                }
            }
            if is_last {
                self.series()?;
                let writer = self.writer.take().ok_or_else(|| ApiError::fault("a message has two ends"))?;
                return writer.finish().map_err(ApiError::fault);
            }
            if let Some(writer) = self.writer.as_mut().filter(|_| self.written > 0)
                && !writer.is_empty()
            {
                return Ok(writer.take());
            }
        }
    }

    fn rows(&self, connection: &mut Connection) -> QueryResult<Vec<Row>> {
        use observations as o;
        let mut list = o::table
            .filter(o::set_number.eq(self.set))
            .order((o::area, o::slice, o::period))
            .select((o::area, o::slice, o::period, o::value, o::obs_status, o::conf_status))
            .limit(CHUNK)
            .into_boxed();
        if let Some((area, slice, period)) = self.after {
            let further = o::slice.gt(slice).or(o::slice.eq(slice).and(o::period.gt(period)));
            list = list.filter(o::area.ge(area)).filter(o::area.gt(area).or(further));
        }
        if let Some(areas) = &self.areas {
            list = list.filter(o::area.eq_any(areas));
        }
        if self.periods.len() <= MOST_PERIODS {
            list = list.filter(o::period.eq_any(&self.periods));
        }
        // Where they are few they are looked for, else they are left out as they come.
        if let Some(slices) = self.slices.as_ref().filter(|slices| slices.len() <= AT_ONCE) {
            list = list.filter(o::slice.eq_any(slices));
        }
        list.load(connection)
    }

    /// Writes the series that waits, in the order of its times.
    fn series(&mut self) -> ApiResult<()> {
        let mut rows = std::mem::take(&mut self.waiting);
        let Some(&(area, slice, ..)) = rows.first() else { return Ok(()) };
        let lost = || ApiError::fault("an observation has a code that is not known");
        rows.sort_by_key(|(_, _, period, ..)| self.times.get(period).map(|time| (time.begins, &time.code)));
        let mut numbers = self.codes.get(&slice).ok_or_else(lost)?.clone();
        numbers.insert(self.area_at.min(numbers.len()), area);
        let key: Vec<&str> = numbers
            .iter()
            .zip(&self.names)
            .map(|(number, names)| names.get(number).map(|told| told.code.as_str()).ok_or_else(lost))
            .collect::<ApiResult<_>>()?;
        let from = self.last.map_or(0, |last| rows.len().saturating_sub(last));
        let first = self.first.unwrap_or(rows.len());
        for (at, (_, _, period, value, obs_status, conf_status)) in rows.into_iter().enumerate() {
            let wanted = match (self.first, self.last) {
                (Some(_), Some(_)) => at < first || at >= from,
                _ => at < first && at >= from,
            };
            if !wanted {
                continue;
            }
            let time = self.times.get(&period).ok_or_else(lost)?;
            let attributes = [
                flows::status("OBS_STATUS", obs_status.as_deref()),
                flows::status("CONF_STATUS", conf_status.as_deref()),
            ];
            let observation = Observation { key: &key, time: &time.code, value, attributes: &attributes };
            if let Some(writer) = &mut self.writer {
                writer.push(&observation).map_err(ApiError::fault)?;
            }
            self.written += 1;
        }
        Ok(())
    }
}
