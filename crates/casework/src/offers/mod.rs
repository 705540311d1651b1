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
pub mod two_sided;

use approdo_db::Connection;
use diesel::QueryResult;

use crate::access::Resource;
use crate::cases::types::{CaseId, CaseRow};
use crate::consents::types::ConsentId;
use crate::error::{ApiResult, UnmetGuard};
use crate::offers::two_sided::TwoSided;
use crate::people::types::PersonId;
use crate::referrals::package::PackageField;
use crate::work::Unit;

/// A row that offers a case to another body. `offer!` implements it.
pub trait Offer: Grounded + TwoSided {
    /// The right to read what it shows of the case.
    const PACKAGE: Resource;

    /// The case and its person.
    fn about(&self) -> (CaseId, PersonId);
    fn consent_id(&self) -> Option<ConsentId>;
    fn fields(&self) -> ApiResult<Vec<PackageField>>;

    fn take_back(&mut self);
    fn rest_on(&mut self, consent: Option<ConsentId>);
    /// Takes out what was written and chosen.
    fn strip(&mut self);
    /// Takes over where the case is now, and who manages it. Tells whether that differs from before.
    fn stand_with(&mut self, case: &CaseRow) -> bool;

    /// The live ones of a locked case.
    fn live_of(unit: &mut Unit<'_>, case: &CaseRow) -> QueryResult<Vec<Self>>;
    /// The live ones that rest on a consent.
    fn resting(connection: &mut Connection, consent: ConsentId) -> QueryResult<Vec<Self::Id>>;
}

/// What an offer needs of the person to be made.
pub trait Grounded {
    /// The consent it rests on, or none where it has another basis; what is missing where it has neither.
    fn basis(&self, unit: &mut Unit<'_>) -> ApiResult<Result<Option<ConsentId>, Vec<UnmetGuard>>>;
}

/// Makes one of what the caller has been found to work with, once for each `Idempotency-Key`.
pub fn made<O: Offer, T>(
    unit: &mut Unit<'_>,
    own: ApiResult<T>,
    make: impl FnOnce(&mut Unit<'_>, O::Id, T) -> ApiResult<O>,
) -> ApiResult<O> {
    let row: O = two_sided::made(unit, own, make)?;
    unit.shows(Resource::Cases, [row.about().0.0]);
    Ok(row)
}

/// Makes a row an `Offer`: its type, its id's type, its table, its name in the feed, its resource and that of its package; its status when
/// it is live, taken back, and expired, the first as statements say it; and when its receiver may know of it, also as they say it.
#[macro_export]
macro_rules! offer {
    (
        $row:ident, $id:ident, $table:ident, $kind:literal, $resource:ident, $package:ident;
        $status:ident: $live:ident = $live_sql:literal, $taken_back:ident, $expired:ident; known while $known:expr, $known_sql:literal
    ) => {
        $crate::two_sided!(
            $row, $id, $table, $kind, $resource;
            $status: $live = $live_sql, $expired; known while $known, $known_sql;
            about |row| Some((row.case_id, row.person_id));
            confined |row| $crate::access::rights::Confinement::of(Some(&row.access_level), row.case_manager_id), true;
            // Whoever ends the case has them in this order, too.
            locked |unit, id| {
                let seen = <Self as $crate::offers::two_sided::TwoSided>::find(unit, id)?;
                $crate::cases::queries::lock(unit, seen.case_id)?;
                $crate::access::standing::Asks::lock(unit, Self::by_id(id))
            }
        );

        impl $crate::offers::Offer for $row {
            const PACKAGE: $crate::access::Resource = $crate::access::Resource::$package;

            fn about(&self) -> ($crate::cases::types::CaseId, $crate::people::types::PersonId) {
                (self.case_id, self.person_id)
            }

            fn consent_id(&self) -> Option<$crate::consents::types::ConsentId> {
                self.consent_id
            }

            fn fields(&self) -> $crate::error::ApiResult<Vec<$crate::referrals::package::PackageField>> {
                self.package_fields.read().map_err($crate::error::ApiError::fault)
            }

            fn take_back(&mut self) {
                self.status = $status::$taken_back;
            }

            fn rest_on(&mut self, consent: Option<$crate::consents::types::ConsentId>) {
                self.consent_id = consent;
            }

            fn strip(&mut self) {
                $crate::anonymity::ERASED.clone_into(&mut self.reason);
                self.package_fields = ::approdo_db::Json::of([(); 0]);
            }

            fn stand_with(&mut self, case: &$crate::cases::types::CaseRow) -> bool {
                use $crate::offers::two_sided::TwoSided as _;
                let before = (self.sending(), self.case_manager_id);
                self.owner_org_id = case.owner_org_id;
                self.territory_id = case.territory_id;
                self.target_group.clone_from(&case.target_group);
                self.access_level.clone_from(&case.access_level);
                self.case_manager_id = case.case_manager_id;
                (self.sending(), self.case_manager_id) != before
            }

            fn live_of(
                unit: &mut $crate::work::Unit<'_>,
                case: &$crate::cases::types::CaseRow,
            ) -> ::diesel::QueryResult<Vec<Self>> {
                use ::diesel::prelude::*;
                let of_case = $table::table.filter($table::case_id.eq(case.id));
                of_case.filter($table::status.eq($status::$live)).order($table::id).load(unit.connection)
            }

            fn resting(
                connection: &mut ::approdo_db::Connection,
                consent: $crate::consents::types::ConsentId,
            ) -> ::diesel::QueryResult<Vec<$id>> {
                use ::diesel::prelude::*;
                let resting = $table::table.filter($table::consent_id.eq(consent));
                resting.filter($table::status.eq($status::$live)).order($table::id).select($table::id).load(connection)
            }
        }
    };
}
