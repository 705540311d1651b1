//! What people and cases are called in other systems. An external id belongs to one person, or one case, of the whole
//! deployment: a register that sends the same file twice must find it again, whoever owns it here.
//!
//! Tax codes are no external ids: external ids stand in addresses, and a tax code must not (api.md, "Security").

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use approdo_db::schema::external_ids;
use approdo_db::types::RowId;
use approdo_db::{Json, on_backend};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::access::standing::Asks;
use crate::app::App;
use crate::codes;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::work::Unit;

/// External ids one row may have.
pub const MAX: usize = 20;

/// The id of a row in another system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExternalId {
    /// A code of `external_systems`.
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40, pattern = "^[a-z][a-z0-9_]*$", example = "social_records")]
    pub system: String,
    /// As that system writes it. Not a tax code.
    #[validate(length(min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*$", example = "UD-2026-00471")]
    pub value: String,
}

/// The rows that can have external ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Person,
    Case,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Case => "case",
        }
    }
}

/// Whether a text has the form of an Italian tax code, letters in place of digits included (Ministerial Decree of 23 December
/// 1976, art. 6). Its check character is not looked at: a mistyped one still tells who it is.
pub fn is_tax_code(value: &str) -> bool {
    // Where a tax code has letters (a) and where digits (d).
    const FORM: &[u8; 16] = b"aaaaaaddaddaddda";
    let written: Vec<u8> = value.bytes().filter(u8::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    let is_digit = |c: u8| c.is_ascii_digit() || b"LMNPQRSTUV".contains(&c);
    written.len() == FORM.len()
        && written
            .iter()
            .zip(FORM)
            .all(|(c, place)| if *place == b'd' { is_digit(*c) } else { c.is_ascii_alphabetic() })
}

fn unfit(value: &str) -> Option<&'static str> {
    let begins = value.starts_with(|first: char| first.is_ascii_alphanumeric());
    let written = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    if !begins || !value.chars().all(written) || value.len() > 100 {
        Some("must be 1 to 100 letters, digits and . _ -, a letter or digit in front")
    } else if is_tax_code(value) {
        Some("a tax code is no external id: it must not stand in an address")
    } else {
        None
    }
}

/// The external ids of a row as it keeps them: each once, in order. 422 for what does not fit.
pub fn checked(app: &App, ids: Vec<ExternalId>) -> ApiResult<Vec<ExternalId>> {
    if ids.len() > MAX {
        return Err(ApiError::invalid_member("external_ids", format!("must have at most {MAX} items")));
    }
    for (index, id) in ids.iter().enumerate() {
        codes::check(app, "external_systems", &format!("external_ids/{index}/system"), &id.system)?;
        if let Some(reason) = unfit(&id.value) {
            return Err(ApiError::invalid_member(&format!("external_ids/{index}/value"), reason));
        }
    }
    let mut ids = ids;
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// External ids with one more, if it is not among them.
pub fn with(mut ids: Vec<ExternalId>, key: &ExternalId) -> Vec<ExternalId> {
    if !ids.contains(key) {
        ids.push(key.clone());
    }
    ids
}

/// The external ids a row keeps.
pub fn of(kept: &Json) -> Vec<ExternalId> {
    kept.read().unwrap_or_default()
}

/// An external id in a path, as the contract tells it.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "it describes a path, and holds none")]
pub struct ForeignKeyPath {
    /// A code of `external_systems`.
    #[param(min_length = 1, max_length = 40, pattern = "^[a-z][a-z0-9_]*$", example = "social_records")]
    system: String,
    /// As that system writes it.
    #[param(min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*$", example = "UD-2026-00471")]
    value: String,
}

/// An external id in a path.
#[derive(Debug, Clone)]
pub struct ForeignKey(pub ExternalId);

impl FromRequest for ForeignKey {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let part = |name: &str| request.match_info().get(name).unwrap_or_default().to_owned();
        let id = ExternalId { system: part("system"), value: part("value") };
        ready(match unfit(&id.value) {
            Some(reason) => Err(ApiError::malformed(format!("the external id in the path: {reason}"))),
            None => Ok(Self(id)),
        })
    }
}

impl ForeignKey {
    /// The row that has this external id, whether the caller may see it or not. 404 for a system that is not known.
    pub fn find(&self, asks: &mut impl Asks, app: &App, kind: Kind) -> ApiResult<Option<Uuid>> {
        if !app.codes.contains("external_systems", &self.0.system) {
            return Err(ApiError::not_found());
        }
        let (connection, _) = asks.parts();
        let found: Option<RowId> = external_ids::table
            .find((kind.as_str(), &self.0.system, &self.0.value))
            .select(external_ids::resource_id)
            .first(connection)
            .optional()?;
        Ok(found.map(|id| id.0))
    }

    /// Takes the external id for a row about to be made; false where a concurrent request has made one.
    pub fn claim(&self, unit: &mut Unit<'_>, kind: Kind, row: Uuid) -> ApiResult<bool> {
        claim(unit, kind, row, &self.0)
    }
}

fn claim(unit: &mut Unit<'_>, kind: Kind, row: Uuid, id: &ExternalId) -> ApiResult<bool> {
    let values = (
        external_ids::resource.eq(kind.as_str()),
        external_ids::system.eq(&id.system),
        external_ids::value.eq(&id.value),
        external_ids::resource_id.eq(RowId(row)),
    );
    // A concurrent request that takes the same one holds it until it commits; this waits up to the lock timeout.
    let inserted = on_backend!(&mut *unit.connection, c => {
        diesel::insert_into(external_ids::table).values(values).on_conflict_do_nothing().execute(c)
    })?;
    Ok(inserted == 1)
}

/// Gives a new row its external ids, as [`keep`] does.
pub fn give(unit: &mut Unit<'_>, kind: Kind, row: Uuid, ids: &[ExternalId]) -> ApiResult<()> {
    // Most have none: there is nothing to ask the database.
    if ids.is_empty() { Ok(()) } else { keep(unit, kind, row, ids) }
}

/// Makes a row's external ids these, under its lock. 409 where another row has one of them, in the caller's sight or not: an
/// id that is to be found again can only be given once.
pub fn keep(unit: &mut Unit<'_>, kind: Kind, row: Uuid, ids: &[ExternalId]) -> ApiResult<()> {
    let held: Vec<(String, String)> = external_ids::table
        .filter(external_ids::resource.eq(kind.as_str()))
        .filter(external_ids::resource_id.eq(RowId(row)))
        .select((external_ids::system, external_ids::value))
        .load(unit.connection)?;
    let held: Vec<ExternalId> = held.into_iter().map(|(system, value)| ExternalId { system, value }).collect();
    for gone in held.iter().filter(|id| !ids.contains(id)) {
        let gone = external_ids::table.find((kind.as_str(), &gone.system, &gone.value));
        diesel::delete(gone).execute(unit.connection)?;
    }
    for new in ids.iter().filter(|id| !held.contains(id)) {
        if !claim(unit, kind, row, new)? {
            let detail = "another row has one of these external ids";
            return Err(ApiError::unmet(vec![UnmetGuard::new("external_id_free", detail)]));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
