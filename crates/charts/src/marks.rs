//! Marks that are told apart by their form: of lines, of what is provisional or estimated, of what has no figure.

use svg::node::element::{Circle, Group, Path, Rectangle};

use crate::colours::SOFT;
use crate::picture::Figure;

/// Strokes of lines, each like the colour of the same place.
pub const DASHES: [&str; 8] = ["", "8 4", "2 3", "10 3 2 3", "5 3", "12 4", "1 4", "7 3 2 3 2 3"];

/// The form of a line's marks: filled where figures are final, hollow where they are provisional, with a dot within where they are estimated.
pub fn marker(form: usize, (x, y): (i32, i32), colour: &str, figure: Figure) -> Group {
    let outline = match form % 8 {
        0 => format!("M{} {y}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z", x - 5),
        1 => format!("M{} {}h9v9h-9z", x - 4, y - 4),
        2 => format!("M{x} {}l6 10h-12z", y - 6),
        3 => format!("M{x} {}l6 6l-6 6l-6 -6z", y - 6),
        4 => format!("M{x} {}l6 -10h-12z", y + 6),
        5 => format!("M{} {}h4v4h4v4h-4v4h-4v-4h-4v-4h4z", x - 2, y - 6),
        6 => format!("M{} {}h6l3 5l-3 5h-6l-3 -5z", x - 3, y - 5),
        _ => format!("M{} {}h13v5h-13z", x - 6, y - 2),
    };
    let fill = if matches!(figure, Figure::Final(_)) { colour } else { "#ffffff" };
    let path = Path::new().set("d", outline).set("fill", fill).set("stroke", colour).set("stroke-width", 2);
    let group = Group::new().add(path);
    match figure {
        Figure::Estimated(_) => group.add(Circle::new().set("cx", x).set("cy", y).set("r", 2).set("fill", colour)),
        _ => group,
    }
}

/// A band where a figure is not available: slanted strokes and no edge that could be read as a value.
pub fn hatched(left: i32, top: i32, width: i32, height: i32) -> Group {
    const STEP: i32 = 8;
    let mut strokes = String::new();
    let mut x = left;
    let slant = height.min(width);
    while x + slant <= left + width {
        strokes.push_str(&format!("M{x} {}l{slant} -{height}", top + height));
        x += STEP;
    }
    Group::new().add(Path::new().set("d", strokes).set("stroke", "#8a8a8a").set("stroke-width", 1).set("fill", "none"))
}

/// A band where a figure is suppressed: filled, with a frame of dashes.
pub fn covered(left: i32, top: i32, width: i32, height: i32) -> Group {
    let band = Rectangle::new().set("x", left).set("y", top).set("width", width).set("height", height);
    Group::new().add(band.set("fill", "#dcdcdc").set("stroke", SOFT).set("stroke-dasharray", "3 3"))
}

/// A place on a map without a figure: hollow; crossed out where the figure is suppressed.
pub fn place((x, y): (i32, i32), is_suppressed: bool) -> Group {
    let ring = Circle::new().set("cx", x).set("cy", y).set("r", 6).set("fill", "#ffffff").set("stroke", SOFT);
    if is_suppressed {
        let cross = format!("M{} {}l8 8m0 -8l-8 8", x - 4, y - 4);
        let ring = ring.set("stroke-width", 1.5);
        return Group::new().add(ring).add(Path::new().set("d", cross).set("stroke", SOFT).set("stroke-width", 1.5));
    }
    Group::new().add(ring.set("stroke-width", 1.5).set("stroke-dasharray", "3 2"))
}
