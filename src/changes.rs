//! The change feed (domain 44): thin events in commit-safe order within the reader's scope.

use actix_web::get;
use approdo_db::Timestamp;
use approdo_db::schema::changes;
use approdo_db::types::{RowId, Texts};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::rights::{Confinement, Place, Rights};
use crate::access::{Action, ActorKind, FieldGroup, OrganisationId, PrincipalId, Resource, TerritoryId};
use crate::cases::assessments::GUARDED as ASSESSMENT_FIELDS;
use crate::cases::household_members::GUARDED as COVERED_FIELDS;
use crate::cases::plans::GUARDED as PLAN_FIELDS;
use crate::cases::types::GUARDED as CASE_FIELDS;
use crate::consents::types::GUARDED as CONSENT_FIELDS;
use crate::error::{self, ApiError, ApiResult};
use crate::http::page::PageLinks;
use crate::http::texts::{Address, MemberName};
use crate::http::{Answer, Door, Parameters, Reader};
use crate::people::contacts::GUARDED as CONTACT_FIELDS;
use crate::people::household_members::GUARDED as HOUSEHOLD_MEMBER_FIELDS;
use crate::people::households::GUARDED as HOUSEHOLD_FIELDS;
use crate::people::legal_statuses::GUARDED as LEGAL_STATUS_FIELDS;
use crate::people::relations::GUARDED as RELATION_FIELDS;
use crate::people::types::GUARDED as PERSON_FIELDS;
use crate::work::ChangeId;

/// Events a page has at most.
const MAX_LIMIT: i64 = 1_000;
const DEFAULT_LIMIT: i64 = 100;

/// One event.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeEvent {
    pub id: ChangeId,
    /// `case.created`, `case.updated`, … or `scope.changed`.
    #[schema(max_length = 60, example = "case.updated")]
    pub r#type: String,
    /// The row it happened to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub resource: Option<ResourceLink>,
    /// The version the change gave the row.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 9007199254740991_i64)]
    pub version: Option<i64>,
    /// What to do with a copy: `upsert`, `delete`, `access_removed` (the row left your scope), `resync` (read `resync` again).
    #[schema(max_length = 20, pattern = "^(upsert|delete|access_removed|resync)$")]
    pub operation: &'static str,
    pub at: Timestamp,
    pub actor_kind: ActorKind,
    /// Names of the members that changed, as far as you may read them.
    #[schema(value_type = Vec<MemberName>, max_items = 60)]
    pub changed_fields: Vec<String>,
    /// With `scope.changed`: the lists to read again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Address>, required = false, max_items = 20)]
    pub resync: Vec<String>,
}

/// The row an event is about.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResourceLink {
    /// `case`, `person`, `task` …
    #[schema(max_length = 40)]
    pub kind: &'static str,
    pub id: Uuid,
    /// Where to read it.
    #[schema(format = "uri", max_length = 400)]
    pub href: String,
}

/// A page of the feed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangePage {
    #[schema(max_items = 1000)]
    pub items: Vec<ChangeEvent>,
    #[schema(minimum = 1, maximum = 1000)]
    pub limit: i64,
    /// Always present, also on an empty page: it moves past rows you may not see.
    #[schema(max_length = 1024)]
    pub next_cursor: String,
    #[serde(rename = "_links")]
    pub links: PageLinks,
}

/// Where to go on in the feed.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangeQuery {
    /// From `next_cursor`; the beginning of the feed when absent.
    #[validate(length(max = 1024))]
    #[param(max_length = 1024)]
    cursor: Option<String>,
    /// Resources, separated by commas: `case,task`. `scope.changed` always comes.
    #[validate(length(min = 1, max = 200))]
    #[param(min_length = 1, max_length = 200, example = "case,task")]
    types: Option<String>,
    /// Events a page may have.
    #[validate(range(min = 1, max = 1000))]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<i64>,
    /// Seconds to wait for an event when there is none.
    #[validate(range(min = 0, max = 30))]
    #[param(minimum = 0, maximum = 30, default = 0)]
    wait: Option<i64>,
}

/// A kind of rows that are in the feed.
struct Kind {
    name: &'static str,
    path: &'static str,
    /// What a reader must be allowed to read; none where everyone may and there is no scope.
    resource: Option<Resource>,
    guarded: &'static [(&'static str, FieldGroup)],
}

const fn kind(
    name: &'static str,
    path: &'static str,
    resource: Option<Resource>,
    guarded: &'static [(&'static str, FieldGroup)],
) -> Kind {
    Kind { name, path, resource, guarded }
}

const KINDS: [Kind; 45] = [
    kind("case", "/cases/", Some(Resource::Cases), &CASE_FIELDS),
    kind("person", "/people/", Some(Resource::People), &PERSON_FIELDS),
    kind("contact", "/contacts/", Some(Resource::Contacts), &CONTACT_FIELDS),
    kind("relation", "/relations/", Some(Resource::Relations), &RELATION_FIELDS),
    kind("household", "/households/", Some(Resource::Households), &HOUSEHOLD_FIELDS),
    kind("household_member", "/household-members/", Some(Resource::Households), &HOUSEHOLD_MEMBER_FIELDS),
    kind("case_household_member", "/case-household-members/", Some(Resource::CaseHouseholdMembers), &COVERED_FIELDS),
    kind("legal_status", "/legal-statuses/", Some(Resource::LegalStatuses), &LEGAL_STATUS_FIELDS),
    kind("reminder", "/reminders/", Some(Resource::Reminders), &[]),
    kind("consent", "/consents/", Some(Resource::Consents), &CONSENT_FIELDS),
    kind("note", "/notes/", Some(Resource::Notes), &[]),
    kind("attachment", "/attachments/", Some(Resource::Attachments), &[]),
    kind("task", "/tasks/", Some(Resource::Tasks), &[]),
    kind("assessment", "/assessments/", Some(Resource::Assessments), &ASSESSMENT_FIELDS),
    kind("goal", "/goals/", Some(Resource::Goals), &[]),
    kind("plan", "/plans/", Some(Resource::Plans), &PLAN_FIELDS),
    kind("appointment", "/appointments/", Some(Resource::Appointments), &[]),
    kind("pathway", "/pathways/", Some(Resource::Pathways), &[]),
    kind("pathway_template", "/pathway-templates/", None, &[]),
    kind("dataset", "/datasets/", None, &[]),
    kind("indicator", "/indicators/", None, &[]),
    kind("observatory", "/observatories/", None, &[]),
    kind("observatory_entry", "/observatory-entries/", None, &[]),
    kind("evaluation_round", "/evaluation-rounds/", None, &[]),
    kind("objective", "/objectives/", None, &[]),
    kind("activity", "/activities/", None, &[]),
    kind("activity_result", "/activity-results/", None, &[]),
    kind("code_list_version", "/code-list-versions/", None, &[]),
    kind("service", "/services/", None, &[]),
    kind("service_capacity", "/services/", None, &[]),
    kind("program", "/programs/", None, &[]),
    kind("location", "/locations/", None, &[]),
    kind("service_at_location", "/service-at-locations/", None, &[]),
    kind("referral", "/referrals/", Some(Resource::Referrals), &[]),
    kind("transfer", "/transfers/", Some(Resource::Transfers), &[]),
    kind("transfer_request", "/transfer-requests/", Some(Resource::TransferRequests), &[]),
    kind("shared_access", "/shared-accesses/", Some(Resource::SharedAccesses), &[]),
    kind("agreement", "/agreements/", None, &[]),
    kind("network", "/networks/", None, &[]),
    kind("network_member", "/network-members/", None, &[]),
    kind("network_meeting", "/network-meetings/", None, &[]),
    kind("policy_document", "/policy-documents/", None, &[]),
    kind("policy_measure", "/policy-measures/", None, &[]),
    kind("organisation", "/organisations/", None, &[]),
    kind("territory", "/territories/", None, &[]),
];

/// The lists to read again when a reader's scope has changed; the other rows that have one are found from theirs.
const LISTS: [&str; 2] = ["/cases", "/households"];

#[derive(Debug, Serialize, Deserialize)]
struct FeedCursor {
    principal: Uuid,
    position: i64,
    /// The event at that position: a restored older dump has another there, or none.
    id: Uuid,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = changes)]
struct Row {
    position: i64,
    id: ChangeId,
    resource: String,
    resource_id: RowId,
    version: i64,
    operation: String,
    changed_fields: Texts,
    owner_org_id: Option<OrganisationId>,
    territory_id: Option<TerritoryId>,
    target_group: Option<String>,
    access_level: Option<String>,
    manager_id: Option<PrincipalId>,
    before_owner_org_id: Option<OrganisationId>,
    before_territory_id: Option<TerritoryId>,
    before_target_group: Option<String>,
    before_access_level: Option<String>,
    before_manager_id: Option<PrincipalId>,
    audience_id: Option<PrincipalId>,
    actor_kind: ActorKind,
    at: Timestamp,
}

fn place(
    owner: Option<OrganisationId>,
    territory: Option<TerritoryId>,
    group: Option<&String>,
    level: Option<&String>,
    manager: Option<PrincipalId>,
) -> Option<Place> {
    Some(Place {
        owner_org: owner?,
        territory,
        target_group: group.cloned(),
        // An event tells nothing that a purpose would be asked for: only reading the row does.
        confinement: match Confinement::of(level.map(String::as_str), manager) {
            Confinement::Audited => Confinement::Open,
            narrower => narrower,
        },
    })
}

impl Row {
    fn after(&self) -> Option<Place> {
        let (group, level) = (self.target_group.as_ref(), self.access_level.as_ref());
        place(self.owner_org_id, self.territory_id, group, level, self.manager_id)
    }

    fn before(&self) -> Option<Place> {
        let (group, level) = (self.before_target_group.as_ref(), self.before_access_level.as_ref());
        place(self.before_owner_org_id, self.before_territory_id, group, level, self.before_manager_id)
    }

    /// What the event is to this reader; none where it is nothing.
    fn told(self, rights: &Rights, base: &str) -> Option<ChangeEvent> {
        if self.operation == "scope_changed" {
            return (self.audience_id == Some(rights.principal)).then(|| ChangeEvent {
                id: self.id,
                r#type: "scope.changed".into(),
                resource: None,
                version: None,
                operation: "resync",
                at: self.at,
                actor_kind: self.actor_kind,
                changed_fields: Vec::new(),
                resync: LISTS.map(|list| format!("{base}{list}")).to_vec(),
            });
        }
        let Kind { name: kind, path, resource, guarded } = KINDS.iter().find(|kind| kind.name == self.resource)?;
        let sees = |place: Option<&Place>| match (*resource, place) {
            (None, _) => true,
            (Some(resource), Some(place)) => rights.may_at(Action::Read, resource, place),
            (Some(_), None) => false,
        };
        let after = self.after();
        let operation = match (sees(after.as_ref()), self.operation.as_str()) {
            (true, "deleted") => "delete",
            (true, _) => "upsert",
            (false, _) if self.before().is_some_and(|before| sees(Some(&before))) => "access_removed",
            (false, _) => return None,
        };
        let fields: Vec<String> = match operation {
            "upsert" => self.changed_fields.0,
            _ => Vec::new(),
        };
        let shown = after.as_ref().map(|place| rights.fields_at(place));
        let readable = |name: &String| {
            guarded
                .iter()
                .find(|(member, _)| member == name)
                .is_none_or(|(_, group)| shown.is_some_and(|rights| rights.reads(*group)))
        };
        Some(ChangeEvent {
            id: self.id,
            r#type: format!("{kind}.{}", self.operation),
            resource: Some(ResourceLink {
                kind,
                id: self.resource_id.0,
                href: format!("{base}{path}{}", self.resource_id),
            }),
            version: Some(self.version),
            operation,
            at: self.at,
            actor_kind: self.actor_kind,
            changed_fields: fields.into_iter().filter(readable).collect(),
            resync: Vec::new(),
        })
    }
}

/// Read the change feed.
///
/// Events within your scope, in an order that never shows a later one first. Keep `next_cursor` and go on with it; `wait` holds
/// the request until something happens. A cursor of another history, or older than the feed, is 410: read the lists again.
#[utoipa::path(tag = "Sync", params(ChangeQuery), responses((status = 200, description = "A page.", body = ChangePage)))]
#[get("/changes")]
pub async fn list_changes(
    door: Door,
    caller: Caller<actions::List, resources::Changes>,
    query: Parameters<ChangeQuery>,
) -> ApiResult<Answer> {
    // Waiting comes before the read and holds neither connection nor thread; rights are looked at afterwards, as they are then.
    if let Ok(parameters) = query.read()
        && let Some(seconds) = parameters.wait.filter(|seconds| *seconds > 0)
        && let Some(position) = parameters.cursor.as_deref().and_then(|cursor| known_position(&door, cursor))
    {
        let mut feed = door.app.feed.subscribe();
        let wait = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        // A closed channel or the end of the wait: either way the read below tells what there is.
        let _ = tokio::time::timeout(wait, feed.wait_for(|reached| *reached > position)).await;
    }
    door.read("list_changes", caller, move |reader| page(reader, &query)).await
}

fn known_position(door: &Door, cursor: &str) -> Option<i64> {
    let opened = door.app.keys.open_cursor(cursor)?;
    serde_json::from_slice::<FeedCursor>(&opened).ok().map(|cursor| cursor.position)
}

fn page(reader: &mut Reader<'_>, query: &Parameters<ChangeQuery>) -> ApiResult<Answer> {
    let parameters = query.read()?;
    let kinds: Option<Vec<&str>> = parameters.types.as_deref().map(|types| types.split(',').collect());
    if let Some(kinds) = &kinds
        && kinds.iter().any(|kind| !KINDS.iter().any(|known| known.name == *kind))
    {
        let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        return Err(ApiError::malformed(format!("types: choose among {}", known.join(", "))));
    }
    let from = start(reader, parameters.cursor.as_deref())?;
    let limit = parameters.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
    // The event the cursor stands on is read again: where it is gone, the feed is another one.
    let known = i64::from(from.position > 0);
    let mut rows: Vec<Row> = changes::table
        .filter(changes::position.gt(from.position - known))
        .order(changes::position)
        .limit(limit + known)
        .select(Row::as_select())
        .load(reader.connection)?;
    if known == 1 {
        let there = rows.first().is_some_and(|row| row.position == from.position && row.id.0 == from.id);
        if !there {
            let detail = "the feed has no such event any more: read the lists again, then the feed from its beginning";
            return Err(ApiError::new(error::Kind::Gone, detail));
        }
        rows.remove(0);
    }
    let last = rows.last().map_or((from.position, from.id), |row| (row.position, row.id.0));
    let rights = reader.rights.clone();
    let app = reader.app;
    let base = app.address("");
    let wanted = |row: &Row| {
        row.operation == "scope_changed" || kinds.as_ref().is_none_or(|kinds| kinds.contains(&row.resource.as_str()))
    };
    let items: Vec<ChangeEvent> = rows.into_iter().filter(wanted).filter_map(|row| row.told(&rights, &base)).collect();
    let cursor = FeedCursor { principal: rights.principal.0, position: last.0, id: last.1 };
    let next_cursor = app.keys.seal_cursor(&serde_json::to_vec(&cursor).map_err(ApiError::fault)?)?;
    let request = reader.page(query, parameters.limit, parameters.cursor.as_deref());
    let links = request.links(Some(&next_cursor));
    Answer::ok(&ChangePage { items, limit, next_cursor, links })
}

/// Where the page begins.
fn start(reader: &Reader<'_>, cursor: Option<&str>) -> ApiResult<FeedCursor> {
    let principal = reader.rights.principal.0;
    let Some(sealed) = cursor else { return Ok(FeedCursor { principal, position: 0, id: Uuid::nil() }) };
    let refused = || ApiError::malformed("the cursor is not one of this feed and caller");
    let opened = reader.app.keys.open_cursor(sealed).ok_or_else(refused)?;
    let cursor: FeedCursor = serde_json::from_slice(&opened).map_err(|_| refused())?;
    if cursor.principal == principal { Ok(cursor) } else { Err(refused()) }
}
