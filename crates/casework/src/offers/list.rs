//! Inbox and outbox of what is between two bodies, newest first.

use std::cmp::Reverse;

use approdo_db::types::RowId;
use approdo_db::{Prepared, Value};
use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use uuid::Uuid;
use validator::Validate;

use super::two_sided::{self, Sides, TwoSided};
use crate::access::reach;
use crate::access::rights::HeldGrant;
use crate::access::scope::{self, of_organisations, of_target_groups};
use crate::access::{Action, PrincipalId};
use crate::cases::types::CaseId;
use crate::clock;
use crate::error::ApiResult;
use crate::http::page::{PageOf, Paged};
use crate::http::{Parameters, Reader};
use crate::referrals::list::Mailbox;

/// What a list asks for.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub of: Option<Mailbox>,
    pub status: Option<&'static str>,
    /// Of the outbox.
    pub case_id: Option<CaseId>,
    after: Option<Uuid>,
    limit: i64,
    today: NaiveDate,
}

/// What statements say of one kind.
pub struct Words {
    /// What its receiver may know.
    pub known: &'static str,
    /// Whether its receiver may know of one that has expired.
    pub known_when_over: bool,
    /// The state of a live one.
    pub live: &'static str,
    /// `(live and ends after `, to be followed by today and a bracket.
    pub is_live: &'static str,
    /// `(live and has ended by `, likewise.
    pub is_over: &'static str,
    /// Whether a case's access level or manager confines it for who makes it.
    pub is_confined: bool,
}

/// The state that every kind has when its day has come.
const EXPIRED: &str = "expired";

impl Wanted {
    pub fn new(of: Option<Mailbox>, status: Option<&'static str>, case_id: Option<CaseId>) -> Self {
        Self { of, status, case_id, after: None, limit: 0, today: NaiveDate::MIN }
    }

    fn is_outbox(&self) -> bool {
        self.of == Some(Mailbox::Outbox)
    }

    /// Narrows rows aliased `r`, after ` WHERE `, to those of one grant: what is made to its organisations and they may know of, or what
    /// they make of cases that it reaches.
    pub fn narrow<ST>(
        &self,
        statement: Prepared<ST>,
        words: &Words,
        grant: &HeldGrant,
        principal: PrincipalId,
    ) -> Prepared<ST> {
        let today = || Value::Date(self.today);
        let mut statement = if self.is_outbox() {
            let statement = of_organisations(statement.sql("r.owner_org_id"), grant)
                .sql(" AND r.territory_id IN (SELECT territory_id FROM grant_scopes WHERE grant_id = ")
                .bind(grant.id)
                .sql(")");
            if words.is_confined {
                reach::confined(statement, grant, principal)
            } else {
                of_target_groups(statement, "r.target_group", grant)
            }
        } else {
            let statement = of_organisations(statement.sql("r.to_org_id"), grant);
            of_target_groups(statement, "r.target_group", grant).sql(" AND ").sql(words.known)
        };
        if !self.is_outbox() && !words.known_when_over {
            statement = statement.sql(" AND r.expires_on > ").bind(today());
        }
        // What is over today may not be recorded yet.
        statement = match self.status {
            None => statement,
            Some(status) if status == words.live => statement.sql(" AND ").sql(words.is_live).bind(today()).sql(")"),
            Some(EXPIRED) => statement.sql(" AND (r.status = 'expired' OR ").sql(words.is_over).bind(today()).sql("))"),
            Some(status) => statement.sql(" AND r.status = ").bind(Value::Text(status.to_owned())),
        };
        if let Some(case) = self.case_id {
            statement = statement.sql(" AND r.case_id = ").bind(case);
        }
        if let Some(id) = self.after {
            statement = statement.sql(" AND r.id < ").bind(Value::Uuid(RowId(id)));
        }
        statement.sql(" ORDER BY r.id DESC LIMIT ").bind(Value::BigInt(self.limit))
    }
}

/// A page of what a caller's grants reach, as the caller may see it.
pub fn page<R: TwoSided, S, Q: DeserializeOwned + Validate + Paged>(
    reader: &mut Reader<'_>,
    query: &Parameters<Q>,
    ask: impl FnOnce(&Q) -> Wanted,
    shown: impl Fn(R, &Sides) -> ApiResult<S>,
) -> ApiResult<PageOf<S>> {
    let asked = query.read()?;
    let request = reader.page(query, asked.limit(), asked.cursor());
    let today = clock::date_of(reader.now);
    let wanted = Wanted { after: request.after()?, limit: request.limit() + 1, today, ..ask(&asked) };
    let rights = reader.rights.clone();
    // Who is told of an offer is not told which case it is of.
    let rows = if !wanted.is_outbox() && wanted.case_id.is_some() {
        Vec::new()
    } else {
        let grants = rights.grants_for(Action::List, R::RESOURCE);
        let position = |row: &R| Reverse(row.identity().0);
        scope::merged(&grants, wanted.limit, |grant| R::listed(reader, grant, &wanted), position)?
    };
    let now = reader.now;
    let page = request.page(rows, |row: &R| row.identity().0)?;
    reader.shows(R::RESOURCE, page.items.iter().map(|row| row.identity().0));
    page.try_map(|row| {
        let row = two_sided::as_of(row, now);
        let sides = two_sided::sides(&row, &rights);
        shown(row, &sides)
    })
}
