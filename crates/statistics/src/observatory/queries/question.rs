//! A question to a dataset, whoever asks: first which places, times and slices it is about, then what is told of them.

use approdo_db::Connection;
use chrono::NaiveDate;

use crate::error::{ApiError, ApiResult};
use crate::observatory::cells;
use crate::observatory::datasets::{Dataset, DimensionRole, MeasureKind};
use crate::observatory::imports::mapping::DimensionCode;
use crate::observatory::queries::asked::{AskedPlaces, AskedTimes, DimensionFilter, Geography, TimeStep};
use crate::observatory::queries::evaluation::Evaluation;
use crate::observatory::queries::gathered::Gathered;
use crate::observatory::queries::groups::Groups;
use crate::observatory::queries::places::{Place, Places, Sight};
use crate::observatory::queries::times::{self, Period, Time};
use crate::observatory::releases::Release;
use crate::territory::kept::KeptTerritories;

/// Rows of an answer.
const MOST_ROWS: usize = 50_000;

/// Periods that one question is about.
const MOST_PERIODS: usize = 10_000;

/// What is asked of a dataset.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    pub places: &'a AskedPlaces,
    pub times: &'a AskedTimes,
    pub filters: &'a [DimensionFilter],
    pub breakdown: &'a [String],
    pub geography: Geography,
    /// Whether the place that all lie below is asked for as well.
    pub with_whole: bool,
    pub sight: Sight,
    pub territories: &'a KeptTerritories,
}

/// What a question is about.
pub struct Scope {
    kind: MeasureKind,
    set: i32,
    groups: Groups,
    periods: Vec<Period>,
    pub times: Vec<Time>,
    pub places: Places,
    /// The place that all lie below, where it is asked for.
    whole: Option<Place>,
}

impl Scope {
    /// # Errors
    /// 422 with a pointer for what is not known of the dataset, and where more than 50,000 rows are asked for.
    pub fn read(
        connection: &mut Connection,
        dataset: &Dataset,
        release: &Release,
        question: &Question<'_>,
        today: NaiveDate,
    ) -> ApiResult<Self> {
        let dimensions = dataset.dimensions()?;
        let id_of = |role: DimensionRole| {
            let dimension = dimensions.iter().find(|dimension| dimension.role == role);
            dimension
                .map(|dimension| dimension.id.as_str())
                .ok_or_else(|| ApiError::fault("a dataset without places or times"))
        };
        let set = cells::set_of(connection, release.id)?;
        let groups = Groups::read(connection, dataset, question.filters, question.breakdown, question.sight)?;
        let of_time = (dataset.id, set, id_of(DimensionRole::Time)?);
        let periods = times::observed(connection, of_time, question.times)?;
        let times = times::times(&periods, question.times.per.unwrap_or(TimeStep::Period));
        let of_area = (dataset.id, id_of(DimensionRole::Area)?);
        let (as_of, known) = ((question.geography, today), (question.territories, question.sight));
        let places = Places::read(connection, of_area, question.places, &periods, as_of, known)?;
        if periods.len() > MOST_PERIODS {
            return Err(ApiError::invalid_member("times", "are more than 10,000 periods: say from when to when"));
        }
        let count = [places.told.len(), groups.keys.len(), times.len()];
        if count.iter().try_fold(1_usize, |all, one| all.checked_mul(*one)).is_none_or(|rows| rows > MOST_ROWS) {
            let why = "times codes of the breakdown times periods are more than 50,000 rows";
            return Err(ApiError::invalid_member("places", why));
        }
        let whole = places.under.filter(|_| question.with_whole).map(Place::Territory);
        Ok(Self { kind: dataset.measure_kind, set, groups, periods, times, places, whole })
    }

    pub fn periods(&self) -> &[Period] {
        &self.periods
    }

    /// The codes of the breakdown of each group.
    pub fn keys(&self) -> &[Vec<DimensionCode>] {
        &self.groups.keys
    }

    /// The group that has these codes, or the only one where there is no breakdown.
    pub fn group_like(&self, key: &[DimensionCode]) -> Option<usize> {
        let of_ours = |key: &[DimensionCode], ours: &[DimensionCode]| ours.iter().all(|code| key.contains(code));
        self.groups.keys.iter().position(|ours| of_ours(key, ours))
    }

    /// The values that it is about, none of them read yet.
    pub fn unread(&self) -> Evaluation<'_> {
        Evaluation::new(
            self.kind,
            &self.places.land,
            &self.periods,
            Gathered::new(self.set, &self.groups, &self.periods),
        )
    }

    /// The values that it is about.
    pub fn evaluated(&self, connection: &mut Connection) -> ApiResult<Evaluation<'_>> {
        let mut evaluation = self.unread();
        evaluation.read(connection, &self.read_places(), self.groups.keys.len())?;
        Ok(evaluation)
    }

    /// The places to read, with the one that all lie below where it is asked for.
    pub fn read_places(&self) -> Vec<Place> {
        self.places.told.iter().cloned().chain(self.whole.clone()).collect()
    }

    /// What is told of each place, group and time, in this order; then that of the place that all lie below, by group, then time.
    pub fn told<T>(&self, each: impl Fn(&Place, usize, &Time) -> T) -> (Vec<T>, Vec<T>) {
        let of = |place: &Place| -> Vec<T> {
            let groups = 0..self.groups.keys.len();
            let both = groups.flat_map(|group| self.times.iter().map(move |time| (group, time)));
            both.map(|(group, time)| each(place, group, time)).collect()
        };
        (self.places.told.iter().flat_map(of).collect(), self.whole.iter().flat_map(of).collect())
    }
}
