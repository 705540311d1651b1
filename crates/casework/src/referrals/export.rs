//! What is told of referrals to the person they are about (GDPR art. 15): whom they reached, and what travelled.

use approdo_db::Connection;
use approdo_db::schema::referral_pauses;
use diesel::prelude::*;
use serde_json::{Value, json};

use crate::error::{ApiError, ApiResult};
use crate::referrals::extensions::PauseRow;
use crate::referrals::types::ReferralRow;
use crate::referrals::{access, package, partner_links};

/// A referral with whom it reached, what travelled, and when its clock stood still.
pub fn whole(connection: &mut Connection, row: &ReferralRow) -> ApiResult<Value> {
    let recipients = access::recipients(connection, row.id)?;
    let reached: Vec<Value> = recipients
        .iter()
        .map(
            |row| json!({"organisation_id": row.organisation_id, "service_id": row.service_id, "sent_at": row.sent_at}),
        )
        .collect();
    let package = match package::of_referral(connection, row.id)? {
        Some(package) => {
            let content: Value = serde_json::from_str(&package.content).map_err(ApiError::fault)?;
            json!({"content": content, "sha256": package.sha256, "frozen_at": package.frozen_at})
        }
        None => Value::Null,
    };
    let pauses: Vec<PauseRow> = referral_pauses::table
        .filter(referral_pauses::referral_id.eq(row.id))
        .order(referral_pauses::id)
        .load(connection)?;
    let pauses: Vec<Value> = pauses
        .into_iter()
        .map(
            |row| json!({"kind": row.kind, "since": row.since, "until": row.until, "norm": row.norm, "note": row.note}),
        )
        .collect();
    let mut referral = serde_json::to_value(row).map_err(ApiError::fault)?;
    if let Some(members) = referral.as_object_mut() {
        // Who works there is the receiver's own.
        members.remove("handler_id");
        if row.part_of.is_some() {
            members.remove("author_id");
        }
    }
    let links = partner_links::records::all_of(connection, row.id)?;
    let links: Vec<Value> = links
        .into_iter()
        .map(|link| {
            json!({"id": link.id, "created_at": link.created_at, "expires_at": link.expires_at, "used_at": link.used_at,
                "answered_at": link.answered_at, "revoked_at": link.revoked_at, "note": link.note})
        })
        .collect();
    Ok(json!({
        "referral": referral, "recipients": reached, "package": package, "pauses": pauses, "partner_links": links,
    }))
}
