//! Figures to draw, and what a drawn picture is looked at with.

use std::sync::{Arc, OnceLock};

use approdo_charts::{ChartError, Language, Mark, Picture, Series, Value, bars, point_map, ranked_table, time_series};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Group, Node, Options, Tree, roxmltree};

pub type Form = fn(&Picture) -> Result<String, ChartError>;

pub const FORMS: [(&str, Form); 4] =
    [("series", time_series), ("bars", bars), ("table", ranked_table), ("map", point_map)];

pub const COUNTS: [usize; 4] = [1, 2, 20, 300];

/// Some number that is the same in every run.
fn some(seed: usize) -> f64 {
    let mut x = u64::try_from(seed).unwrap().wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    f64::from(u32::try_from((x ^ (x >> 31)) >> 32).unwrap()) / f64::from(u32::MAX)
}

pub fn value(period: &str, value: Option<f64>, mark: Option<Mark>) -> Value {
    Value { period: period.to_owned(), value, mark }
}

pub fn series(name: &str, point: Option<(f64, f64)>, values: Vec<Value>) -> Series {
    Series { name: name.to_owned(), point, values }
}

pub fn picture(series: Vec<Series>) -> Picture {
    Picture {
        title: "Residenti stranieri sul totale dei residenti".to_owned(),
        unit: "%".to_owned(),
        source: "Istat, Popolazione residente per cittadinanza".to_owned(),
        as_of: "1 gennaio 2025".to_owned(),
        language: Language::It,
        series,
        notes: vec!["Dal 2019 i dati sono quelli del censimento permanente.".to_owned()],
    }
}

const NAMES: [&str; 12] = [
    "Bolzano",
    "Merano",
    "Bressanone",
    "Laives",
    "Brunico",
    "Appiano sulla Strada del Vino",
    "Lana",
    "Caldaro",
    "Renon",
    "Sarentino",
    "Vipiteno",
    "Castelrotto",
];

const LONG: [&str; 4] = [
    "Unione dei Comuni Lombarda Terra di Cascine e dei Fontanili della Bassa Pianura tra Oglio e Mella",
    "Corvara in Badia / Corvara / Kurfar – Comunità comprensoriale Val Pusteria (Bezirksgemeinschaft Pustertal)",
    "San Valentino in Abruzzo Citeriore, Sant’Angelo di Brolo e Presicce-Acquarica associati",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftsgemeinde",
];

/// So many territories over eleven years.
pub fn territories(count: usize, with_gaps: bool, with_long_names: bool) -> Picture {
    let of = |index: usize| {
        let name = if with_long_names {
            format!("{} {}", LONG[index % LONG.len()], index + 1)
        } else if index < NAMES.len() {
            NAMES[index].to_owned()
        } else {
            format!("{} {}", NAMES[index % NAMES.len()], index / NAMES.len() + 1)
        };
        let level = 4.0 + 10.0 * some(index * 7);
        let values = (2015..=2025).map(|year: u32| {
            let place = index * 100 + usize::try_from(year).unwrap();
            let number = level + 0.2 * f64::from(year - 2015) + 1.2 * some(place);
            let number = (number * 10.0).round() / 10.0;
            let year_name = year.to_string();
            match (place * 13 + index * 5) % 11 {
                _ if !with_gaps => value(&year_name, Some(number), None),
                0 => value(&year_name, None, None),
                1 => value(&year_name, None, Some(Mark::Suppressed)),
                2 => value(&year_name, Some(number), Some(Mark::Estimated)),
                _ if year == 2025 => value(&year_name, Some(number), Some(Mark::Provisional)),
                _ => value(&year_name, Some(number), None),
            }
        });
        let point = (10.4 + 2.0 * some(index * 3 + 1), 46.25 + 0.8 * some(index * 5 + 2));
        series(&name, (!with_gaps || index % 9 != 8).then_some(point), values.collect())
    };
    picture((0..count).map(of).collect())
}

/// One territory a number, in one year.
pub fn of_numbers(numbers: &[f64]) -> Picture {
    let of = |(index, number): (usize, &f64)| {
        let point = (11.0 + some(index), 46.0 + some(index + 50));
        series(NAMES[index % NAMES.len()], Some(point), vec![value("2025", Some(*number), None)])
    };
    picture(numbers.iter().enumerate().map(of).collect())
}

/// The fonts there are, which may be none.
fn options() -> Options<'static> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    let fonts = FONTS.get_or_init(|| {
        let mut fonts = Database::new();
        fonts.load_system_fonts();
        // Wide letters: what these fit in, others fit in.
        fonts.set_sans_serif_family("DejaVu Sans");
        Arc::new(fonts)
    });
    Options { fontdb: fonts.clone(), ..Options::default() }
}

fn tree(svg: &str) -> Tree {
    Tree::from_str(svg, &options()).unwrap_or_else(|error| panic!("{error}: {svg}"))
}

/// Writes the picture to the tests' output folder, as it is and as pixels.
pub fn keep(name: &str, svg: &str) {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("charts");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}.svg")), svg).unwrap();
    let tree = tree(svg);
    let size = tree.size().to_int_size();
    let mut pixels = Pixmap::new(size.width(), size.height()).unwrap();
    resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
    pixels.save_png(folder.join(format!("{name}.png"))).unwrap();
}

/// A text and where it stands: left, top, right, bottom.
type Placed = (String, [f32; 4]);

/// Every text of a picture, as wide as the fonts there are make it.
fn texts(svg: &str, tree: &Tree) -> Vec<Placed> {
    let mut placed = Vec::new();
    collect(tree.root(), &mut placed);
    if placed.is_empty() { estimated(svg) } else { placed }
}

fn collect(group: &Group, into: &mut Vec<Placed>) {
    for node in group.children() {
        match node {
            Node::Group(group) => collect(group, into),
            Node::Text(text) => {
                let told = text.chunks().iter().map(|chunk| chunk.text()).collect();
                let place = text.abs_bounding_box();
                into.push((told, [place.left(), place.top(), place.right(), place.bottom()]));
            }
            _ => {}
        }
    }
}

/// A picture with its texts where they stand.
pub struct Drawn {
    name: String,
    svg: String,
}

impl Drawn {
    pub fn new(name: &str, svg: String) -> Self {
        Self { name: name.to_owned(), svg }
    }

    /// That all of it lies within its view box, and that no two texts overlap.
    pub fn check(&self) {
        let (name, tree) = (&self.name, tree(&self.svg));
        let (size, drawn) = (tree.size(), tree.root().abs_stroke_bounding_box());
        let is_within = drawn.left() >= 0.0 && drawn.top() >= 0.0;
        assert!(is_within && drawn.right() <= size.width() && drawn.bottom() <= size.height(), "{name}: {drawn:?}");
        let texts = texts(&self.svg, &tree);
        for (index, (one, a)) in texts.iter().enumerate() {
            let is_within = a[0] >= 0.0 && a[1] >= 0.0 && a[2] <= size.width() && a[3] <= size.height();
            assert!(is_within, "{name}: {one:?} at {a:?}");
            for (other, b) in &texts[index + 1..] {
                // The boxes of two lines below each other touch, their letters do not.
                let meet = a[0] < b[2] && b[0] < a[2] && a[1] + 2.0 < b[3] - 2.0 && b[1] + 2.0 < a[3] - 2.0;
                assert!(!meet, "{name}: {one:?} at {a:?} and {other:?} at {b:?}");
            }
        }
    }
}

/// Where there are no fonts: six tenths of the size a character.
fn estimated(svg: &str) -> Vec<Placed> {
    let document = roxmltree::Document::parse(svg).unwrap();
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    let place = |node: roxmltree::Node<'_, '_>| {
        let number = |name: &str| node.attribute(name).unwrap().parse::<f32>().unwrap();
        let told = node.text().unwrap_or_default().trim().to_owned();
        let (x, y, size) = (number("x"), number("y"), number("font-size"));
        let wide = f32::from(u16::try_from(told.chars().count()).unwrap()) * size * 0.6;
        let left = match node.attribute("text-anchor") {
            Some("end") => x - wide,
            Some("middle") => x - wide / 2.0,
            _ => x,
        };
        (told, [left, y - 0.8 * size, left + wide, y + 0.2 * size])
    };
    texts.map(place).collect()
}

/// What the picture says in its description.
pub fn description(svg: &str) -> String {
    let document = roxmltree::Document::parse(svg).unwrap();
    let described = document.root_element().children().find(|node| node.has_tag_name("desc"));
    described.and_then(|node| node.text()).unwrap_or_default().to_owned()
}

/// All that is written in the picture, a line each.
pub fn written(svg: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(svg).unwrap();
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts.map(|node| node.text().unwrap_or_default().trim().to_owned()).collect()
}
