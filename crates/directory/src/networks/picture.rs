//! The picture of a network's graph: SVG that needs nothing else, readable without colours and by screen readers.

use std::collections::HashMap;

use approdo_db::Connection;
use svg::Document;
use svg::node::Text as Content;
use svg::node::element::{Circle, Description, Group, Line, Path, Rectangle, Text, Title};
use uuid::Uuid;

use crate::codes::lists;
use crate::error::ApiResult;
use crate::http::request::Language;
use crate::networks::graph::{GraphEdge, GraphEdgeType, GraphNode, GraphNodeType, NetworkGraph};
use crate::networks::layout::{self, BOX, DOT, DOTS, Layout, Side, WIDTH, real, wrapped};

/// Organisations and networks that a picture has at most.
const MOST_ORGANISATIONS: usize = 60;
const MOST_NETWORKS: usize = 9;

/// Characters of a line that fit in a label and in a box.
const LABEL_COLUMNS: usize = 34;
const ROLE_COLUMNS: usize = 42;
const BOX_COLUMNS: usize = 24;

/// Colours that people with any colour vision tell apart (Paul Tol, "muted"), with orange and grey.
const COLOURS: [&str; 11] = [
    "#332288", "#117733", "#cc6677", "#88ccee", "#ddaa33", "#aa4499", "#44aa99", "#999933", "#882255", "#ee7733",
    "#777777",
];

/// What a picture says besides names.
pub struct Words {
    language: Language,
    /// Codes of `network_roles` in the order of their list, with their labels.
    roles: Vec<(String, String)>,
}

impl Words {
    pub fn read(connection: &mut Connection, language: Language) -> ApiResult<Self> {
        let roles = lists::present(connection, "network_roles")?.shown(language)?;
        Ok(Self::of(language, roles.items.into_iter().map(|item| (item.code, item.label)).collect()))
    }

    pub fn of(language: Language, roles: Vec<(String, String)>) -> Self {
        Self { language, roles }
    }

    fn place(&self, role: &str) -> usize {
        self.roles.iter().position(|(code, _)| code == role).unwrap_or(self.roles.len())
    }

    fn label<'a>(&'a self, role: &'a str) -> &'a str {
        self.roles.iter().find(|(code, _)| code == role).map_or(role, |(_, label)| label)
    }

    fn colour(&self, role: &str) -> &'static str {
        COLOURS.iter().cycle().nth(self.place(role)).copied().unwrap_or("#777777")
    }

    fn since(&self) -> &'static str {
        match self.language {
            Language::It => "dal",
            Language::De => "seit",
            Language::En => "since",
        }
    }

    /// How many there are on the day, and whether all of them are drawn.
    fn summary(&self, on: chrono::NaiveDate, drawn: usize, all: usize) -> String {
        let whole = match self.language {
            Language::It => format!("Organizzazioni aderenti al {on}: {all}"),
            Language::De => format!("Beteiligte Organisationen am {on}: {all}"),
            Language::En => format!("Member organisations on {on}: {all}"),
        };
        match (drawn < all, self.language) {
            (false, _) => whole,
            (true, Language::It) => format!("{whole} (nel disegno le prime {drawn})"),
            (true, Language::De) => format!("{whole} (gezeichnet sind die ersten {drawn})"),
            (true, Language::En) => format!("{whole} (the first {drawn} are drawn)"),
        }
    }

    /// That networks were left out.
    fn left_out(&self, networks: usize) -> String {
        match self.language {
            Language::It => format!("Altre reti collegate, non disegnate: {networks}"),
            Language::De => format!("Weitere verbundene Netzwerke, nicht gezeichnet: {networks}"),
            Language::En => format!("Further related networks, not drawn: {networks}"),
        }
    }
}

/// What of a graph is drawn, in the order it is placed.
struct Drawn<'a> {
    networks: Vec<&'a GraphNode>,
    organisations: Vec<&'a GraphNode>,
    memberships: Vec<&'a GraphEdge>,
    successions: Vec<&'a GraphEdge>,
}

impl<'a> Drawn<'a> {
    fn of(graph: &'a NetworkGraph, words: &Words) -> Self {
        let of_type = |wanted| move |node: &&GraphNode| node.r#type == wanted;
        let mut networks: Vec<&GraphNode> = graph.nodes.iter().filter(of_type(GraphNodeType::Network)).collect();
        networks.sort_by_key(|node| node.distance.unwrap_or(0).abs());
        networks.truncate(MOST_NETWORKS);
        networks.sort_by_key(|node| node.distance);
        let mut organisations: Vec<&GraphNode> =
            graph.nodes.iter().filter(of_type(GraphNodeType::Organisation)).collect();
        let rank = |node: &GraphNode| node.roles.iter().map(|role| words.place(role)).min();
        organisations.sort_by(|a, b| (rank(a), &a.name).cmp(&(rank(b), &b.name)));
        organisations.truncate(MOST_ORGANISATIONS);
        let is_drawn = |id: Uuid| networks.iter().chain(&organisations).any(|node| node.id == id);
        let edges = |wanted| {
            let of_type = graph.edges.iter().filter(move |edge| edge.r#type == wanted);
            of_type.filter(|edge| is_drawn(edge.from) && is_drawn(edge.to)).collect()
        };
        let (memberships, successions) = (edges(GraphEdgeType::Membership), edges(GraphEdgeType::Predecessor));
        Self { networks, organisations, memberships, successions }
    }

    /// An organisation's roles, those first that come first in their list.
    fn roles(&self, node: &'a GraphNode, words: &Words) -> Vec<&'a str> {
        let mut roles: Vec<&str> = node.roles.iter().map(String::as_str).collect();
        roles.sort_by_key(|role| words.place(role));
        roles
    }
}

/// Draws a graph.
pub fn draw(graph: &NetworkGraph, words: &Words) -> String {
    let drawn = Drawn::of(graph, words);
    let layout = layout::of(drawn.organisations.len(), drawn.networks.len());
    let count = |wanted| graph.nodes.iter().filter(|node| node.r#type == wanted).count();
    let name = graph.nodes.iter().find(|node| node.id == graph.network_id.0).map_or("", |node| &node.name);
    let summary = words.summary(graph.on, drawn.organisations.len(), count(GraphNodeType::Organisation));
    let left_out = count(GraphNodeType::Network).saturating_sub(drawn.networks.len());
    let (legend, height) = legend(&drawn, words, &layout, left_out);
    let mut document = Document::new()
        .set("viewBox", format!("0 0 {WIDTH} {height}"))
        .set("width", WIDTH)
        .set("height", height)
        .set("role", "img")
        .set("aria-labelledby", "title summary")
        .set("font-family", "system-ui, 'Segoe UI', Roboto, 'Noto Sans', sans-serif")
        .add(Title::new(clean(name)).set("id", "title"))
        .add(Description::new().set("id", "summary").add(Content::new(summary.clone())))
        .add(Rectangle::new().set("width", WIDTH).set("height", height).set("fill", "#ffffff"));
    for line in wrapped(name, 90, 1) {
        document = document.add(text(&line, (WIDTH / 2.0, 38.0), 21.0, "middle").set("font-weight", 600));
    }
    document = document.add(text(&summary, (WIDTH / 2.0, 62.0), 14.0, "middle").set("fill", "#444444"));
    document
        .add(edges(&drawn, words, &layout))
        .add(boxes(&drawn, graph, &layout))
        .add(spots(&drawn, words, &layout))
        .add(legend)
        .to_string()
}

/// A text whose middle line, or line, is there.
fn text(content: &str, (x, y): (f64, f64), size: f64, anchor: &'static str) -> Text {
    Text::new(clean(content))
        .set("x", round(x))
        .set("y", round(y))
        .set("font-size", size)
        .set("text-anchor", anchor)
        .set("fill", "#1a1a1a")
}

fn round(pixels: f64) -> f64 {
    (pixels * 10.0).round() / 10.0
}

/// Without the characters that XML cannot hold (XML 1.0, 2.2).
fn clean(text: &str) -> String {
    let is_char = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|c| if is_char(c) { c } else { '\u{fffd}' }).collect()
}

/// Memberships and successions, behind everything else.
fn edges(drawn: &Drawn<'_>, words: &Words, layout: &Layout) -> Group {
    let boxes: HashMap<Uuid, (f64, f64)> =
        drawn.networks.iter().map(|node| node.id).zip(layout.boxes.iter().copied()).collect();
    // Each dot, and how far below the middle of a box its line ends, so that those of one organisation lie apart.
    let mut spots = HashMap::new();
    for (node, spot) in drawn.organisations.iter().zip(&layout.spots) {
        for (index, role) in drawn.roles(node, words).into_iter().enumerate() {
            spots.insert((node.id, role), (spot.dot(index), 8.0 * real(index)));
        }
    }
    let centre = drawn.networks.iter().find(|node| node.distance == Some(0)).map(|node| node.id);
    let mut group = Group::new().set("fill", "none");
    for edge in &drawn.memberships {
        let role = edge.role.as_deref().unwrap_or_default();
        let (Some((from, apart)), Some(to)) = (spots.get(&(edge.from, role)), boxes.get(&edge.to)) else { continue };
        let mut line = Line::new()
            .set("x1", round(to.0))
            .set("y1", round(to.1 + apart))
            .set("x2", round(from.0))
            .set("y2", round(from.1))
            .set("stroke", words.colour(role));
        line = if Some(edge.to) == centre {
            line.set("stroke-width", 2).set("stroke-opacity", 0.75)
        } else {
            line.set("stroke-width", 1.3).set("stroke-opacity", 0.9).set("stroke-dasharray", "5 4")
        };
        group = group.add(line);
    }
    for edge in &drawn.successions {
        if let (Some(from), Some(to)) = (boxes.get(&edge.from), boxes.get(&edge.to)) {
            group = group.add(succession(*from, *to, layout));
        }
    }
    group
}

/// An arrow from a box to the one below it, or around the boxes between them.
fn succession((x, from): (f64, f64), (_, to): (f64, f64), layout: &Layout) -> Group {
    let between = layout.boxes.iter().any(|(_, y)| *y > from && *y < to);
    let (half_width, half_height) = BOX;
    let (data, head) = if between {
        let edge = x + half_width;
        let out = edge + 44.0;
        let data =
            format!("M{edge} {} C{out} {} {out} {} {} {}", round(from), round(from), round(to), edge + 9.0, round(to));
        (data, format!("M{edge} {} l11 -6 v12 z", round(to)))
    } else {
        let (start, end) = (round(from + half_height), round(to - half_height));
        (format!("M{x} {start} V{}", end - 9.0), format!("M{x} {end} l-6 -11 h12 z"))
    };
    Group::new()
        .add(Path::new().set("d", data).set("stroke", "#333333").set("stroke-width", 2.5))
        .add(Path::new().set("d", head).set("fill", "#333333"))
}

/// The networks.
fn boxes(drawn: &Drawn<'_>, graph: &NetworkGraph, layout: &Layout) -> Group {
    let (half_width, half_height) = BOX;
    let mut group = Group::new();
    for (node, (x, y)) in drawn.networks.iter().zip(&layout.boxes) {
        let is_centre = node.id == graph.network_id.0;
        let (fill, ink) = if is_centre { ("#1f3a5f", "#ffffff") } else { ("#eef2f7", "#1a1a1a") };
        let frame = Rectangle::new()
            .set("x", round(x - half_width))
            .set("y", round(y - half_height))
            .set("width", 2.0 * half_width)
            .set("height", 2.0 * half_height)
            .set("rx", 10)
            .set("fill", fill)
            .set("stroke", "#1f3a5f")
            .set("stroke-width", 1.5);
        let days = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        let time = format!("{} – {}", days(node.starts_on), days(node.ends_on));
        let mut one = Group::new().add(Title::new(clean(&format!("{} ({time})", node.name)))).add(frame);
        let lines = wrapped(&node.name, BOX_COLUMNS, 2);
        let top = if lines.len() > 1 { y - 11.0 } else { y - 3.0 };
        for (index, line) in lines.iter().enumerate() {
            let at = (*x, top + 16.0 * real(index));
            one = one.add(text(line, at, 13.5, "middle").set("fill", ink).set("font-weight", 600));
        }
        let below = (*x, top + 16.0 * real(lines.len()) + 1.0);
        group = group.add(one.add(text(&time, below, 11.5, "middle").set("fill", ink)));
    }
    group
}

/// The organisations.
fn spots(drawn: &Drawn<'_>, words: &Words, layout: &Layout) -> Group {
    let mut group = Group::new();
    for (node, spot) in drawn.organisations.iter().zip(&layout.spots) {
        let roles = drawn.roles(node, words);
        let since = |role: &str| {
            let of_role =
                drawn.memberships.iter().filter(|edge| edge.from == node.id && edge.role.as_deref() == Some(role));
            of_role.filter_map(|edge| edge.since).min()
        };
        let told: Vec<String> = roles
            .iter()
            .map(|role| match since(role) {
                Some(day) => format!("{}, {} {day}", words.label(role), words.since()),
                None => words.label(role).to_owned(),
            })
            .collect();
        let mut one = Group::new().add(Title::new(clean(&format!("{}: {}", node.name, told.join("; ")))));
        for (index, role) in roles.iter().take(DOTS).enumerate() {
            let (x, y) = spot.dot(index);
            let dot = Circle::new().set("cx", round(x)).set("cy", round(y)).set("r", DOT);
            one = one.add(dot.set("fill", words.colour(role)).set("stroke", "#ffffff").set("stroke-width", 1.5));
        }
        let anchor = if spot.side == Side::Right { "start" } else { "end" };
        let x = spot.label(roles.len());
        let lines = wrapped(&node.name, LABEL_COLUMNS, 2);
        let top = if lines.len() > 1 { spot.y - 9.0 } else { spot.y - 2.0 };
        for (index, line) in lines.iter().enumerate() {
            one = one.add(text(line, (x, top + 15.0 * real(index)), 13.0, anchor));
        }
        let below = top + 15.0 * real(lines.len()) - 0.5;
        let labels: Vec<&str> = roles.iter().map(|role| words.label(role)).collect();
        for line in wrapped(&labels.join(" · "), ROLE_COLUMNS, 1) {
            one = one.add(text(&line, (x, below), 11.0, anchor).set("fill", "#555555"));
        }
        group = group.add(one);
    }
    group
}

/// Which colour stands for which role, in three columns, and how many networks are left out; and how high the picture is.
fn legend(drawn: &Drawn<'_>, words: &Words, layout: &Layout, left_out: usize) -> (Group, f64) {
    const COLUMNS: usize = 3;
    const LINE: f64 = 24.0;
    let has = |role: &str| drawn.memberships.iter().any(|edge| edge.role.as_deref() == Some(role));
    let mut roles: Vec<(&str, &str)> =
        words.roles.iter().map(|(code, label)| (code.as_str(), label.as_str())).collect();
    roles.retain(|(code, _)| has(code));
    let top = layout.bottom + 40.0;
    let mut group = Group::new();
    for (index, (code, label)) in roles.iter().enumerate() {
        let count = drawn.organisations.iter().filter(|node| node.roles.iter().any(|role| role == code)).count();
        let x = 60.0 + (WIDTH - 120.0) / real(COLUMNS) * real(index % COLUMNS);
        let y = top + LINE * real(index / COLUMNS);
        let dot =
            Circle::new().set("cx", round(x)).set("cy", round(y - 4.5)).set("r", DOT).set("fill", words.colour(code));
        let line = wrapped(&format!("{label} ({count})"), 46, 1).concat();
        group = group.add(dot).add(text(&line, (x + 16.0, y), 13.0, "start"));
    }
    let mut bottom = top + LINE * real(roles.len().div_ceil(COLUMNS));
    if left_out > 0 {
        group = group.add(text(&words.left_out(left_out), (60.0, bottom), 13.0, "start"));
        bottom += LINE;
    }
    (group, round(bottom + 12.0))
}
