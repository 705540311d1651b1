//! Paths of access, code lists, territories, the feed, the audit trail and the deployment itself.

use crate::access::{api_clients, auth, grants, users};
use crate::changes;
use crate::codes;
use crate::operations::{sandbox, status};
use crate::profile as territory_profile;
use crate::sync::audit;
use crate::territory::{
    codes as territory_codes, event_handlers as territory_events, figures as territory_figures, memberships,
    searches as territory_searches, territories,
};

operations! {
    "status": [
        status::read_status,
    ],
    "sandbox": [
        sandbox::read_sandbox_clock,
        sandbox::replace_sandbox_clock,
    ],
    "auth": [
        auth::create_token,
        auth::revoke_token,
        auth::create_password,
    ],
    "users": [
        users::list_users,
        users::create_user,
        users::read_user,
        users::edit_user,
        users::create_password_reset,
    ],
    "api-clients": [
        api_clients::list_api_clients,
        api_clients::create_api_client,
        api_clients::read_api_client,
        api_clients::edit_api_client,
        api_clients::create_api_client_secret,
    ],
    "grants": [
        grants::list_grants,
        grants::create_grant,
        grants::read_grant,
        grants::delete_grant,
    ],
    "territories": [
        territories::list_territories,
        territories::create_territory,
        territories::read_territory,
        territories::edit_territory,
        territory_codes::list_territory_codes,
        territory_codes::create_territory_code,
        territory_events::list_territory_events,
        territory_events::create_territory_event,
        territory_events::read_territory_event,
        territory_figures::list_territory_figures,
        territory_figures::create_territory_figure,
        territory_profile::read_territory_profile,
        territory_searches::search_territories,
        memberships::list_memberships,
        memberships::create_membership,
        memberships::read_membership,
        memberships::edit_membership,
    ],
    "code-lists": [
        codes::lists::list_code_lists,
        codes::lists::read_code_list,
        codes::versions::list_code_list_versions,
        codes::versions::create_code_list_version,
    ],
    "code-list-versions": [
        codes::versions::read_code_list_version,
    ],
    "changes": [
        changes::list_changes,
    ],
    "audit-records": [
        audit::list_audit_records,
    ],
    "audit-seals": [
        audit::list_audit_seals,
    ],
}
