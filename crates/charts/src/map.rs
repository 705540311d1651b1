//! A map of points: one a territory, in classes of size and colour.

use std::ops::Range;

use svg::node::element::{Circle, Group, Path};

use crate::colours::{CLASSES, INK, SOFT};
use crate::describe::{Counts, Told, describe};
use crate::marks::place;
use crate::numbers::{decimals_of_step, number};
use crate::picture::{ChartError, Figure, Language, Picture};
use crate::plane::AXIS_SIZE;
use crate::plot::{Axis, Frame, Plot};
use crate::rows::{Row, Rows};
use crate::sheet::{Anchor, MARGIN, Sample, Sheet, TEXT_SIZE, capped, text, tooltip};
use crate::text::{name_lines, width};
use crate::words::Words;

const WIDTH: i32 = 900;
const LABELS: i32 = 72;
const PLOT_WIDTH: i32 = WIDTH - 2 * MARGIN - LABELS;
const HEIGHTS: std::ops::RangeInclusive<i32> = 320..=620;
/// Radii of the classes, in pixels.
const RADII: [i32; 5] = [4, 5, 7, 9, 11];
/// Which of the five colours and radii so many classes take.
const SPREAD: [&[usize]; 5] = [&[2], &[1, 3], &[0, 2, 4], &[0, 1, 3, 4], &[0, 1, 2, 3, 4]];
/// More points than this are named only where their figures are the highest.
const ALL_NAMED: usize = 30;
const NAMED: usize = 10;
/// Room for a name of many, of some, and of a few.
const NARROW_NAME: i32 = 125;
const NAME_WIDTH: i32 = 170;
const WIDE_NAME: i32 = 320;
const FEW: usize = 6;
/// Kilometres of a degree of latitude (GRS 80, mean).
const DEGREE: f64 = 111.19;

/// A point of the map, and its class where it has a figure.
struct Spot<'a> {
    row: &'a Row,
    at: (i32, i32),
    class: Option<usize>,
}

/// Classes of figures: each with its lowest, its highest and how many there are, the lowest first.
struct Classes {
    all: Vec<(f64, f64, usize)>,
}

impl Classes {
    /// At most five with about as many figures in each; figures that are alike are in the same one.
    fn of(rows: &Rows) -> Self {
        let mut numbers: Vec<f64> =
            rows.rows.iter().filter(|row| row.point.is_some()).filter_map(|row| row.figure.number()).collect();
        numbers.sort_by(f64::total_cmp);
        let mut distinct = numbers.clone();
        distinct.dedup();
        let wanted = distinct.len().min(CLASSES.len());
        let mut all: Vec<(f64, f64, usize)> = Vec::new();
        let mut class_of_last = None;
        for value in &numbers {
            let first = numbers.partition_point(|other| other < value);
            let class = if distinct.len() <= CLASSES.len() {
                distinct.partition_point(|other| other < value)
            } else {
                first * wanted / numbers.len()
            };
            match all.last_mut() {
                Some((_, highest, count)) if class_of_last == Some(class) => {
                    *highest = *value;
                    *count += 1;
                }
                _ => all.push((*value, *value, 1)),
            }
            class_of_last = Some(class);
        }
        Self { all }
    }

    fn of_number(&self, value: f64) -> Option<usize> {
        self.all.iter().position(|(low, high, _)| (*low..=*high).contains(&value))
    }

    /// The colour and the radius of a class.
    fn look(&self, class: usize) -> (&'static str, i32) {
        let spread = self.all.len().checked_sub(1).and_then(|index| SPREAD.get(index)).copied().unwrap_or_default();
        let index = spread.get(class).copied().unwrap_or(2);
        let colour = CLASSES.get(index).copied().unwrap_or(INK);
        (colour, RADII.get(index).copied().unwrap_or(7))
    }
}

/// Draws the figures of the last period where the territories are, in degrees of longitude and latitude that are as long as they are on the
/// ground in the middle of the map.
///
/// # Errors
/// [`ChartError`] where the figures cannot be drawn.
pub fn point_map(picture: &Picture) -> Result<String, ChartError> {
    picture.check()?;
    let words = Words::of(picture.language);
    let mut rows = Rows::of(picture);
    rows.rank();
    let mut sheet = Sheet::begin(picture, WIDTH, &rows.facts(words));
    let classes = Classes::of(&rows);
    let points: Vec<(f64, f64)> = rows.rows.iter().filter_map(|row| row.point).collect();
    if points.is_empty() {
        sheet.y += 30;
        let line = text(words.no_points, (MARGIN, sheet.y), TEXT_SIZE + 2, Anchor::Start).set("fill", INK);
        sheet.add(line);
        sheet.y += 20;
    } else {
        draw(&mut sheet, &rows, &classes, &points)?;
    }
    let digits = rows.decimals();
    sheet.legend(samples(&rows, &classes, digits, picture.language));
    if !classes.all.is_empty() {
        sheet.note(words.class_size.to_owned());
    }
    let without = rows.rows.len() - points.len();
    if without > 0 {
        sheet.note(format!("{}: {without}", words.without_place));
    }
    let all: Vec<Told<'_>> =
        rows.rows.iter().map(|row| Told { name: &row.name, period: "", figure: row.figure }).collect();
    let span = rows.period.as_deref().unwrap_or_default();
    let description = describe(words.point_map, &capped(&picture.unit), rows.rows.len(), span, &all, picture.language);
    Ok(sheet.finish(words.point_map, &description))
}

/// The part of the earth that is shown, and how high it is in pixels.
fn extent(points: &[(f64, f64)]) -> (Range<f64>, Range<f64>, i32) {
    let span = |of: &dyn Fn(&(f64, f64)) -> f64, least: f64| {
        let low = points.iter().map(of).fold(f64::INFINITY, f64::min);
        let high = points.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
        ((low + high) / 2.0, ((high - low) * 1.14).max(least))
    };
    let (latitude, tall) = span(&|(_, latitude)| *latitude, 0.03);
    // Near the poles a degree of longitude has no length to speak of.
    let shrunk = latitude.to_radians().cos().max(0.05);
    let (longitude, wide) = span(&|(longitude, _)| *longitude, 0.06 / shrunk);
    let pixels = f64::from(PLOT_WIDTH);
    let wanted = tall / (wide * shrunk) * pixels;
    let height = HEIGHTS.clone().find(|height| f64::from(*height) >= wanted).unwrap_or(*HEIGHTS.end());
    // Degrees of latitude of a pixel, so that everything is shown.
    let pixel = (wide * shrunk / pixels).max(tall / f64::from(height));
    let (half_wide, half_tall) = (pixel / shrunk * pixels / 2.0, pixel * f64::from(height) / 2.0);
    let around = |middle: f64, half: f64| (middle - half)..(middle + half);
    (around(longitude, half_wide), around(latitude, half_tall), height)
}

fn draw(sheet: &mut Sheet<'_>, rows: &Rows, classes: &Classes, points: &[(f64, f64)]) -> Result<(), ChartError> {
    let language = sheet.picture.language;
    let (longitudes, latitudes, height) = extent(points);
    let south = latitudes.start;
    let [east, west] = sheet.words.east_west;
    let x = degrees(longitudes, 180.0, PLOT_WIDTH, (west, east), language);
    let y = degrees(latitudes, 90.0, height * 2, ("S", "N"), language);
    let (left, top) = (MARGIN + LABELS, sheet.y);
    let frame = Frame { left, top, width: PLOT_WIDTH, height, left_labels: LABELS, bottom_labels: 24 };
    let plot = Plot::draw(&mut sheet.body, frame, x, y, (true, true))?;
    let mut spots: Vec<Spot<'_>> = Vec::new();
    for row in &rows.rows {
        if let Some((longitude, latitude)) = row.point {
            let class = row.figure.number().and_then(|number| classes.of_number(number));
            spots.push(Spot { row, at: plot.at(longitude, latitude), class });
        }
    }
    // What has no figure lies below, and the small above the large, so that none hides another.
    let mut order: Vec<&Spot<'_>> = spots.iter().collect();
    order.sort_by_key(|spot| spot.class.map_or((0, 0), |class| (1, usize::MAX - class)));
    for spot in order {
        let value = crate::rows::told(spot.row.figure, rows.decimals(), sheet.picture);
        let mark = match spot.class {
            Some(class) => dot(spot.at, classes.look(class), spot.row.figure),
            None => place(spot.at, spot.row.figure == Figure::Suppressed),
        };
        sheet.add(mark.add(tooltip(&format!("{}: {value}", spot.row.name))));
    }
    let bounds = Bounds { left, top, right: left + PLOT_WIDTH, bottom: top + height };
    let unnamed = name_spots(sheet, &spots, classes, bounds);
    sheet.y = top + height + 24;
    scale_bar(sheet, &plot, south, left + PLOT_WIDTH);
    if spots.len() > ALL_NAMED {
        let told = format!("{}: {}", sheet.words.named, NAMED - unnamed);
        sheet.note(told);
    } else if unnamed > 0 {
        let told = format!("{}: {unnamed}", sheet.words.without_room);
        sheet.note(told);
    }
    Ok(())
}

/// An axis of degrees, of those there are.
fn degrees(range: Range<f64>, most: f64, pixels: i32, signs: (&'static str, &'static str), language: Language) -> Axis {
    let told = |value: f64, decimals: usize| {
        let sign = if value.abs() < 1e-9 { "" } else { if value > 0.0 { signs.1 } else { signs.0 } };
        if value.abs() > most { String::new() } else { format!("{}° {sign}", number(value.abs(), decimals, language)) }
    };
    Axis::fitting(range, pixels, told)
}

fn dot((x, y): (i32, i32), (colour, radius): (&str, i32), figure: Figure) -> Group {
    let circle = Circle::new().set("cx", x).set("cy", y).set("r", radius).set("fill", colour);
    let group = Group::new().add(circle.set("stroke", INK).set("stroke-width", 1));
    if matches!(figure, Figure::Final(_)) {
        return group;
    }
    group.add(Circle::new().set("cx", x).set("cy", y).set("r", 2).set("fill", "#ffffff").set("stroke", INK))
}

/// A rectangle of pixels.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    left: i32,
    top: i32,
    right: i32,
    bottom: i32,
}

impl Bounds {
    fn around((x, y): (i32, i32), radius: i32) -> Self {
        Self { left: x - radius, top: y - radius, right: x + radius, bottom: y + radius }
    }

    fn meets(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    fn is_within(&self, other: &Self) -> bool {
        self.left >= other.left && self.right <= other.right && self.top >= other.top && self.bottom <= other.bottom
    }
}

/// Writes names where they meet neither a point nor another name, and tells how many found no room.
fn name_spots(sheet: &mut Sheet<'_>, spots: &[Spot<'_>], classes: &Classes, bounds: Bounds) -> usize {
    let radius = |spot: &Spot<'_>| spot.class.map_or(6, |class| classes.look(class).1);
    let mut taken: Vec<Bounds> = spots.iter().map(|spot| Bounds::around(spot.at, radius(spot) + 1)).collect();
    let named = if spots.len() > ALL_NAMED { NAMED } else { spots.len() };
    let room = match spots.len() {
        0..=FEW => WIDE_NAME,
        count if count <= ALL_NAMED => NAME_WIDTH,
        _ => NARROW_NAME,
    };
    let mut unnamed = 0;
    for spot in spots.iter().take(named) {
        let name = name_lines(&spot.row.name, AXIS_SIZE, room, 1).concat();
        let (wide, (x, y), away) = (width(&name, AXIS_SIZE), spot.at, radius(spot) + 4);
        // Where the name's anchor stands, and which side of the name it is.
        let (right, left, near) = (x + away, x - away, away * 3 / 4);
        let places = [
            (right, y + 4, Anchor::Start),
            (left, y + 4, Anchor::End),
            (x, y - away - 3, Anchor::Middle),
            (x, y + away + 11, Anchor::Middle),
            (x + near, y - near, Anchor::Start),
            (x - near, y - near, Anchor::End),
            (x + near, y + near + 8, Anchor::Start),
            (x - near, y + near + 8, Anchor::End),
        ];
        let label = |(at, base, anchor): (i32, i32, Anchor)| {
            let left = match anchor {
                Anchor::Start => at,
                Anchor::Middle => at - wide / 2,
                Anchor::End => at - wide,
            };
            Bounds { left, top: base - 11, right: left + wide, bottom: base + 3 }
        };
        let is_free = |place: &(i32, i32, Anchor)| {
            let label = label(*place);
            label.is_within(&bounds) && !taken.iter().any(|other| label.meets(other))
        };
        let Some(place) = places.into_iter().find(is_free) else {
            unnamed += 1;
            continue;
        };
        taken.push(label(place));
        let told = text(&name, (place.0, place.1), AXIS_SIZE, place.2).set("fill", INK);
        let told = told.set("paint-order", "stroke").set("stroke", "#ffffff").set("stroke-width", 3);
        sheet.add(told);
    }
    unnamed
}

/// How long a round number of kilometres is in the middle of the map, at the right below it.
fn scale_bar(sheet: &mut Sheet<'_>, plot: &Plot, south: f64, right: i32) {
    const LENGTHS: [f64; 14] = [2_000.0, 1_000.0, 500.0, 200.0, 100.0, 50.0, 20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.2, 0.1];
    let pixels = |kilometres: f64| plot.at(0.0, south).1 - plot.at(0.0, south + kilometres / DEGREE).1;
    let Some(length) = LENGTHS.into_iter().find(|length| pixels(*length) <= 180) else { return };
    let (from, y) = (right - pixels(length), sheet.y + 12);
    let bar = Path::new().set("d", format!("M{from} {}v8m0 -4H{right}m0 -4v8", y - 4));
    sheet.add(bar.set("stroke", SOFT).set("stroke-width", 1.5).set("fill", "none"));
    let told = format!("{} km", number(length, decimals_of_step(length), sheet.picture.language));
    let told = text(&told, (from - 8, y + 4), AXIS_SIZE, Anchor::End).set("fill", SOFT);
    sheet.add(told);
    sheet.y += 22;
}

fn samples(rows: &Rows, classes: &Classes, digits: usize, language: Language) -> Vec<Sample> {
    let words = Words::of(language);
    let told = |value: f64| number(value, digits, language);
    let mut samples: Vec<Sample> = Vec::new();
    for (class, (low, high, count)) in classes.all.iter().enumerate() {
        let look = classes.look(class);
        let span = if low == high { told(*low) } else { format!("{} – {}", told(*low), told(*high)) };
        samples.push(Sample {
            draw: Box::new(move |x, y| dot((x + 14, y), look, Figure::Final(0.0))),
            meaning: format!("{span} ({count})"),
        });
    }
    let counts = Counts::of(rows.rows.iter().filter(|row| row.point.is_some()).map(|row| row.figure));
    let look = classes.look(classes.all.len() / 2);
    for (count, figure, meaning) in [
        (counts.provisional + counts.estimated, Figure::Provisional(0.0), words.provisional_or_estimated),
        (counts.missing, Figure::Missing, words.missing_long),
        (counts.suppressed, Figure::Suppressed, words.suppressed_long),
    ] {
        if count > 0 {
            let draw: Box<dyn Fn(i32, i32) -> Group> = match figure {
                Figure::Provisional(_) => Box::new(move |x, y| dot((x + 14, y), look, figure)),
                _ => Box::new(move |x, y| place((x + 14, y), figure == Figure::Suppressed)),
            };
            samples.push(Sample { draw, meaning: format!("{meaning} ({count})") });
        }
    }
    samples
}
