//! What the body that has a case offers another one: to take it over (`transfers`), or to look into it for a time (`shared_accesses`),
//! each a resource of its own (domain 15).
//!
//! The sender's side is whoever works with the case where it is, or was when it went; the receiver's side is whoever works with such offers
//! in the body it is made to, wherever there. Nobody else learns that there is one.

pub mod ground;
pub mod list;
pub mod transitions;

use approdo_db::Connection;
use diesel::QueryResult;
use serde::Serialize;
use uuid::Uuid;

use crate::access::rights::{HeldGrant, Place, Rights};
use crate::access::{Action, Resource};
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId};
use crate::cases::types::CaseRow;
use crate::error::{ApiError, ApiResult};
use crate::http::Reader;
use crate::referrals::rules::Side;
use crate::work::{Change, Operation, Unit};

/// A row that offers a case to another body. `offer!` implements it.
pub trait Offer: Sized + Serialize {
    /// Its name in the feed.
    const KIND: &'static str;
    const RESOURCE: Resource;

    fn identity(&self) -> (Uuid, i64);
    fn about(&self) -> Uuid;
    fn status(&self) -> &'static str;
    /// Where it is for who makes it: where the case is or was, as confined as it.
    fn sending(&self) -> Place;
    /// Where it is for whom it is made to: wherever that body works.
    fn receiving(&self) -> Place;
    /// Whether whom it is made to may still know of it.
    fn is_known_to_receiver(&self) -> bool;
    /// Takes over where the case is now. Tells whether it is elsewhere than before.
    fn stand_with(&mut self, case: &CaseRow) -> bool;
    fn insert(&self, connection: &mut Connection) -> QueryResult<usize>;
    /// Counts a change and writes the row, under the lock of its case.
    fn write(&mut self, unit: &mut Unit<'_>) -> ApiResult<()>;
    /// The newest rows of one grant's inbox or outbox.
    fn listed(reader: &mut Reader<'_>, grant: &HeldGrant, wanted: &list::Wanted) -> ApiResult<Vec<Self>>;
}

/// Makes a row an `Offer`: its type, its id's type, its table, its name in the feed, its resource, and when its receiver may know of it. It
/// can be found, and locked with its case before it: whoever ends the case has them in this order, too. The last is what its receiver
/// knows, for statements.
#[macro_export]
macro_rules! offer {
    ($row:ident, $id:ident, $table:ident, $kind:literal, $resource:ident, known while $known:expr, $known_sql:literal) => {
        impl $crate::offers::Offer for $row {
            const KIND: &'static str = $kind;
            const RESOURCE: $crate::access::Resource = $crate::access::Resource::$resource;

            fn identity(&self) -> (::uuid::Uuid, i64) {
                (self.id.0, self.version)
            }

            fn about(&self) -> ::uuid::Uuid {
                self.person_id.0
            }

            fn status(&self) -> &'static str {
                self.status.as_str()
            }

            fn sending(&self) -> $crate::access::Place {
                $crate::access::Place {
                    owner_org: self.owner_org_id,
                    territory: Some(self.territory_id),
                    target_group: Some(self.target_group.clone()),
                    confinement: $crate::access::rights::Confinement::of(
                        Some(&self.access_level),
                        self.case_manager_id,
                    ),
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

            fn stand_with(&mut self, case: &$crate::cases::types::CaseRow) -> bool {
                let before = self.sending();
                self.owner_org_id = case.owner_org_id;
                self.territory_id = case.territory_id;
                self.target_group.clone_from(&case.target_group);
                self.access_level.clone_from(&case.access_level);
                self.case_manager_id = case.case_manager_id;
                self.sending() != before
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

            fn listed(
                reader: &mut $crate::http::Reader<'_>,
                grant: &$crate::access::rights::HeldGrant,
                wanted: &$crate::offers::list::Wanted,
            ) -> $crate::error::ApiResult<Vec<Self>> {
                const FROM: &str = concat!(" FROM ", stringify!($table), " r WHERE ");
                let all = ::approdo_db::Prepared::<$table::SqlType>::select("r.*").sql(FROM);
                let statement = wanted.narrow(all, $known_sql, grant, reader.rights.principal);
                $crate::access::standing::Asks::load(reader, statement)
            }
        }

        impl $row {
            fn by_id(id: $id) -> ::approdo_db::Prepared<$table::SqlType> {
                const FROM: &str = concat!(" FROM ", stringify!($table), " r WHERE r.id = ");
                ::approdo_db::Prepared::select("r.*").sql(FROM).bind(id)
            }

            /// As it is now; 404 where there is none.
            pub fn find(asks: &mut impl $crate::access::standing::Asks, id: $id) -> $crate::error::ApiResult<Self> {
                asks.one(Self::by_id(id))
            }

            /// The same, locked, with its case locked before it.
            pub fn lock(
                unit: &mut $crate::work::Unit<'_>,
                id: $id,
            ) -> $crate::error::ApiResult<(Self, $crate::cases::types::CaseRow)> {
                let seen = Self::find(unit, id)?;
                let case = $crate::cases::queries::lock(unit, seen.case_id)?;
                Ok(($crate::access::standing::Asks::lock(unit, Self::by_id(id))?, case))
            }

            /// Those about a person, oldest first.
            pub fn of_person(
                connection: &mut ::approdo_db::Connection,
                person: $crate::people::types::PersonId,
            ) -> ::diesel::QueryResult<Vec<Self>> {
                use ::diesel::prelude::*;
                $table::table.filter($table::person_id.eq(person)).order($table::id).load(connection)
            }

            pub fn fields(&self) -> $crate::error::ApiResult<Vec<$crate::referrals::package::PackageField>> {
                self.package_fields.read().map_err($crate::error::ApiError::fault)
            }
        }
    };
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
        about: Some(offer.about()),
        values: serde_json::to_value(offer).map_err(ApiError::fault)?,
        ..Change::plain(O::KIND, id, version, operation, changed)
    })
}

/// Tells whom it is made to.
fn tell<O: Offer>(unit: &mut Unit<'_>, offer: &O, changed: &[&'static str]) -> ApiResult<()> {
    let told: Vec<&'static str> = changed.iter().copied().filter(|member| *member != "case_id").collect();
    let (id, version) = offer.identity();
    let plain = Change::plain(O::KIND, id, version, Operation::Updated, &told);
    let receiving = Some(offer.receiving());
    let (place, before) = if offer.is_known_to_receiver() { (receiving, None) } else { (None, receiving) };
    unit.tell(&Change { place, before, ..plain })
}

/// Writes a new one.
pub fn add<O: Offer>(unit: &mut Unit<'_>, offer: &O, members: &[&'static str]) -> ApiResult<()> {
    offer.insert(unit.connection)?;
    unit.record(change(offer, None, Operation::Created, members)?)?;
    tell(unit, offer, members)
}

/// Writes a locked one whose row has changed. `before` is where it was for who makes it.
pub fn save<O: Offer>(unit: &mut Unit<'_>, offer: &mut O, before: Place, changed: &[&'static str]) -> ApiResult<()> {
    offer.write(unit)?;
    unit.record(change(offer, Some(before), Operation::Updated, changed)?)?;
    tell(unit, offer, changed)
}

/// Writes a locked one that has come to another state from this one, with the move.
pub fn moved<O: Offer>(
    unit: &mut Unit<'_>,
    offer: &mut O,
    id: ChildTransitionId,
    from: &str,
    changed: &[&'static str],
    note: Option<&str>,
) -> ApiResult<ChildTransition> {
    let members: Vec<&'static str> = ["status"].iter().chain(changed).copied().collect();
    let place = offer.sending();
    save(unit, offer, place, &members)?;
    moves::keep_of(unit, O::KIND, offer.identity(), id, (from, offer.status()), note)
}

/// Lets one of a locked case stand where that is now: who works with it there answers for it.
pub fn follow<O: Offer>(unit: &mut Unit<'_>, offer: &mut O, case: &CaseRow, before: &Place) -> ApiResult<()> {
    if offer.stand_with(case) { save(unit, offer, before.clone(), &[]) } else { Ok(()) }
}
