//! What an observatory watches: figures, services, programs, networks, policy documents, each named once, so that a portal shows its map.

use std::collections::HashMap;

use actix_web::{delete, get, post};
use approdo_db::schema::{datasets, indicators, networks, observatory_entries, policy_documents, programs, services};
use approdo_db::{Connection, Timestamp, define_id, text_enum};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, OrganisationId, Resource};
use crate::app::App;
use crate::directory::programs::ProgramId;
use crate::directory::services::ServiceId;
use crate::entries;
use crate::entry;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters};
use crate::networks::types::NetworkId;
use crate::observatory::datasets::DatasetId;
use crate::observatory::indicators::types::IndicatorId;
use crate::observatory::observatories::types::{Observatory, ObservatoryId};
use crate::page_of;
use crate::paged_query;
use crate::policy_documents::types::PolicyDocumentId;
use crate::work::Unit;

define_id! {
    /// The id of an entry in what an observatory watches.
    #[derive(ToSchema)]
    ObservatoryEntryId;

    /// The id of what an observatory watches: of an indicator, a dataset, a service, a program, a network or a policy document.
    #[derive(ToSchema)]
    WatchedId;
}

text_enum! {
    /// What kind of thing an observatory watches.
    #[derive(ToSchema)]
    WatchedKind {
        Indicator = "indicator",
        Dataset = "dataset",
        Service = "service",
        Program = "program",
        Network = "network",
        PolicyDocument = "policy_document",
    }
}

impl WatchedKind {
    /// Where things of this kind are read.
    fn path(self) -> &'static str {
        match self {
            Self::Indicator => "indicators",
            Self::Dataset => "datasets",
            Self::Service => "services",
            Self::Program => "programs",
            Self::Network => "networks",
            Self::PolicyDocument => "policy-documents",
        }
    }
}

/// The row: the id stands in the column of its kind.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = observatory_entries, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct ObservatoryEntryRow {
    pub id: ObservatoryEntryId,
    pub observatory_id: ObservatoryId,
    pub keeper_id: OrganisationId,
    pub kind: WatchedKind,
    pub indicator_id: Option<IndicatorId>,
    pub dataset_id: Option<DatasetId>,
    pub service_id: Option<ServiceId>,
    pub program_id: Option<ProgramId>,
    pub network_id: Option<NetworkId>,
    pub note: Option<String>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub policy_document_id: Option<PolicyDocumentId>,
}

entry!(
    ObservatoryEntryRow,
    ObservatoryEntryId,
    observatory_entries,
    keeper_id,
    "observatory_entry",
    ObservatoryEntries
);

impl ObservatoryEntryRow {
    fn new(unit: &Unit<'_>, id: ObservatoryEntryId, observatory: &Observatory, new: NewObservatoryEntry) -> Self {
        let of = |kind: WatchedKind| Some(new.resource_id.0).filter(|_| new.kind == kind);
        Self {
            id,
            observatory_id: observatory.id,
            keeper_id: observatory.organisation_id,
            kind: new.kind,
            indicator_id: of(WatchedKind::Indicator).map(IndicatorId),
            dataset_id: of(WatchedKind::Dataset).map(DatasetId),
            service_id: of(WatchedKind::Service).map(ServiceId),
            program_id: of(WatchedKind::Program).map(ProgramId),
            network_id: of(WatchedKind::Network).map(NetworkId),
            note: new.note,
            version: 1,
            created_at: unit.now,
            updated_at: unit.now,
            policy_document_id: of(WatchedKind::PolicyDocument).map(PolicyDocumentId),
        }
    }

    fn resource_id(&self) -> ApiResult<WatchedId> {
        let id = match self.kind {
            WatchedKind::Indicator => self.indicator_id.map(|id| id.0),
            WatchedKind::Dataset => self.dataset_id.map(|id| id.0),
            WatchedKind::Service => self.service_id.map(|id| id.0),
            WatchedKind::Program => self.program_id.map(|id| id.0),
            WatchedKind::Network => self.network_id.map(|id| id.0),
            WatchedKind::PolicyDocument => self.policy_document_id.map(|id| id.0),
        };
        id.map(WatchedId).ok_or_else(|| ApiError::fault("an entry of an observatory names nothing"))
    }
}

/// One thing that an observatory watches.
#[derive(Debug, Serialize, ToSchema)]
pub struct ObservatoryEntry {
    pub id: ObservatoryEntryId,
    pub observatory_id: ObservatoryId,
    pub kind: WatchedKind,
    pub resource_id: WatchedId,
    /// What it is called now.
    #[schema(max_length = 1000)]
    pub name: String,
    /// Where to read it.
    #[schema(format = "uri", max_length = 2048)]
    pub href: String,
    /// Why it is watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2000)]
    pub note: Option<String>,
    /// Of the entry, not of what it names.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
}

page_of! {
    /// A page of what an observatory watches.
    ObservatoryEntryPage of ObservatoryEntry
}

/// Something to watch.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "indicator", "resource_id": "01985b2e-0000-7000-8000-000000000001", "note": "Asked for by the regional plan, measure 4."
}))]
pub struct NewObservatoryEntry {
    pub kind: WatchedKind,
    /// A row of that kind, whoever keeps it.
    pub resource_id: WatchedId,
    /// Why it is watched.
    #[validate(length(min = 1, max = 2000))]
    #[schema(nullable = false, min_length = 1, max_length = 2000)]
    pub note: Option<String>,
}

impl Checked for NewObservatoryEntry {}

paged_query! {
    /// How to list what an observatory watches.
    ObservatoryEntryQuery {
        /// Entries of this kind.
        kind: Option<WatchedKind>,
    }
}

/// What the things of some entries are called, by their ids.
fn names(connection: &mut Connection, rows: &[ObservatoryEntryRow]) -> QueryResult<HashMap<WatchedId, String>> {
    macro_rules! named {
        ($(($table:ident.$called:ident, $id:ident: $of:ty)),*) => {{
            let mut names = HashMap::new();
            $(
                let ids: Vec<$of> = rows.iter().filter_map(|row| row.$id).collect();
                if !ids.is_empty() {
                    let told = $table::table.filter($table::id.eq_any(ids)).select(($table::id, $table::$called));
                    let told: Vec<($of, String)> = told.load(connection)?;
                    names.extend(told.into_iter().map(|(id, name)| (WatchedId(id.0), name)));
                }
            )*
            Ok(names)
        }};
    }
    named!(
        (indicators.name, indicator_id: IndicatorId),
        (datasets.name, dataset_id: DatasetId),
        (services.name, service_id: ServiceId),
        (programs.name, program_id: ProgramId),
        (networks.name, network_id: NetworkId),
        (policy_documents.title, policy_document_id: PolicyDocumentId)
    )
}

fn shown(row: ObservatoryEntryRow, names: &HashMap<WatchedId, String>, app: &App) -> ApiResult<ObservatoryEntry> {
    let resource_id = row.resource_id()?;
    let name = names.get(&resource_id).ok_or_else(|| ApiError::fault("an entry of an observatory leads nowhere"))?;
    Ok(ObservatoryEntry {
        id: row.id,
        observatory_id: row.observatory_id,
        kind: row.kind,
        resource_id,
        name: name.clone(),
        href: app.address(&format!("/{}/{resource_id}", row.kind.path())),
        note: row.note,
        version: row.version,
        created_at: row.created_at,
    })
}

/// List what an observatory watches.
///
/// In the order it was entered, each with what it is called now. Every caller may know it.
#[utoipa::path(
    tag = "Evaluation",
    params(("observatory_id" = ObservatoryId, Path, description = "The observatory."), ObservatoryEntryQuery),
    responses((status = 200, description = "A page.", body = ObservatoryEntryPage))
)]
#[get("/observatories/{observatory_id}/entries")]
pub async fn list_observatory_entries(
    door: Door,
    caller: Caller<actions::List, resources::ObservatoryEntries>,
    id: Id<ObservatoryId>,
    query: Parameters<ObservatoryEntryQuery>,
) -> ApiResult<Answer> {
    door.read("list_observatory_entries", caller, move |reader| {
        let observatory: Observatory = entries::known(reader, id.0)?;
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let after = request.after()?.unwrap_or(ObservatoryEntryId(uuid::Uuid::nil()));
        let mut list = observatory_entries::table
            .filter(observatory_entries::observatory_id.eq(observatory.id))
            .filter(observatory_entries::id.gt(after))
            .order(observatory_entries::id)
            .limit(request.limit() + 1)
            .into_boxed();
        if let Some(kind) = asked.kind {
            list = list.filter(observatory_entries::kind.eq(kind));
        }
        let rows: Vec<ObservatoryEntryRow> = list.load(reader.connection)?;
        let names = names(reader.connection, &rows)?;
        let app = reader.app;
        let page = request.page(rows, |row: &ObservatoryEntryRow| row.id)?;
        Answer::ok(&ObservatoryEntryPage::from(page.try_map(|row| shown(row, &names, app))?))
    })
    .await
}

/// Let an observatory watch something.
///
/// An indicator, a dataset, a service, a program, a network or a policy document of any organisation; the same one once (409).
#[utoipa::path(
    tag = "Evaluation",
    params(("observatory_id" = ObservatoryId, Path, description = "The observatory.")),
    request_body = NewObservatoryEntry,
    responses((status = 201, description = "The entry.", body = ObservatoryEntry))
)]
#[post("/observatories/{observatory_id}/entries")]
pub async fn create_observatory_entry(
    door: Door,
    caller: Caller<actions::Create, resources::ObservatoryEntries>,
    id: Id<ObservatoryId>,
    body: Body<NewObservatoryEntry>,
) -> ApiResult<Answer> {
    door.write("create_observatory_entry", caller, Some(body.fingerprint()), move |unit| {
        let observatory: Observatory = entries::locked(unit, Action::Create, Resource::ObservatoryEntries, id.0)?;
        let new = body.read()?;
        let id = ObservatoryEntryId::new();
        let row = match unit.replay(id.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => watch(unit, id, &observatory, new)?,
        };
        let (path, version) = (format!("/observatory-entries/{}", row.id), row.version);
        let names = names(unit.connection, std::slice::from_ref(&row))?;
        unit.created(&path, version, &shown(row, &names, unit.app)?)
    })
    .await
}

/// Keeps a new entry of a locked observatory; used by the demonstration data as well.
pub fn watch(
    unit: &mut Unit<'_>,
    id: ObservatoryEntryId,
    observatory: &Observatory,
    new: NewObservatoryEntry,
) -> ApiResult<ObservatoryEntryRow> {
    let row = ObservatoryEntryRow::new(unit, id, observatory, new);
    let resource_id = row.resource_id()?;
    if !names(unit.connection, std::slice::from_ref(&row))?.contains_key(&resource_id) {
        return Err(ApiError::unknown_reference("resource_id"));
    }
    let of_observatory = observatory_entries::table.filter(observatory_entries::observatory_id.eq(observatory.id));
    let same = of_observatory.filter(
        observatory_entries::indicator_id
            .eq(row.indicator_id)
            .or(observatory_entries::dataset_id.eq(row.dataset_id))
            .or(observatory_entries::service_id.eq(row.service_id))
            .or(observatory_entries::program_id.eq(row.program_id))
            .or(observatory_entries::network_id.eq(row.network_id))
            .or(observatory_entries::policy_document_id.eq(row.policy_document_id)),
    );
    let there: i64 = same.count().get_result(unit.connection)?;
    if there > 0 {
        return Err(ApiError::conflict("the observatory watches it already"));
    }
    entries::add(unit, &row, &["observatory_id", "kind", "resource_id", "note"])?;
    Ok(row)
}

/// Read an entry in what an observatory watches.
///
/// Every caller may know it.
#[utoipa::path(
    tag = "Evaluation",
    params(("observatory_entry_id" = ObservatoryEntryId, Path, description = "The entry.")),
    responses((status = 200, description = "The entry.", body = ObservatoryEntry))
)]
#[get("/observatory-entries/{observatory_entry_id}")]
pub async fn read_observatory_entry(
    door: Door,
    caller: Caller<actions::Read, resources::ObservatoryEntries>,
    id: Id<ObservatoryEntryId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_observatory_entry", caller, move |reader| {
        let row: ObservatoryEntryRow = entries::known(reader, id.0)?;
        let names = names(reader.connection, std::slice::from_ref(&row))?;
        let entry = shown(row, &names, reader.app)?;
        reader.answer_row(entry.version, &held, &Fields::default(), &entry.name, &entry)
    })
    .await
}

/// Delete an entry in what an observatory watches.
///
/// What it named stays where it is.
#[utoipa::path(
    tag = "Evaluation",
    params(("observatory_entry_id" = ObservatoryEntryId, Path, description = "The entry.")),
    responses((status = 204, description = "It is gone."))
)]
#[delete("/observatory-entries/{observatory_entry_id}")]
pub async fn delete_observatory_entry(
    door: Door,
    caller: Caller<actions::Delete, resources::ObservatoryEntries>,
    id: Id<ObservatoryEntryId>,
    if_match: IfMatch,
) -> ApiResult<Answer> {
    door.write("delete_observatory_entry", caller, None, move |unit| {
        let row: ObservatoryEntryRow = entries::locked(unit, Action::Delete, Resource::ObservatoryEntries, id.0)?;
        if_match.check(row.version)?;
        entries::remove(unit, &row)?;
        Ok(Answer::no_content())
    })
    .await
}
