//! What the body that has a case offers another one: to take it over (`transfers`), or to look into it for a time (`shared_accesses`),
//! each a resource of its own (domain 15).
//!
//! The sender's side is whoever works with the case where it is, or was when it went; the receiver's side is whoever works with such offers
//! in the body it is made to, wherever there. Nobody else learns that there is one.

pub mod by_calendar;
pub mod ending;
pub mod ground;
pub mod list;
pub mod transitions;

use approdo_db::{Connection, Timestamp};
use chrono::NaiveDate;
use diesel::QueryResult;
use serde::Serialize;
use uuid::Uuid;

use crate::access::rights::{HeldGrant, Place, Rights};
use crate::access::standing::Asks;
use crate::access::{Action, Resource};
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId};
use crate::cases::types::{CaseId, CaseRow};
use crate::clock;
use crate::consents::types::ConsentId;
use crate::error::{ApiError, ApiResult, Kind, UnmetGuard};
use crate::http::Reader;
use crate::people::types::PersonId;
use crate::referrals::package::PackageField;
use crate::referrals::rules::Side;
use crate::work::{Change, Operation, Unit};

/// A row that offers a case to another body. `offer!` implements it.
pub trait Offer: Grounded + Serialize + Sized {
    type Id: Copy + From<Uuid> + Into<Uuid>;
    /// Its name in the feed.
    const KIND: &'static str;
    const RESOURCE: Resource;
    /// The right to read what it shows of the case.
    const PACKAGE: Resource;

    fn identity(&self) -> (Uuid, i64);
    /// The case and its person.
    fn about(&self) -> (CaseId, PersonId);
    fn status(&self) -> &'static str;
    fn is_live(&self) -> bool;
    /// The first day on which it is live no more.
    fn expires_on(&self) -> NaiveDate;
    fn consent_id(&self) -> Option<ConsentId>;
    fn fields(&self) -> ApiResult<Vec<PackageField>>;
    /// Where it is for who makes it: where the case is or was, as confined as it.
    fn sending(&self) -> Place;
    /// Where it is for whom it is made to: wherever that body works.
    fn receiving(&self) -> Place;
    /// Whether whom it is made to may still know of it.
    fn is_known_to_receiver(&self) -> bool;

    fn expire(&mut self);
    fn take_back(&mut self);
    fn rest_on(&mut self, consent: Option<ConsentId>);
    /// Takes out what was written and chosen.
    fn strip(&mut self);
    /// Takes over where the case is now, and who manages it. Tells whether that differs from before.
    fn stand_with(&mut self, case: &CaseRow) -> bool;

    /// As it is recorded; 404 where there is none.
    fn find(asks: &mut impl Asks, id: Self::Id) -> ApiResult<Self>;
    /// The same, locked, with its case locked before it: whoever ends the case has them in this order, too.
    fn lock(unit: &mut Unit<'_>, id: Self::Id) -> ApiResult<(Self, CaseRow)>;
    /// The live ones of a locked case.
    fn live_of(unit: &mut Unit<'_>, case: &CaseRow) -> QueryResult<Vec<Self>>;
    /// Those about a person, oldest first.
    fn of_person(connection: &mut Connection, person: PersonId) -> QueryResult<Vec<Self>>;
    /// The live ones that rest on a consent.
    fn resting(connection: &mut Connection, consent: ConsentId) -> QueryResult<Vec<Self::Id>>;
    /// The live one whose day has come first, if any has.
    fn next_over(connection: &mut Connection, today: NaiveDate) -> QueryResult<Option<Self::Id>>;
    /// The newest rows of one grant's inbox or outbox.
    fn listed(reader: &mut Reader<'_>, grant: &HeldGrant, wanted: &list::Wanted) -> ApiResult<Vec<Self>>;
    fn insert(&self, connection: &mut Connection) -> QueryResult<usize>;
    /// Counts a change and writes the row, under the lock of its case.
    fn write(&mut self, unit: &mut Unit<'_>) -> ApiResult<()>;
}

/// What an offer needs of the person to be made.
pub trait Grounded {
    /// The consent it rests on, or none where it has another basis; what is missing where it has neither.
    fn basis(&self, unit: &mut Unit<'_>) -> ApiResult<Result<Option<ConsentId>, Vec<UnmetGuard>>>;
}

/// Makes a row an `Offer`: its type, its id's type, its table, its name in the feed, its resource and that of its package; its status when
/// it is live, taken back, and expired, the first as statements say it; and when its receiver may know of it, also as they say it.
#[macro_export]
macro_rules! offer {
    (
        $row:ident, $id:ident, $table:ident, $kind:literal, $resource:ident, $package:ident;
        $status:ident: $live:ident = $live_sql:literal, $taken_back:ident, $expired:ident; known while $known:expr, $known_sql:literal
    ) => {
        impl $crate::offers::Offer for $row {
            type Id = $id;
            const KIND: &'static str = $kind;
            const RESOURCE: $crate::access::Resource = $crate::access::Resource::$resource;
            const PACKAGE: $crate::access::Resource = $crate::access::Resource::$package;

            fn identity(&self) -> (::uuid::Uuid, i64) {
                (self.id.0, self.version)
            }

            fn about(&self) -> ($crate::cases::types::CaseId, $crate::people::types::PersonId) {
                (self.case_id, self.person_id)
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

            fn consent_id(&self) -> Option<$crate::consents::types::ConsentId> {
                self.consent_id
            }

            fn fields(&self) -> $crate::error::ApiResult<Vec<$crate::referrals::package::PackageField>> {
                self.package_fields.read().map_err($crate::error::ApiError::fault)
            }

            fn sending(&self) -> $crate::access::Place {
                use $crate::access::rights::Confinement;
                $crate::access::Place {
                    owner_org: self.owner_org_id,
                    territory: Some(self.territory_id),
                    target_group: Some(self.target_group.clone()),
                    confinement: Confinement::of(Some(&self.access_level), self.case_manager_id),
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

            fn take_back(&mut self) {
                self.status = $status::$taken_back;
            }

            fn rest_on(&mut self, consent: Option<$crate::consents::types::ConsentId>) {
                self.consent_id = consent;
            }

            fn strip(&mut self) {
                $crate::people::erasure::ERASED.clone_into(&mut self.reason);
                self.package_fields = ::approdo_db::Json::of([(); 0]);
            }

            fn stand_with(&mut self, case: &$crate::cases::types::CaseRow) -> bool {
                let before = (self.sending(), self.case_manager_id);
                self.owner_org_id = case.owner_org_id;
                self.territory_id = case.territory_id;
                self.target_group.clone_from(&case.target_group);
                self.access_level.clone_from(&case.access_level);
                self.case_manager_id = case.case_manager_id;
                (self.sending(), self.case_manager_id) != before
            }

            fn find(asks: &mut impl $crate::access::standing::Asks, id: $id) -> $crate::error::ApiResult<Self> {
                asks.one(Self::by_id(id))
            }

            fn lock(
                unit: &mut $crate::work::Unit<'_>,
                id: $id,
            ) -> $crate::error::ApiResult<(Self, $crate::cases::types::CaseRow)> {
                let seen = Self::find(unit, id)?;
                let case = $crate::cases::queries::lock(unit, seen.case_id)?;
                Ok(($crate::access::standing::Asks::lock(unit, Self::by_id(id))?, case))
            }

            fn live_of(
                unit: &mut $crate::work::Unit<'_>,
                case: &$crate::cases::types::CaseRow,
            ) -> ::diesel::QueryResult<Vec<Self>> {
                use ::diesel::prelude::*;
                let of_case = $table::table.filter($table::case_id.eq(case.id));
                of_case.filter($table::status.eq($status::$live)).order($table::id).load(unit.connection)
            }

            fn of_person(
                connection: &mut ::approdo_db::Connection,
                person: $crate::people::types::PersonId,
            ) -> ::diesel::QueryResult<Vec<Self>> {
                use ::diesel::prelude::*;
                $table::table.filter($table::person_id.eq(person)).order($table::id).load(connection)
            }

            fn resting(
                connection: &mut ::approdo_db::Connection,
                consent: $crate::consents::types::ConsentId,
            ) -> ::diesel::QueryResult<Vec<$id>> {
                use ::diesel::prelude::*;
                let resting = $table::table.filter($table::consent_id.eq(consent));
                resting.filter($table::status.eq($status::$live)).order($table::id).select($table::id).load(connection)
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

/// An offer as it stands today: its day may have come before that is recorded.
pub fn as_of<O: Offer>(mut offer: O, now: Timestamp) -> O {
    if offer.is_live() && offer.expires_on() <= clock::date_of(now) {
        offer.expire();
    }
    offer
}

/// The same, read; 404 where there is none.
pub fn find<O: Offer>(reader: &mut Reader<'_>, id: O::Id) -> ApiResult<O> {
    let now = reader.now;
    Ok(as_of(O::find(reader, id)?, now))
}

/// Records that a locked one has expired, where its day has come.
pub fn settle<O: Offer>(unit: &mut Unit<'_>, offer: &mut O) -> ApiResult<()> {
    if !offer.is_live() || offer.expires_on() > clock::date_of(unit.now) {
        return Ok(());
    }
    let (was, from) = (Known::of(offer), offer.status());
    offer.expire();
    unit.as_system(|unit| moved(unit, offer, &was, ChildTransitionId::new(), from, &[], None).map(drop))
}

/// Makes one of what the caller has been found to work with, once for each `Idempotency-Key`. Who repeats the request is told of what
/// it made as long as they may read that, also where the case has gone since.
pub fn made<O: Offer, T>(
    unit: &mut Unit<'_>,
    own: ApiResult<T>,
    make: impl FnOnce(&mut Unit<'_>, O::Id, T) -> ApiResult<O>,
) -> ApiResult<O> {
    // After a fault nothing more can be asked in this transaction.
    let own = match own {
        Err(error) if error.kind() != Kind::Invalid => return Err(error),
        own => own,
    };
    let id = Uuid::now_v7();
    let row = match unit.replay(id)? {
        Some(earlier) => {
            let row = O::find(unit, O::Id::from(earlier))?;
            require(&row, &unit.rights, Action::Read)?;
            row
        }
        None => make(unit, O::Id::from(id), own?)?,
    };
    unit.shows(Resource::Cases, [row.about().0.0]);
    Ok(row)
}

/// The sides a caller stands on.
#[derive(Debug, Clone, Default)]
pub struct Sides {
    pub standing: Vec<Side>,
    /// On which of them the caller may move it.
    pub moving: Vec<Side>,
}

fn acting<O: Offer>(offer: &O, rights: &Rights, action: Action) -> Vec<Side> {
    let sending = offer.sending();
    let sends = rights.may_at(action, O::RESOURCE, &sending) && rights.may_at(Action::Read, Resource::Cases, &sending);
    let receives = offer.is_known_to_receiver() && rights.may_at(action, O::RESOURCE, &offer.receiving());
    let sides = [(Side::Sender, sends), (Side::Receiver, receives)];
    sides.into_iter().filter(|(_, acts)| *acts).map(|(side, _)| side).collect()
}

pub fn sides<O: Offer>(offer: &O, rights: &Rights) -> Sides {
    Sides { standing: acting(offer, rights, Action::Read), moving: acting(offer, rights, Action::Transition) }
}

/// The sides on which the caller may do this; 403 who may only know of it, 404 who may not.
pub fn require<O: Offer>(offer: &O, rights: &Rights, action: Action) -> ApiResult<Vec<Side>> {
    let sides = acting(offer, rights, action);
    if !sides.is_empty() {
        return Ok(sides);
    }
    let refused = if acting(offer, rights, Action::Read).is_empty() {
        // An audited case opens what is offered of it to who says what for.
        rights.require_at(Action::Read, Resource::Cases, &offer.sending()).err().unwrap_or_else(ApiError::not_found)
    } else {
        ApiError::forbidden(format!("none of your grants allows '{action}' on this row of '{}'", O::RESOURCE))
    };
    Err(refused.about(offer.identity().0))
}

fn change<O: Offer>(
    offer: &O,
    before: Option<Place>,
    operation: Operation,
    changed: &[&'static str],
) -> ApiResult<Change> {
    let (id, version) = offer.identity();
    Ok(Change {
        place: Some(offer.sending()),
        before,
        about: Some(offer.about().1.0),
        values: serde_json::to_value(offer).map_err(ApiError::fault)?,
        ..Change::plain(O::KIND, id, version, operation, changed)
    })
}

/// Where an offer was known before it changes.
pub struct Known {
    sending: Place,
    /// None where its receiver was not to know of it.
    receiving: Option<Place>,
}

impl Known {
    pub fn of<O: Offer>(offer: &O) -> Self {
        Self { sending: offer.sending(), receiving: offer.is_known_to_receiver().then(|| offer.receiving()) }
    }
}

/// Members that receivers are not told of.
const SENDERS_OWN: [&str; 2] = ["case_id", "consent_id"];

/// Tells whom it is made to. Where that was to know of it and is so no more, it hears that it is gone.
fn tell<O: Offer>(unit: &mut Unit<'_>, offer: &O, was: Option<Place>, changed: &[&'static str]) -> ApiResult<()> {
    let now = offer.is_known_to_receiver().then(|| offer.receiving());
    if now.is_none() && was.is_none() {
        return Ok(());
    }
    let told: Vec<&'static str> = changed.iter().copied().filter(|member| !SENDERS_OWN.contains(member)).collect();
    let (id, version) = offer.identity();
    unit.tell(&Change { place: now, before: was, ..Change::plain(O::KIND, id, version, Operation::Updated, &told) })
}

/// Writes a new one.
pub fn add<O: Offer>(unit: &mut Unit<'_>, offer: &O, members: &[&'static str]) -> ApiResult<()> {
    offer.insert(unit.connection)?;
    unit.record(change(offer, None, Operation::Created, members)?)?;
    tell(unit, offer, None, members)
}

/// Writes a locked one whose row has changed.
pub fn save<O: Offer>(unit: &mut Unit<'_>, offer: &mut O, was: &Known, changed: &[&'static str]) -> ApiResult<()> {
    offer.write(unit)?;
    let recorded = change(offer, Some(was.sending.clone()), Operation::Updated, changed)?;
    // Who follows both sides and still sees the one hears that last.
    if offer.is_known_to_receiver() {
        unit.record(recorded)?;
        tell(unit, offer, was.receiving.clone(), changed)
    } else {
        tell(unit, offer, was.receiving.clone(), changed)?;
        unit.record(recorded)
    }
}

/// Writes a locked one that has come to another state from this one, with the move.
pub fn moved<O: Offer>(
    unit: &mut Unit<'_>,
    offer: &mut O,
    was: &Known,
    id: ChildTransitionId,
    from: &str,
    changed: &[&'static str],
    note: Option<&str>,
) -> ApiResult<ChildTransition> {
    let members: Vec<&'static str> = ["status"].iter().chain(changed).copied().collect();
    save(unit, offer, was, &members)?;
    moves::keep_of(unit, O::KIND, offer.identity(), id, (from, offer.status()), note)
}
