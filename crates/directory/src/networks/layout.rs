//! Where things stand in the picture of a network: pure. Networks are boxes on the middle axis, what went before above what came after;
//! organisations stand on an ellipse around them, each with its label outwards and room for three lines, so that no two labels meet.

/// Pixels.
pub const WIDTH: f64 = 1280.0;
const MIDDLE: f64 = WIDTH / 2.0;
/// Where the organisations begin, below the title.
const TOP: f64 = 96.0;
/// What a label takes, and what a box takes with the space to the next.
pub const ROW: f64 = 50.0;
const SLOT: f64 = 100.0;
/// Half of a box.
pub const BOX: (f64, f64) = (112.0, 31.0);
/// From the middle to an organisation at the top of the ellipse, and how much further in the middle.
const NEAR: f64 = 165.0;
const FURTHER: f64 = 170.0;
pub const DOT: f64 = 7.0;
/// From the middle of a dot to the next one of the same organisation.
pub const STEP: f64 = 17.0;
/// Dots an organisation has at most.
pub const DOTS: usize = 4;
/// From the last dot to the label.
const GAP: f64 = 14.0;

/// Which way is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

/// An organisation: its innermost dot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot {
    pub x: f64,
    pub y: f64,
    pub side: Side,
}

impl Spot {
    fn outwards(self, by: f64) -> f64 {
        match self.side {
            Side::Left => self.x - by,
            Side::Right => self.x + by,
        }
    }

    /// The middle of one of its dots.
    pub fn dot(self, index: usize) -> (f64, f64) {
        (self.outwards(STEP * real(index.min(DOTS - 1))), self.y)
    }

    /// Where its label begins, after so many dots.
    pub fn label(self, dots: usize) -> f64 {
        self.outwards(STEP * real(dots.clamp(1, DOTS) - 1) + GAP)
    }
}

/// Where everything stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    pub spots: Vec<Spot>,
    /// The middles of the boxes.
    pub boxes: Vec<(f64, f64)>,
    /// Where the organisations end.
    pub bottom: f64,
}

/// A number of things as a factor.
pub fn real(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

/// The layout of so many organisations, clockwise from the top, and networks, from the top down.
pub fn of(organisations: usize, networks: usize) -> Layout {
    let right = organisations.div_ceil(2);
    let left = organisations - right;
    let height = (real(right) * ROW).max(real(networks) * SLOT).max(3.0 * ROW);
    let spots = column(right, Side::Right, height).chain(column(left, Side::Left, height).rev());
    let slot = height / real(networks.max(1));
    let boxes = (0..networks).map(|index| (MIDDLE, TOP + slot * (real(index) + 0.5)));
    Layout { spots: spots.collect(), boxes: boxes.collect(), bottom: TOP + height }
}

/// One side, from the top down.
fn column(count: usize, side: Side, height: f64) -> impl DoubleEndedIterator<Item = Spot> + ExactSizeIterator {
    let spacing = height / real(count.max(1));
    (0..count).map(move |index| {
        let y = spacing * (real(index) + 0.5);
        let from_middle = (2.0 * y / height - 1.0).clamp(-1.0, 1.0);
        let out = NEAR + FURTHER * (1.0 - from_middle * from_middle).sqrt();
        let x = if side == Side::Right { MIDDLE + out } else { MIDDLE - out };
        Spot { x, y: TOP + y, side }
    })
}

/// A text in lines of at most so many columns; what does not fit ends in an ellipsis. East Asian characters take two columns.
pub fn wrapped(text: &str, columns: usize, lines: usize) -> Vec<String> {
    let mut wrapped: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let joined = wrapped.last().map(|line| format!("{line} {word}")).filter(|line| width(line) <= columns);
        match joined {
            Some(line) => {
                wrapped.pop();
                wrapped.push(line);
            }
            None => wrapped.push(word.to_owned()),
        }
    }
    let is_cut = wrapped.len() > lines;
    wrapped.truncate(lines);
    let count = wrapped.len();
    let fitted = |(index, line): (usize, String)| shortened(&line, columns, is_cut && index + 1 == count);
    wrapped.into_iter().enumerate().map(fitted).collect()
}

fn shortened(line: &str, columns: usize, goes_on: bool) -> String {
    if width(line) <= columns && !goes_on {
        return line.to_owned();
    }
    let mut short = String::new();
    let mut taken = 1;
    for character in line.chars() {
        taken += columns_of(character);
        if taken > columns {
            break;
        }
        short.push(character);
    }
    format!("{}…", short.trim_end_matches([' ', '-', '–', '·', ',']))
}

fn width(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

fn columns_of(character: char) -> usize {
    if u32::from(character) >= 0x1100 && !('\u{2000}'..='\u{206f}').contains(&character) { 2 } else { 1 }
}
