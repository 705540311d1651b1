//! What one body asks another to do for a person.

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Date, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    referrals (id) {
        id -> Uuid,
        case_id -> Uuid,
        person_id -> Uuid,
        part_of -> Nullable<Uuid>,
        from_org_id -> Uuid,
        to_org_id -> Nullable<Uuid>,
        service_id -> Nullable<Uuid>,
        offered_service_ids -> Document,
        handler_id -> Nullable<Uuid>,
        target_group -> Text,
        status -> Text,
        priority -> Text,
        reason -> Text,
        package_fields -> Document,
        legal_basis -> Nullable<Text>,
        consent_id -> Nullable<Uuid>,
        agreement_id -> Nullable<Uuid>,
        override_reason -> Nullable<Text>,
        terms -> Document,
        sent_at -> Nullable<Instant>,
        due_response_at -> Nullable<Instant>,
        due_completion_on -> Nullable<Date>,
        close_on -> Nullable<Date>,
        scheduled_at -> Nullable<Instant>,
        review_at -> Nullable<Date>,
        outcome_code -> Nullable<Text>,
        client_satisfaction -> Nullable<BigInt>,
        unconfirmed -> Bool,
        author_id -> Uuid,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::types::{Instant, Uuid};

    referral_recipients (referral_id, organisation_id) {
        referral_id -> Uuid,
        organisation_id -> Uuid,
        service_id -> Uuid,
        agreement_id -> Nullable<Uuid>,
        status -> Text,
        sent_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::types::{Instant, Uuid};

    referral_packages (referral_id) {
        referral_id -> Uuid,
        content -> Text,
        sha256 -> Text,
        frozen_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::types::{Instant, Uuid};

    referral_pauses (id) {
        id -> Uuid,
        referral_id -> Uuid,
        kind -> Text,
        since -> Instant,
        until -> Nullable<Instant>,
        norm -> Nullable<Text>,
        note -> Nullable<Text>,
        author_id -> Uuid,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
    use crate::types::{Instant, Uuid};

    partner_links (id) {
        id -> Uuid,
        referral_id -> Uuid,
        follows_id -> Nullable<Uuid>,
        token_hash -> Binary,
        code_hash -> Binary,
        language -> Nullable<Text>,
        note -> Nullable<Text>,
        may_return -> Bool,
        expires_at -> Instant,
        failed_attempts -> BigInt,
        used_at -> Nullable<Instant>,
        answer_hash -> Nullable<Binary>,
        answer_expires_at -> Nullable<Instant>,
        answered_at -> Nullable<Instant>,
        revoked_at -> Nullable<Instant>,
        author_id -> Uuid,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}
