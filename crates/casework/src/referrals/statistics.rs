//! How referrals end, and with whom it lay where they failed (domain 12). They are counted for who may list them one by one: nothing more
//! is told than there, so nothing is suppressed; what is published is for the observatory.

use std::collections::BTreeMap;

use actix_web::get;
use approdo_db::{Prepared, Timestamp, Value};
use chrono::{Days, NaiveDate, NaiveTime};
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::policy;
use crate::access::rights::HeldGrant;
use crate::access::scope::{of_organisations, of_target_groups};
use crate::access::standing::Asks as _;
use crate::access::{Action, Resource};
use crate::clock;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Door, Parameters, Reader, reading};
use crate::referrals::list::{Mailbox, sent_by};
use crate::referrals::rules::{Ending, Outcome, ReferralStatus};

/// Days that statistics can be about.
const DAYS: i64 = 3_700;

/// What to count.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReferralStatisticsQuery {
    /// What reaches you, or what you send; the inbox when absent.
    r#box: Option<Mailbox>,
    /// Referrals sent from this day on (UTC); a year before `to` when absent.
    #[serde(default, deserialize_with = "reading::optional_day")]
    from: Option<NaiveDate>,
    /// Referrals sent before this day (UTC), after `from`, within ten years; tomorrow when absent.
    #[serde(default, deserialize_with = "reading::optional_day")]
    to: Option<NaiveDate>,
}

/// How the referrals to services of one type ended.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct ReferralCounts {
    /// A code of `service_types`.
    #[schema(max_length = 40)]
    pub service_type: String,
    /// All that were sent.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub sent: i64,
    /// Those not over yet.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub under_way: i64,
    /// Done, confirmed or not.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub completed: i64,
    /// Not done, and it lay with the person.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub not_completed_client_side: i64,
    /// Not done, and it lay with the provider.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub not_completed_provider_side: i64,
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub declined_client_side: i64,
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub declined_provider_side: i64,
    /// Not answered in time.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub expired: i64,
    /// Taken back by the sender.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub cancelled: i64,
    /// Ended because a consent was withdrawn; counted for the sender.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub consent_revoked: i64,
}

impl ReferralCounts {
    /// Counts referrals that stand like this.
    fn add(&mut self, status: ReferralStatus, outcome: Option<Outcome>, count: i64) {
        let counter = match Ending::of(status, outcome) {
            Some(Ending::Completed) => &mut self.completed,
            Some(Ending::NotCompletedClientSide) => &mut self.not_completed_client_side,
            Some(Ending::NotCompletedProviderSide) => &mut self.not_completed_provider_side,
            Some(Ending::DeclinedClientSide) => &mut self.declined_client_side,
            Some(Ending::DeclinedProviderSide) => &mut self.declined_provider_side,
            Some(Ending::Expired) => &mut self.expired,
            Some(Ending::Cancelled) => &mut self.cancelled,
            Some(Ending::ConsentRevoked) => &mut self.consent_revoked,
            None if matches!(status, ReferralStatus::EnteredInError | ReferralStatus::Draft) => return,
            None => &mut self.under_way,
        };
        *counter += count;
        self.sent += count;
    }
}

/// How referrals ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReferralStatistics {
    /// Which side was counted.
    pub r#box: Mailbox,
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// By type of service.
    #[schema(max_items = 1000)]
    pub items: Vec<ReferralCounts>,
}

/// Count referrals by how they ended.
///
/// By type of service, each failure with whom it lay. A referral to several organisations counts once somebody has claimed it; what was
/// entered in error counts nowhere.
#[utoipa::path(
    tag = "Referrals",
    params(ReferralStatisticsQuery),
    responses((status = 200, description = "The counts.", body = ReferralStatistics))
)]
#[get("/referrals/statistics")]
pub async fn read_referral_statistics(
    door: Door,
    caller: Caller<actions::List, resources::Referrals>,
    query: Parameters<ReferralStatisticsQuery>,
) -> ApiResult<Answer> {
    door.read("read_referral_statistics", caller, move |reader| {
        let asked = query.read()?;
        let to = asked.to.or_else(|| clock::date_of(reader.now).succ_opt()).unwrap_or(NaiveDate::MAX);
        let from = asked.from.unwrap_or(to - Days::new(365));
        let days = (to - from).num_days();
        if !(1..=DAYS).contains(&days) {
            return Err(ApiError::malformed("to: must be after from, within ten years"));
        }
        let r#box = asked.r#box.unwrap_or(Mailbox::Inbox);
        let mut counts: BTreeMap<String, ReferralCounts> = BTreeMap::new();
        for (service_type, status, outcome, count) in counted(reader, (from, to), r#box)? {
            let of_type = counts.entry(service_type.clone()).or_default();
            of_type.service_type = service_type;
            of_type.add(status, outcome, count);
        }
        Answer::ok(&ReferralStatistics { r#box, from, to, items: counts.into_values().collect() })
    })
    .await
}

type Counted = (String, ReferralStatus, Option<Outcome>, i64);
type Columns = (Text, Text, Nullable<Text>, BigInt);

fn counted(reader: &mut Reader<'_>, (from, to): (NaiveDate, NaiveDate), r#box: Mailbox) -> ApiResult<Vec<Counted>> {
    let rights = reader.rights.clone();
    let grants = rights.grants_for(Action::List, Resource::Referrals);
    let inbox = r#box == Mailbox::Inbox;
    let sends = |grant: &&&HeldGrant| inbox || policy::allows(grant.role, Action::Read, Resource::Cases);
    let grants: Vec<&HeldGrant> = grants.iter().filter(sends).copied().collect();
    if grants.is_empty() {
        return Ok(Vec::new());
    }
    let begin = |day: NaiveDate| Value::Instant(Timestamp::new(day.and_time(NaiveTime::MIN).and_utc()));
    let mut statement = Prepared::<Columns>::select("s.service_type, x.status, x.outcome_code, count(*)")
        .sql(
            " FROM referrals x JOIN cases r ON r.id = x.case_id JOIN services s ON s.id = x.service_id WHERE x.sent_at >= ",
        )
        .bind(begin(from))
        .sql(" AND x.sent_at < ")
        .bind(begin(to))
        .sql(" AND (1 = 0");
    for grant in grants {
        // A row that two grants reach counts once.
        statement = if inbox {
            let statement =
                statement.sql(" OR (x.status NOT IN ('consent_revoked', 'entered_in_error') AND x.to_org_id");
            of_target_groups(of_organisations(statement, grant), "x.target_group", grant).sql(")")
        } else {
            sent_by(statement.sql(" OR "), grant, rights.principal)
        };
    }
    reader.load(statement.sql(") GROUP BY s.service_type, x.status, x.outcome_code"))
}
