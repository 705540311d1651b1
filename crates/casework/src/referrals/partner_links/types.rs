//! A partner's link: the row, and what the sender's side is shown of it.

use approdo_db::schema::partner_links;
use approdo_db::{Timestamp, define_id};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::PrincipalId;
use crate::access::rights::Rights;
use crate::http::forms::language_code;
use crate::http::{Checked, reading};
use crate::page_of;
use crate::referrals::partner_links::rules::{Facts, PartnerLinkState};
use crate::referrals::types::ReferralId;

/// Hours a link can be used where its maker does not say: a week.
const DEFAULT_HOURS: i64 = 7 * 24;

define_id! {
    /// The id of a partner's link.
    #[derive(ToSchema)]
    PartnerLinkId;
}

/// The row. Of the secrets it has digests, which no record of it repeats.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = partner_links, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct PartnerLinkRow {
    pub id: PartnerLinkId,
    pub referral_id: ReferralId,
    /// The link by which the referral was accepted, where this one is for completing it.
    pub follows_id: Option<PartnerLinkId>,
    #[serde(skip)]
    pub token_hash: Vec<u8>,
    #[serde(skip)]
    pub code_hash: Vec<u8>,
    pub language: Option<String>,
    pub note: Option<String>,
    /// Whether an acceptance gives a link to complete by.
    pub may_return: bool,
    pub expires_at: Timestamp,
    pub failed_attempts: i64,
    pub used_at: Option<Timestamp>,
    #[serde(skip)]
    pub answer_hash: Option<Vec<u8>>,
    pub answer_expires_at: Option<Timestamp>,
    pub answered_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// Who gave it; of one for completing, who gave the first.
    pub author_id: PrincipalId,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl PartnerLinkRow {
    pub fn facts(&self) -> Facts {
        Facts {
            used: self.used_at.is_some(),
            failed_attempts: self.failed_attempts,
            revoked_at: self.revoked_at,
            expires_at: self.expires_at,
        }
    }

    pub fn state(&self, now: Timestamp) -> PartnerLinkState {
        self.facts().state(now)
    }

    /// Whether something can still be done by it: it can be used, or what it opened can be answered.
    pub fn is_live(&self, now: Timestamp) -> bool {
        let opened = self.revoked_at.is_none() && self.answered_at.is_none();
        match self.used_at {
            None => self.revoked_at.is_none(),
            Some(_) => opened && self.answer_expires_at.is_some_and(|end| end > now),
        }
    }

    /// The rights of whoever uses it: none but what the operation on it lets them do.
    pub fn rights(&self) -> std::sync::Arc<Rights> {
        Rights::of_partner(self.id.0)
    }
}

/// A link to give to a partner.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"valid_hours": 240, "language": "it", "note": "Read out on the telephone to the secretary."}))]
pub struct NewPartnerLink {
    /// Hours it can be used: from a day to thirty, a week when absent.
    #[validate(range(min = 24, max = 720))]
    #[serde(default, deserialize_with = "reading::optional_whole")]
    #[schema(nullable = false, minimum = 24, maximum = 720)]
    pub valid_hours: Option<i64>,
    /// The language the partner is to be addressed in (ISO 639-1).
    #[validate(custom(function = "language_code"))]
    #[schema(nullable = false, min_length = 2, max_length = 2, pattern = "^[a-z]{2}$")]
    pub language: Option<String>,
    /// Whether the partner is given another link on accepting, to complete by; the code stays the same. True when absent.
    #[schema(nullable = false)]
    pub may_return: Option<bool>,
    /// For the sender's side alone.
    #[validate(length(min = 1, max = 2000))]
    #[schema(nullable = false, min_length = 1, max_length = 2000)]
    pub note: Option<String>,
}

impl Checked for NewPartnerLink {}

impl NewPartnerLink {
    pub fn seconds(&self) -> i64 {
        self.valid_hours.unwrap_or(DEFAULT_HOURS) * 3600
    }
}

/// A link that was given to a partner.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartnerLink {
    pub id: PartnerLinkId,
    pub referral_id: ReferralId,
    /// The link by which the referral was accepted, where this one is for completing it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub follows_id: Option<PartnerLinkId>,
    pub state: PartnerLinkState,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 2, max_length = 2, pattern = "^[a-z]{2}$")]
    pub language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2000)]
    pub note: Option<String>,
    pub may_return: bool,
    pub expires_at: Timestamp,
    /// Wrong codes: the fifth blocks the link.
    #[schema(minimum = 0, maximum = 5)]
    pub failed_attempts: i64,
    /// When the package was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub used_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub answered_at: Option<Timestamp>,
    /// When it was taken back, by hand, by another link, or because the referral ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub revoked_at: Option<Timestamp>,
    /// Who gave it.
    pub author_id: PrincipalId,
    /// To send to the partner: its secret is in the fragment, which no browser sends to a server. Told once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uri", max_length = 2048)]
    pub url: Option<String>,
    /// To tell the partner by another way: on the telephone, not in the same letter. Told once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 8, max_length = 8, pattern = "^[2-9A-HJ-NP-Z]{8}$")]
    pub access_code: Option<String>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl PartnerLink {
    pub fn shown(row: PartnerLinkRow, now: Timestamp) -> Self {
        Self {
            id: row.id,
            referral_id: row.referral_id,
            follows_id: row.follows_id,
            state: row.state(now),
            language: row.language,
            note: row.note,
            may_return: row.may_return,
            expires_at: row.expires_at,
            failed_attempts: row.failed_attempts,
            used_at: row.used_at,
            answered_at: row.answered_at,
            revoked_at: row.revoked_at,
            author_id: row.author_id,
            url: None,
            access_code: None,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

page_of! {
    /// A page of links to partners.
    PartnerLinkPage of PartnerLink
}

/// A link to take back: nothing needs to be said.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct NewPartnerLinkRevocation {}

impl Checked for NewPartnerLinkRevocation {}
