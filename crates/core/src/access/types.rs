//! Ids and enums that access shares with every area.

use approdo_db::{define_id, text_enum};
use utoipa::ToSchema;

define_id! {
    /// The id of a caller: a person or a machine client.
    #[derive(ToSchema)]
    PrincipalId;
    /// The id of a session: from a login to its end.
    SessionId;
    /// The id of a grant.
    #[derive(ToSchema)]
    GrantId;
    /// The id of an organisation.
    #[derive(ToSchema)]
    OrganisationId;
    /// The id of a territory.
    #[derive(ToSchema)]
    TerritoryId;
}

text_enum! {
    /// What kind of caller acts.
    #[derive(ToSchema)]
    ActorKind {
        User = "user",
        ApiClient = "api_client",
        System = "system",
        /// A partner without an account, by a link (domain 14): the actor is the link.
        Partner = "partner",
    }

    /// Where a caller stands: invited callers have no password yet, deactivated ones are refused everywhere.
    #[derive(ToSchema)]
    PrincipalStatus {
        Invited = "invited",
        Active = "active",
        Deactivated = "deactivated",
    }
}

/// The deployment itself, where no caller acts.
pub const SYSTEM: PrincipalId = PrincipalId(uuid::Uuid::nil());
