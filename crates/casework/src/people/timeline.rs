//! A person's legal statuses in time (domain 5): pure. Statuses never overlap; gaps and odd changes are told, never blocked.

use approdo_db::text_enum;
use chrono::NaiveDate;
use utoipa::ToSchema;

use crate::periods::Period;

text_enum! {
    /// What brought a legal status about.
    #[derive(ToSchema)]
    ChangeKind {
        First = "first",
        Renewal = "renewal",
        Conversion = "conversion",
        Recognition = "recognition",
        Loss = "loss",
        ComingOfAge = "age_18",
        Citizenship = "citizenship",
    }

    /// How the document of a legal status stands.
    #[derive(ToSchema)]
    DocumentStatus {
        Valid = "valid",
        /// A renewal was asked for; the former entitlement is kept meanwhile.
        RenewalPending = "renewal_pending",
        Expired = "expired",
        Refused = "refused",
        Appealed = "appealed",
        Revoked = "revoked",
        Converted = "converted",
        /// It never held: it stands in nobody's way.
        EnteredInError = "entered_in_error",
    }
}

/// The days without any status just before and just after a period that overlaps none of the timeline: each from its first day
/// to the first day after it. Before the first and after the last status there is no gap.
pub fn gaps(timeline: &[Period], new: Period) -> Vec<(NaiveDate, NaiveDate)> {
    let before = timeline.iter().filter(|period| period.from < new.from).map(|period| period.end()).max();
    let after = timeline.iter().filter(|period| period.from > new.from).map(|period| period.from).min();
    let left = before.filter(|end| *end < new.from).map(|end| (end, new.from));
    let right = after.filter(|start| new.end() < *start).map(|start| (new.end(), start));
    left.into_iter().chain(right).collect()
}

/// What is odd about a status after the one before it, if anything: a sentence. `categories` are codes of `residence_statuses`.
pub fn oddity(before: Option<&str>, category: &str, change: ChangeKind) -> Option<&'static str> {
    const PROTECTED: [&str; 4] = ["refugee", "subsidiary", "special", "temporary_protection"];
    let Some(before) = before else {
        return (change != ChangeKind::First).then_some("there is no status before it, so it is usually 'first'");
    };
    let same = before == category;
    match change {
        ChangeKind::First => Some("there is a status before it, so it is not the first"),
        ChangeKind::Renewal if !same => Some("a renewal keeps the category"),
        ChangeKind::Conversion if same => Some("a conversion changes the category"),
        ChangeKind::ComingOfAge if before != "unaccompanied_minor" => {
            Some("coming of age follows the status of an unaccompanied minor")
        }
        ChangeKind::Citizenship if category != "naturalised" => Some("citizenship leads to 'naturalised'"),
        ChangeKind::Recognition if before != "asylum_applicant" && before != "unaccompanied_minor" => {
            Some("a recognition usually follows an application for asylum")
        }
        _ if before == "naturalised" => Some("who has become a citizen holds no residence status"),
        _ if before == "eu_citizen" && category != "naturalised" => {
            Some("a citizen of the Union needs no other status")
        }
        _ if category == "asylum_applicant" && PROTECTED.contains(&before) => {
            Some("who is protected usually does not apply for asylum again")
        }
        _ => None,
    }
}

/// Whether a document usually goes that way. Others are told, not refused: authorities decide, not we.
pub fn usual_move(from: DocumentStatus, to: DocumentStatus) -> bool {
    use DocumentStatus::{Appealed, Converted, EnteredInError, Expired, Refused, RenewalPending, Revoked, Valid};
    match (from, to) {
        (EnteredInError, _) => false,
        (_, EnteredInError) => true,
        (Valid, RenewalPending | Expired | Revoked | Converted)
        | (RenewalPending, Valid | Refused | Expired | Converted)
        | (Expired, RenewalPending | Valid)
        | (Refused, Appealed | Expired)
        | (Revoked, Appealed)
        | (Appealed, Valid | Refused | Revoked) => true,
        _ => false,
    }
}
