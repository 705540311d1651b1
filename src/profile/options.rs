//! By which means integration can be worked on in a territory: forms of joint management, networks, agreements, policy documents.

use std::collections::HashMap;

use approdo_db::schema::{agreement_parties, agreements, network_members, networks, policy_documents};
use approdo_db::{Connection, Prepared, text_enum};
use chrono::NaiveDate;
use diesel::dsl::{count, sql};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::TerritoryId;
use crate::agreements::rules::AgreementStatus;
use crate::agreements::types::{AgreementId, AgreementType};
use crate::app::App;
use crate::directory::there::{self, Where};
use crate::networks::types::NetworkId;
use crate::policy_documents::handlers::in_force;
use crate::policy_documents::types::{MainstreamingStatus, PolicyArea, PolicyDocumentId, PolicyDocumentKind};
use crate::profile::ProfileMembership;
use crate::territory::territories::Territory;

/// Networks, agreements and policy documents that a profile tells at most, of each.
const MOST: i64 = 50;

text_enum! {
    /// How Italian municipalities run functions jointly (decree-law 78/2010, art. 14, par. 28).
    #[derive(ToSchema)]
    JointManagementForm {
        /// A body of its own (Legislative Decree 267/2000, art. 32). Mountain communities are unions of municipalities (art. 27).
        Union = "union",
        /// An agreement between municipalities (Legislative Decree 267/2000, art. 30).
        Convention = "convention",
    }
}

/// A form in which the municipality can run functions jointly with others, and does so where it has memberships.
#[derive(Debug, Serialize, ToSchema)]
pub struct JointManagementOption {
    pub form: JointManagementForm,
    /// Those that it is a member of on the day.
    #[schema(max_items = 200)]
    pub in_force: Vec<ProfileMembership>,
}

/// A network with members in the territory.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProfileNetwork {
    pub network_id: NetworkId,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Its members on the day that have a location in the territory or below it, or an active service at one.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub members_there: i64,
    #[schema(format = "uri", max_length = 2048)]
    pub href: String,
}

/// An agreement that holds in the territory.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProfileAgreement {
    pub agreement_id: AgreementId,
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    pub agreement_type: AgreementType,
    pub valid_from: NaiveDate,
    /// The first day it holds no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub valid_to: Option<NaiveDate>,
    #[schema(format = "uri", max_length = 2048)]
    pub href: String,
}

/// A policy document that holds in the territory.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProfilePolicyDocument {
    pub policy_document_id: PolicyDocumentId,
    /// Where it holds: the territory, or one above it.
    pub territory_id: TerritoryId,
    #[schema(min_length = 1, max_length = 500)]
    pub title: String,
    /// What it is cited by.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 100)]
    pub number: Option<String>,
    pub kind: PolicyDocumentKind,
    pub policy_area: PolicyArea,
    pub adopted_on: NaiveDate,
    /// How far it takes integration into account; absent until somebody has looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub mainstreaming: Option<MainstreamingStatus>,
    #[schema(format = "uri", max_length = 2048)]
    pub href: String,
}

/// By which means integration can be worked on in a territory.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImplementationOptions {
    /// The day on which all this is in force.
    pub on: NaiveDate,
    /// Of Italian municipalities: every form that the law knows, those that are in use told by their memberships.
    #[schema(max_items = 2)]
    pub joint_management: Vec<JointManagementOption>,
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub networks_total: i64,
    /// By name.
    #[schema(max_items = 50)]
    pub networks: Vec<ProfileNetwork>,
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub agreements_total: i64,
    /// Signed, and neither suspended nor ended: those agreed for the territory or one that it lies in, and those agreed for no territory
    /// in particular of a party that has a location in it or an active service at one. The latest first.
    #[schema(max_items = 50)]
    pub agreements: Vec<ProfileAgreement>,
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub policy_documents_total: i64,
    /// Of the territory and of those that it lies in; the latest adopted first.
    #[schema(max_items = 50)]
    pub policy_documents: Vec<ProfilePolicyDocument>,
}

impl ImplementationOptions {
    /// `above` is what the territory lies in on the day, in the tree and as a member.
    pub fn of(
        connection: &mut Connection,
        app: &App,
        (territory, memberships, above): (&Territory, &[ProfileMembership], &[TerritoryId]),
        (on, today): (NaiveDate, NaiveDate),
    ) -> QueryResult<Self> {
        let there = (territory.id, today);
        let holds: Vec<TerritoryId> = std::iter::once(territory.id).chain(above.iter().copied()).collect();
        let (networks_total, networks) = networks_of(connection, app, there, on)?;
        let (agreements_total, agreements) = agreements_of(connection, app, (there, &holds), on)?;
        let (policy_documents_total, policy_documents) = documents_of(connection, app, &holds, on)?;
        Ok(Self {
            on,
            joint_management: joint_management(territory, memberships, on),
            networks_total,
            networks,
            agreements_total,
            agreements,
            policy_documents_total,
            policy_documents,
        })
    }
}

fn joint_management(
    territory: &Territory,
    memberships: &[ProfileMembership],
    on: NaiveDate,
) -> Vec<JointManagementOption> {
    if !territory.is_italian_municipality() {
        return Vec::new();
    }
    let of = |form: JointManagementForm, kinds: &[&str]| {
        let in_force = memberships.iter().filter(|membership| membership.is_on(on));
        let in_force = in_force.filter(|membership| kinds.contains(&membership.kind.as_str())).cloned().collect();
        JointManagementOption { form, in_force }
    };
    vec![
        of(JointManagementForm::Union, &["union", "mountain_community"]),
        of(JointManagementForm::Convention, &["convention"]),
    ]
}

fn networks_of(
    connection: &mut Connection,
    app: &App,
    there: Where,
    on: NaiveDate,
) -> QueryResult<(i64, Vec<ProfileNetwork>)> {
    let members = || {
        let of_there = Prepared::<Bool>::new("network_members.organisation_id IN (");
        network_members::table
            .filter(network_members::valid_from.le(on))
            .filter(network_members::valid_to.is_null().or(network_members::valid_to.gt(on)))
            .filter(there::organisation_ids(of_there, there).sql(")"))
    };
    let live = || {
        networks::table
            .filter(networks::starts_on.le(on))
            .filter(networks::ends_on.is_null().or(networks::ends_on.ge(on)))
            .filter(networks::id.eq_any(members().select(network_members::network_id)))
    };
    let total = live().count().get_result(connection)?;
    let rows: Vec<(NetworkId, String)> = live()
        .order((networks::name, networks::id))
        .limit(MOST)
        .select((networks::id, networks::name))
        .load(connection)?;
    let ids: Vec<NetworkId> = rows.iter().map(|(id, _)| *id).collect();
    // An organisation can be a member in two roles.
    let counted: Vec<(NetworkId, i64)> = members()
        .filter(network_members::network_id.eq_any(ids))
        .group_by(network_members::network_id)
        .select((network_members::network_id, count(network_members::organisation_id).aggregate_distinct()))
        .load(connection)?;
    let counted: HashMap<NetworkId, i64> = counted.into_iter().collect();
    let told = rows.into_iter().map(|(network_id, name)| ProfileNetwork {
        network_id,
        name,
        members_there: counted.get(&network_id).copied().unwrap_or_default(),
        href: app.address(&format!("/networks/{network_id}")),
    });
    Ok((total, told.collect()))
}

fn agreements_of(
    connection: &mut Connection,
    app: &App,
    (there, holds): (Where, &[TerritoryId]),
    on: NaiveDate,
) -> QueryResult<(i64, Vec<ProfileAgreement>)> {
    // What an agreement is for is a document in its row; as text it is the same on both databases.
    let territories = || sql::<Text>("CAST(agreements.territory_ids AS TEXT)");
    let bound = || {
        let party = Prepared::<Bool>::new("agreement_parties.organisation_id IN (");
        agreement_parties::table
            .filter(there::organisation_ids(party, there).sql(")"))
            .select(agreement_parties::agreement_id)
    };
    let live = || {
        let everywhere = territories().eq("[]").and(agreements::id.eq_any(bound()));
        let mut named: Box<dyn BoxableExpression<agreements::table, approdo_db::MultiBackend, SqlType = Bool>> =
            Box::new(everywhere);
        for id in holds {
            named = Box::new(named.or(territories().like(format!("%{id}%"))));
        }
        agreements::table
            .filter(agreements::status.eq(AgreementStatus::Signed))
            .filter(agreements::valid_from.le(on))
            .filter(agreements::valid_to.is_null().or(agreements::valid_to.gt(on)))
            .filter(named)
    };
    type Row = (AgreementId, String, AgreementType, NaiveDate, Option<NaiveDate>);
    let total = live().count().get_result(connection)?;
    let rows: Vec<Row> = live()
        .order((agreements::valid_from.desc(), agreements::id.desc()))
        .limit(MOST)
        .select((
            agreements::id,
            agreements::title,
            agreements::agreement_type,
            agreements::valid_from,
            agreements::valid_to,
        ))
        .load(connection)?;
    let told = rows.into_iter().map(|(agreement_id, title, agreement_type, valid_from, valid_to)| ProfileAgreement {
        agreement_id,
        title,
        agreement_type,
        valid_from,
        valid_to,
        href: app.address(&format!("/agreements/{agreement_id}")),
    });
    Ok((total, told.collect()))
}

fn documents_of(
    connection: &mut Connection,
    app: &App,
    holds: &[TerritoryId],
    on: NaiveDate,
) -> QueryResult<(i64, Vec<ProfilePolicyDocument>)> {
    use policy_documents as documents;
    let live = || documents::table.filter(documents::territory_id.eq_any(holds.to_vec())).filter(in_force(on));
    type Row = (
        PolicyDocumentId,
        TerritoryId,
        String,
        Option<String>,
        PolicyDocumentKind,
        PolicyArea,
        NaiveDate,
        Option<MainstreamingStatus>,
    );
    let total = live().count().get_result(connection)?;
    let rows: Vec<Row> = live()
        .order((documents::adopted_on.desc(), documents::id.desc()))
        .limit(MOST)
        .select((
            documents::id,
            documents::territory_id,
            documents::title,
            documents::number,
            documents::kind,
            documents::policy_area,
            documents::adopted_on,
            documents::mainstreaming,
        ))
        .load(connection)?;
    let told =
        rows.into_iter().map(|(id, territory_id, title, number, kind, policy_area, adopted_on, mainstreaming)| {
            let href = app.address(&format!("/policy-documents/{id}"));
            ProfilePolicyDocument {
                policy_document_id: id,
                territory_id,
                title,
                number,
                kind,
                policy_area,
                adopted_on,
                mainstreaming,
                href,
            }
        });
    Ok((total, told.collect()))
}
