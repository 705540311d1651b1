//! A network as a graph on one day: who is a member of it and of those it continues or is continued by. As JSON, and as a picture.

use std::collections::{BTreeMap, HashMap};

use actix_web::get;
use actix_web::http::header;
use approdo_db::Connection;
use approdo_db::schema::{network_members, networks, organisations};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::access::OrganisationId;
use crate::access::caller::{Caller, actions, resources};
use crate::clock;
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::http::texts::CodeText;
use crate::http::{Answer, Door, Format, Id, Parameters, reading};
use crate::networks::picture;
use crate::networks::types::{Network, NetworkId};

/// Networks and memberships a graph has at most, the nearest networks first.
const MOST_NETWORKS: usize = 50;
const MOST_MEMBERSHIPS: i64 = 4_000;

/// How far from the network a graph goes where nobody says so.
const DEFAULT_DEPTH: i64 = 1;

approdo_db::text_enum! {
    /// What a node of a network's graph is.
    #[derive(ToSchema)]
    GraphNodeType {
        Network = "network",
        Organisation = "organisation",
    }

    /// What an edge of a network's graph is.
    #[derive(ToSchema)]
    GraphEdgeType {
        /// From a member to its network.
        Membership = "membership",
        /// From a network to the one that continues it.
        Predecessor = "predecessor",
    }
}

/// A network or an organisation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GraphNode {
    pub id: Uuid,
    pub r#type: GraphNodeType,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Of an organisation: a code of `organisation_kinds`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 40)]
    pub kind: Option<String>,
    /// Of an organisation: its roles in the networks of the graph, codes of `network_roles`.
    #[schema(value_type = Vec<CodeText>, max_items = 100)]
    pub roles: Vec<String>,
    /// Of a network: how many networks away it is. Less than zero for what went before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = -5, maximum = 5)]
    pub distance: Option<i64>,
    /// Of a network.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub starts_on: Option<NaiveDate>,
    /// Of a network: its last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ends_on: Option<NaiveDate>,
}

/// A membership or a succession.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GraphEdge {
    pub r#type: GraphEdgeType,
    pub from: Uuid,
    pub to: Uuid,
    /// Of a membership: a code of `network_roles`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 40)]
    pub role: Option<String>,
    /// Of a membership: its first day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub since: Option<NaiveDate>,
}

/// A network and what it is related to, on one day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NetworkGraph {
    pub network_id: NetworkId,
    pub on: NaiveDate,
    /// How many networks it goes back and forth.
    #[schema(minimum = 0, maximum = 5)]
    pub depth: i64,
    /// Networks, from what went before to what came after, then organisations by name.
    #[schema(max_items = 4050)]
    pub nodes: Vec<GraphNode>,
    #[schema(max_items = 4050)]
    pub edges: Vec<GraphEdge>,
    /// Whether nothing was left out: a graph has at most 50 networks and 4,000 memberships.
    pub is_complete: bool,
}

/// A picture of a network's graph, as SVG.
#[derive(ToSchema)]
#[schema(value_type = String, max_length = 1000000)]
#[expect(dead_code, reason = "it describes a picture, and holds none")]
pub struct NetworkPicture(String);

/// Which graph of a network.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NetworkGraphQuery {
    /// The day; today when absent.
    #[serde(default, deserialize_with = "reading::optional_day")]
    on: Option<NaiveDate>,
    /// How many networks to go back and forth.
    #[validate(range(min = 0, max = 5))]
    #[param(minimum = 0, maximum = 5, default = 1)]
    depth: Option<i64>,
}

/// Read a network's graph.
///
/// Networks and the organisations that are their members on a day, with their roles: as JSON, or with `Accept: image/svg+xml` as a
/// picture, its words in the language of `Accept-Language`. A picture has the first 60 organisations and says how many there are.
#[utoipa::path(
    tag = "Networks",
    params(("network_id" = NetworkId, Path, description = "The network."), NetworkGraphQuery),
    responses((
        status = 200,
        description = "The graph.",
        content((NetworkGraph = "application/json"), (NetworkPicture = "image/svg+xml"))
    ))
)]
#[get("/networks/{network_id}/graph")]
pub async fn read_network_graph(
    door: Door,
    caller: Caller<actions::Read, resources::Networks>,
    id: Id<NetworkId>,
    query: Parameters<NetworkGraphQuery>,
) -> ApiResult<Answer> {
    let (form, desk) = (door.fit(&[Format::Json, Format::Svg]), door.desk("read_network_graph", &caller));
    let is_picture = form.as_ref().is_ok_and(|format| *format == Format::Svg);
    desk.read(form.map(drop), move |reader| {
        let network: Network = entries::known(reader, id.0)?;
        let asked = query.read()?;
        let on = asked.on.unwrap_or_else(|| clock::date_of(reader.now));
        let graph = NetworkGraph::of(reader.connection, network, on, asked.depth.unwrap_or(DEFAULT_DEPTH))?;
        if !is_picture {
            return Answer::ok(&graph);
        }
        let words = picture::Words::read(reader.connection, reader.context.language)?;
        let picture = picture::draw(&graph, &words);
        // Opened by itself it is a document of its own: nothing in it may run or load.
        Ok(Answer::text(Format::Svg.content_type(), picture)
            .header(header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
    })
    .await
}

/// A membership with what its organisation is called.
type Member = (NetworkId, OrganisationId, String, NaiveDate, String, String);

impl NetworkGraph {
    pub fn of(connection: &mut Connection, centre: Network, on: NaiveDate, depth: i64) -> ApiResult<Self> {
        let network_id = centre.id;
        let (near, all_networks) = nearby(connection, centre, depth)?;
        let ids: Vec<NetworkId> = near.iter().map(|(_, network)| network.id).collect();
        let mut members = members_on(connection, &ids, on)?;
        let most = usize::try_from(MOST_MEMBERSHIPS).map_err(ApiError::fault)?;
        let is_complete = all_networks && members.len() <= most;
        members.truncate(most);
        let succession = near.iter().filter_map(|(_, network)| {
            let predecessor = network.predecessor_id.filter(|id| ids.contains(id))?;
            Some(GraphEdge {
                r#type: GraphEdgeType::Predecessor,
                from: predecessor.0,
                to: network.id.0,
                role: None,
                since: None,
            })
        });
        let mut edges: Vec<GraphEdge> = succession.collect();
        edges.extend(members.iter().map(|(network, organisation, role, since, ..)| GraphEdge {
            r#type: GraphEdgeType::Membership,
            from: organisation.0,
            to: network.0,
            role: Some(role.clone()),
            since: Some(*since),
        }));
        let mut nodes: Vec<GraphNode> = near.into_iter().map(|(distance, row)| network_node(distance, row)).collect();
        nodes.extend(organisation_nodes(members));
        Ok(Self { network_id, on, depth, nodes, edges, is_complete })
    }
}

fn network_node(distance: i64, row: Network) -> GraphNode {
    GraphNode {
        id: row.id.0,
        r#type: GraphNodeType::Network,
        name: row.name,
        kind: None,
        roles: Vec::new(),
        distance: Some(distance),
        starts_on: Some(row.starts_on),
        ends_on: row.ends_on,
    }
}

fn organisation_nodes(members: Vec<Member>) -> impl Iterator<Item = GraphNode> {
    let mut nodes: BTreeMap<(String, OrganisationId), GraphNode> = BTreeMap::new();
    for (_, organisation, role, _, name, kind) in members {
        let node = nodes.entry((name.clone(), organisation)).or_insert_with(|| GraphNode {
            id: organisation.0,
            r#type: GraphNodeType::Organisation,
            name,
            kind: Some(kind),
            roles: Vec::new(),
            distance: None,
            starts_on: None,
            ends_on: None,
        });
        if !node.roles.contains(&role) {
            node.roles.push(role);
        }
    }
    nodes.into_values()
}

/// The networks so many steps before and after one, with their distance, in its order; and whether these are all.
fn nearby(connection: &mut Connection, centre: Network, depth: i64) -> ApiResult<(Vec<(i64, Network)>, bool)> {
    let (mut earlier, mut later) = (centre.predecessor_id, vec![centre.id]);
    let mut found: HashMap<NetworkId, (i64, Network)> = HashMap::from([(centre.id, (0, centre))]);
    let mut is_all = true;
    for distance in 1..=depth {
        if let Some(id) = earlier {
            let before: Option<Network> = networks::table.find(id).first(connection).optional()?;
            earlier = before.as_ref().and_then(|network| network.predecessor_id);
            found.extend(before.map(|network| (id, (-distance, network))));
        }
        let room = i64::try_from(MOST_NETWORKS.saturating_sub(found.len())).map_err(ApiError::fault)?;
        let mut after: Vec<Network> = networks::table
            .filter(networks::predecessor_id.eq_any(&later))
            .order((networks::predecessor_id, networks::id))
            .limit(room + 1)
            .load(connection)?;
        let room = usize::try_from(room).map_err(ApiError::fault)?;
        is_all &= after.len() <= room;
        after.truncate(room);
        later = after.iter().map(|network| network.id).collect();
        for network in after {
            found.entry(network.id).or_insert((distance, network));
        }
    }
    let mut found: Vec<(i64, Network)> = found.into_values().collect();
    found.sort_by(|(a, one), (b, other)| (a, &one.name, one.id).cmp(&(b, &other.name, other.id)));
    Ok((found, is_all))
}

fn members_on(connection: &mut Connection, ids: &[NetworkId], on: NaiveDate) -> QueryResult<Vec<Member>> {
    network_members::table
        .inner_join(organisations::table.on(organisations::id.eq(network_members::organisation_id)))
        .filter(network_members::network_id.eq_any(ids))
        .filter(network_members::valid_from.le(on))
        .filter(network_members::valid_to.is_null().or(network_members::valid_to.gt(on)))
        .order((network_members::network_id, network_members::id))
        .select((
            network_members::network_id,
            network_members::organisation_id,
            network_members::role,
            network_members::valid_from,
            organisations::name,
            organisations::kind,
        ))
        .limit(MOST_MEMBERSHIPS + 1)
        .load(connection)
}
