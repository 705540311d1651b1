//! Rows between two bodies: who makes one, and whom it is made to. Each reads its own side of it, moves it where it may, and hears of it in
//! its own feed; the deployment itself ends it on its day.

use approdo_db::{Connection, Json, Timestamp};
use chrono::NaiveDate;
use diesel::QueryResult;
use serde::Serialize;
use uuid::Uuid;

use super::list::Wanted;
use crate::access::rights::{HeldGrant, Place, Rights};
use crate::access::standing::Asks;
use crate::access::{Action, Resource};
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId};
use crate::cases::types::CaseId;
use crate::clock;
use crate::error::{ApiError, ApiResult, Kind};
use crate::http::Reader;
use crate::people::types::PersonId;
use crate::referrals::rules::Side;
use crate::work::{Change, Operation, Unit};

/// A row between two bodies. `two_sided!` implements it.
pub trait TwoSided: Serialize + Sized {
    type Id: Copy + From<Uuid> + Into<Uuid>;
    /// Its name in the feed.
    const KIND: &'static str;
    const RESOURCE: Resource;

    fn identity(&self) -> (Uuid, i64);
    /// The case it is about and its person, where the deployment knows them.
    fn subject(&self) -> Option<(CaseId, PersonId)>;
    fn status(&self) -> &'static str;
    fn is_live(&self) -> bool;
    /// The first day on which it is live no more.
    fn expires_on(&self) -> NaiveDate;
    /// Where it is for who makes it.
    fn sending(&self) -> Place;
    /// Where it is for whom it is made to: wherever that body works.
    fn receiving(&self) -> Place;
    /// Whether whom it is made to may still know of it.
    fn is_known_to_receiver(&self) -> bool;

    fn expire(&mut self);

    /// As it is recorded; 404 where there is none.
    fn find(asks: &mut impl Asks, id: Self::Id) -> ApiResult<Self>;
    /// The same, locked, with what is locked before it.
    fn lock(unit: &mut Unit<'_>, id: Self::Id) -> ApiResult<Self>;
    /// Those about a person, oldest first.
    fn of_person(connection: &mut Connection, person: PersonId) -> QueryResult<Vec<Self>>;
    /// The live one whose day has come first, if any has.
    fn next_over(connection: &mut Connection, today: NaiveDate) -> QueryResult<Option<Self::Id>>;
    /// The newest rows of one grant's inbox or outbox.
    fn listed(reader: &mut Reader<'_>, grant: &HeldGrant, wanted: &Wanted) -> ApiResult<Vec<Self>>;
    fn insert(&self, connection: &mut Connection) -> QueryResult<usize>;
    /// Counts a change and writes the row, under its lock.
    fn write(&mut self, unit: &mut Unit<'_>) -> ApiResult<()>;
}

/// Makes a row `TwoSided`: its type, its id's type, its table, its name in the feed, its resource; its status when it is live, the same as
/// statements say it, and when it has expired; when its receiver may know of it, also as statements say it; the case and the person it is
/// about; how it is confined for who makes it, and whether statements have to say so; how it is locked.
///
/// The table has `owner_org_id`, `territory_id` and `target_group` for who makes it, and `to_org_id` for whom it is made to.
#[macro_export]
macro_rules! two_sided {
    (
        $row:ident, $id:ident, $table:ident, $kind:literal, $resource:ident;
        $status:ident: $live:ident = $live_sql:literal, $expired:ident; known while $known:expr, $known_sql:literal;
        about $subject:expr; confined $confinement:expr, $is_confined:literal; locked $lock:expr
    ) => {
        impl $crate::offers::two_sided::TwoSided for $row {
            type Id = $id;
            const KIND: &'static str = $kind;
            const RESOURCE: $crate::access::Resource = $crate::access::Resource::$resource;

            fn identity(&self) -> (::uuid::Uuid, i64) {
                (self.id.0, self.version)
            }

            fn subject(&self) -> Option<($crate::cases::types::CaseId, $crate::people::types::PersonId)> {
                let subject: fn(&Self) -> Option<($crate::cases::types::CaseId, $crate::people::types::PersonId)> =
                    $subject;
                subject(self)
            }

            fn status(&self) -> &'static str {
                self.status.as_str()
            }

            fn is_live(&self) -> bool {
                self.status == $status::$live
            }

            fn expires_on(&self) -> ::chrono::NaiveDate {
                self.expires_on
            }

            fn sending(&self) -> $crate::access::Place {
                let confinement: fn(&Self) -> $crate::access::rights::Confinement = $confinement;
                $crate::access::Place {
                    owner_org: self.owner_org_id,
                    territory: Some(self.territory_id),
                    target_group: Some(self.target_group.clone()),
                    confinement: confinement(self),
                }
            }

            fn receiving(&self) -> $crate::access::Place {
                $crate::access::Place {
                    owner_org: self.to_org_id,
                    territory: None,
                    target_group: Some(self.target_group.clone()),
                    confinement: $crate::access::rights::Confinement::Open,
                }
            }

            fn is_known_to_receiver(&self) -> bool {
                ($known)(self.status)
            }

            fn expire(&mut self) {
                self.status = $status::$expired;
            }

            fn find(asks: &mut impl $crate::access::standing::Asks, id: $id) -> $crate::error::ApiResult<Self> {
                asks.one(Self::by_id(id))
            }

            fn lock(unit: &mut $crate::work::Unit<'_>, id: $id) -> $crate::error::ApiResult<Self> {
                let lock: fn(&mut $crate::work::Unit<'_>, $id) -> $crate::error::ApiResult<Self> = $lock;
                lock(unit, id)
            }

            fn of_person(
                connection: &mut ::approdo_db::Connection,
                person: $crate::people::types::PersonId,
            ) -> ::diesel::QueryResult<Vec<Self>> {
                use ::diesel::prelude::*;
                $table::table.filter($table::person_id.eq(person)).order($table::id).load(connection)
            }

            fn next_over(
                connection: &mut ::approdo_db::Connection,
                today: ::chrono::NaiveDate,
            ) -> ::diesel::QueryResult<Option<$id>> {
                use ::diesel::prelude::*;
                // The state is part of the text, because the index is of it alone.
                const FROM: &str = concat!(
                    "SELECT id FROM ",
                    stringify!($table),
                    " WHERE status = '",
                    $live_sql,
                    "' AND expires_on <= "
                );
                let next = ::approdo_db::Prepared::<::approdo_db::types::Uuid>::new(FROM);
                let next = next.bind(::approdo_db::Value::Date(today)).sql(" ORDER BY expires_on, id LIMIT 1");
                next.get_result(connection).optional()
            }

            fn listed(
                reader: &mut $crate::http::Reader<'_>,
                grant: &$crate::access::rights::HeldGrant,
                wanted: &$crate::offers::list::Wanted,
            ) -> $crate::error::ApiResult<Vec<Self>> {
                const FROM: &str = concat!(" FROM ", stringify!($table), " r WHERE ");
                const LIVE: &str = concat!("(r.status = '", $live_sql, "' AND r.expires_on > ");
                const OVER: &str = concat!("(r.status = '", $live_sql, "' AND r.expires_on <= ");
                let all = ::approdo_db::Prepared::<$table::SqlType>::select("r.*").sql(FROM);
                let words = $crate::offers::list::Words {
                    known: $known_sql,
                    known_when_over: ($known)($status::$expired),
                    live: $live_sql,
                    is_live: LIVE,
                    is_over: OVER,
                    is_confined: $is_confined,
                };
                let statement = wanted.narrow(all, &words, grant, reader.rights.principal);
                $crate::access::standing::Asks::load(reader, statement)
            }

            fn insert(&self, connection: &mut ::approdo_db::Connection) -> ::diesel::QueryResult<usize> {
                use ::diesel::prelude::*;
                ::diesel::insert_into($table::table).values(self).execute(connection)
            }

            fn write(&mut self, unit: &mut $crate::work::Unit<'_>) -> $crate::error::ApiResult<()> {
                use ::diesel::prelude::*;
                let before = self.version;
                self.version += 1;
                self.updated_at = unit.now;
                let row =
                    ::diesel::update($table::table.filter($table::id.eq(self.id)).filter($table::version.eq(before)));
                $crate::work::Unit::updated_one(row.set(&*self).execute(unit.connection)?)
            }
        }

        impl $row {
            fn by_id(id: $id) -> ::approdo_db::Prepared<$table::SqlType> {
                const FROM: &str = concat!(" FROM ", stringify!($table), " r WHERE r.id = ");
                ::approdo_db::Prepared::select("r.*").sql(FROM).bind(id)
            }
        }
    };
}

/// A row as it stands today: its day may have come before that is recorded.
pub fn as_of<R: TwoSided>(mut row: R, now: Timestamp) -> R {
    if row.is_live() && row.expires_on() <= clock::date_of(now) {
        row.expire();
    }
    row
}

/// The same, read; 404 where there is none.
pub fn find<R: TwoSided>(reader: &mut Reader<'_>, id: R::Id) -> ApiResult<R> {
    let now = reader.now;
    Ok(as_of(R::find(reader, id)?, now))
}

/// Records that a locked one has expired, where its day has come.
pub fn settle<R: TwoSided>(unit: &mut Unit<'_>, row: &mut R) -> ApiResult<()> {
    if row.expires_on() > clock::date_of(unit.now) { Ok(()) } else { end(unit, row) }
}

/// Records that a locked one that is live has expired, whatever its day.
pub fn end<R: TwoSided>(unit: &mut Unit<'_>, row: &mut R) -> ApiResult<()> {
    if !row.is_live() {
        return Ok(());
    }
    let (was, from) = (Known::of(row), row.status());
    row.expire();
    unit.as_system(|unit| moved(unit, row, &was, ChildTransitionId::new(), from, &[], None).map(drop))
}

/// Makes one of what the caller has been found to work with, once for each `Idempotency-Key`. Who repeats the request is told of what
/// it made as long as they may read that, also where the case has gone since.
pub fn made<R: TwoSided, T>(
    unit: &mut Unit<'_>,
    own: ApiResult<T>,
    make: impl FnOnce(&mut Unit<'_>, R::Id, T) -> ApiResult<R>,
) -> ApiResult<R> {
    // After a fault nothing more can be asked in this transaction.
    let own = match own {
        Err(error) if error.kind() != Kind::Invalid => return Err(error),
        own => own,
    };
    let id = Uuid::now_v7();
    let row = match unit.replay(id)? {
        Some(earlier) => {
            let row = R::find(unit, R::Id::from(earlier))?;
            require(&row, &unit.rights, Action::Read)?;
            row
        }
        None => make(unit, R::Id::from(id), own?)?,
    };
    Ok(row)
}

/// The sides a caller stands on.
#[derive(Debug, Clone, Default)]
pub struct Sides {
    pub standing: Vec<Side>,
    /// On which of them the caller may move it.
    pub moving: Vec<Side>,
}

fn acting<R: TwoSided>(row: &R, rights: &Rights, action: Action) -> Vec<Side> {
    let sending = row.sending();
    let sends = rights.may_at(action, R::RESOURCE, &sending) && rights.may_at(Action::Read, Resource::Cases, &sending);
    let receives = row.is_known_to_receiver() && rights.may_at(action, R::RESOURCE, &row.receiving());
    let sides = [(Side::Sender, sends), (Side::Receiver, receives)];
    sides.into_iter().filter(|(_, acts)| *acts).map(|(side, _)| side).collect()
}

pub fn sides<R: TwoSided>(row: &R, rights: &Rights) -> Sides {
    Sides { standing: acting(row, rights, Action::Read), moving: acting(row, rights, Action::Transition) }
}

/// The sides on which the caller may do this; 403 who may only know of it, 404 who may not.
pub fn require<R: TwoSided>(row: &R, rights: &Rights, action: Action) -> ApiResult<Vec<Side>> {
    let sides = acting(row, rights, action);
    if !sides.is_empty() {
        return Ok(sides);
    }
    let refused = if acting(row, rights, Action::Read).is_empty() {
        // An audited case opens what is offered of it to who says what for.
        rights.require_at(Action::Read, Resource::Cases, &row.sending()).err().unwrap_or_else(ApiError::not_found)
    } else {
        ApiError::forbidden(format!("none of your grants allows '{action}' on this row of '{}'", R::RESOURCE))
    };
    Err(refused.about(row.identity().0))
}

fn change<R: TwoSided>(
    row: &R,
    before: Option<Place>,
    operation: Operation,
    changed: &[&'static str],
) -> ApiResult<Change> {
    let (id, version) = row.identity();
    Ok(Change {
        place: Some(row.sending()),
        before,
        about: row.subject().map(|(_, person)| person.0),
        values: Some(Json::try_of(row).map_err(ApiError::fault)?),
        ..Change::plain(R::KIND, id, version, operation, changed)
    })
}

/// Where a row was known before it changes.
pub struct Known {
    sending: Place,
    /// None where its receiver was not to know of it.
    receiving: Option<Place>,
}

impl Known {
    pub fn of<R: TwoSided>(row: &R) -> Self {
        Self { sending: row.sending(), receiving: row.is_known_to_receiver().then(|| row.receiving()) }
    }
}

/// Members that receivers are not told of.
const SENDERS_OWN: [&str; 2] = ["case_id", "consent_id"];

/// Tells whom it is made to. Where that was to know of it and is so no more, it hears that it is gone.
fn tell<R: TwoSided>(unit: &mut Unit<'_>, row: &R, was: Option<Place>, changed: &[&'static str]) -> ApiResult<()> {
    let now = row.is_known_to_receiver().then(|| row.receiving());
    if now.is_none() && was.is_none() {
        return Ok(());
    }
    let told: Vec<&'static str> = changed.iter().copied().filter(|member| !SENDERS_OWN.contains(member)).collect();
    let (id, version) = row.identity();
    unit.tell(&Change { place: now, before: was, ..Change::plain(R::KIND, id, version, Operation::Updated, &told) })
}

/// Writes a new one.
pub fn add<R: TwoSided>(unit: &mut Unit<'_>, row: &R, members: &[&'static str]) -> ApiResult<()> {
    row.insert(unit.connection)?;
    unit.record(change(row, None, Operation::Created, members)?)?;
    tell(unit, row, None, members)
}

/// Writes a locked one whose row has changed.
pub fn save<R: TwoSided>(unit: &mut Unit<'_>, row: &mut R, was: &Known, changed: &[&'static str]) -> ApiResult<()> {
    row.write(unit)?;
    let recorded = change(row, Some(was.sending.clone()), Operation::Updated, changed)?;
    // Who follows both sides and still sees the one hears that last.
    if row.is_known_to_receiver() {
        unit.record(recorded)?;
        tell(unit, row, was.receiving.clone(), changed)
    } else {
        tell(unit, row, was.receiving.clone(), changed)?;
        unit.record(recorded)
    }
}

/// Writes a locked one that has come to another state from this one, with the move.
pub fn moved<R: TwoSided>(
    unit: &mut Unit<'_>,
    row: &mut R,
    was: &Known,
    id: ChildTransitionId,
    from: &str,
    changed: &[&'static str],
    note: Option<&str>,
) -> ApiResult<ChildTransition> {
    let members: Vec<&'static str> = ["status"].iter().chain(changed).copied().collect();
    save(unit, row, was, &members)?;
    moves::keep_of(unit, R::KIND, row.identity(), id, (from, row.status()), note)
}
