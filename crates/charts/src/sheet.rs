//! The sheet that every form is drawn on: title and unit above, legend, notes, source and date below.

use svg::Document;
use svg::node::Text as Content;
use svg::node::element::{Description, Group, Line, Rectangle, Text, Title};

use crate::colours::{INK, RULE, SOFT};
use crate::numbers::whole;
use crate::picture::Picture;
use crate::text::{clean, lines, width};
use crate::words::Words;

/// From the edges, in pixels.
pub const MARGIN: i32 = 24;
const TITLE_SIZE: i32 = 20;
/// Text below the title, and text of figures.
pub const TEXT_SIZE: i32 = 13;
const NOTE_SIZE: i32 = 12;
/// Notes at most, and lines of each.
const MOST_NOTES: usize = 12;
const NOTE_LINES: usize = 3;
/// How much of a text is taken at most, in characters: more would only be cut off below.
const MOST_CHARACTERS: usize = 2_000;

/// Which side of a text stands at its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// A text whose base line is there.
pub fn text(told: &str, (x, y): (i32, i32), size: i32, anchor: Anchor) -> Text {
    let text = Text::new(clean(told)).set("x", x).set("y", y).set("font-size", size);
    match anchor {
        Anchor::Start => text,
        Anchor::Middle => text.set("text-anchor", "middle"),
        Anchor::End => text.set("text-anchor", "end"),
    }
}

/// The whole of a name, for those who point at what stands for it.
pub fn tooltip(told: &str) -> Title {
    Title::new(clean(told))
}

/// A sample of a legend: drawn in a box 30 wide around a point in the middle of its left edge, and what it means.
pub struct Sample {
    pub draw: Box<dyn Fn(i32, i32) -> Group>,
    pub meaning: String,
}

/// A picture from its top to where it has got.
pub struct Sheet<'a> {
    pub picture: &'a Picture,
    pub words: &'static Words,
    pub width: i32,
    /// The first pixel that is free.
    pub y: i32,
    pub body: Group,
    notes: Vec<String>,
}

impl<'a> Sheet<'a> {
    /// With the title, and below it what is shown: the unit, and what is said besides.
    pub fn begin(picture: &'a Picture, width: i32, facts: &[String]) -> Self {
        let words = Words::of(picture.language);
        let mut sheet = Self { picture, words, width, y: MARGIN - 4, body: Group::new(), notes: Vec::new() };
        // Bold letters are wider.
        for line in lines(&capped(&picture.title), TITLE_SIZE, (width - 2 * MARGIN) * 9 / 10, 3) {
            sheet.y += 26;
            let line = text(&line, (MARGIN, sheet.y - 6), TITLE_SIZE, Anchor::Start);
            sheet.add(line.set("font-weight", "bold").set("fill", INK));
        }
        let unit = capped(&picture.unit);
        let unit = (!unit.is_empty()).then(|| format!("{}: {unit}", words.unit));
        let facts: Vec<String> = unit.into_iter().chain(facts.iter().map(|fact| capped(fact))).collect();
        sheet.tell(&facts.join(" · "), TEXT_SIZE, 3);
        sheet.y += 8;
        sheet
    }

    pub fn add(&mut self, node: impl Into<Box<dyn svg::Node>>) {
        svg::Node::append(&mut self.body, node);
    }

    /// Text in lines of the whole width.
    fn tell(&mut self, told: &str, size: i32, most_lines: usize) {
        for line in lines(told, size, self.width - 2 * MARGIN, most_lines) {
            self.y += size + 6;
            let line = text(&line, (MARGIN, self.y - 5), size, Anchor::Start).set("fill", SOFT);
            self.add(line);
        }
    }

    /// A line of the picture's own below it.
    pub fn note(&mut self, told: String) {
        self.notes.push(told);
    }

    /// Samples in as many lines as they take.
    pub fn legend(&mut self, samples: Vec<Sample>) {
        const SAMPLE: i32 = 36;
        const LINE: i32 = 22;
        if samples.is_empty() {
            return;
        }
        self.y += 6;
        let mut x = MARGIN;
        for sample in samples {
            let meaning = lines(&sample.meaning, TEXT_SIZE, self.width - 2 * MARGIN - SAMPLE, 1).concat();
            let room = SAMPLE + width(&meaning, TEXT_SIZE) + 20;
            if x > MARGIN && x + room > self.width - MARGIN {
                x = MARGIN;
                self.y += LINE;
            }
            let middle = self.y + LINE / 2;
            let drawn = (sample.draw)(x, middle);
            self.add(drawn);
            let told = text(&meaning, (x + SAMPLE, middle + 5), TEXT_SIZE, Anchor::Start).set("fill", INK);
            self.add(told);
            x += room;
        }
        self.y += LINE;
    }

    /// The whole picture, with its notes, its source and its date.
    pub fn finish(mut self, form: &str, description: &str) -> String {
        let (picture, words) = (self.picture, self.words);
        let given: Vec<String> =
            picture.notes.iter().map(|note| capped(note)).filter(|note| !note.is_empty()).collect();
        let left_out = given.len().saturating_sub(MOST_NOTES);
        let mut notes = std::mem::take(&mut self.notes);
        notes.extend(given.into_iter().take(MOST_NOTES));
        if left_out > 0 {
            notes.push(format!("… (+{left_out})"));
        }
        self.y += 6;
        for note in notes {
            self.tell(&note, NOTE_SIZE, NOTE_LINES);
        }
        self.y += 8;
        let rule = Line::new().set("x1", MARGIN).set("x2", self.width - MARGIN).set("y1", self.y).set("y2", self.y);
        self.add(rule.set("stroke", RULE));
        self.y += 4;
        let named = |word: &str, told: &str| {
            let told = capped(told);
            (!told.is_empty()).then(|| format!("{word}: {told}"))
        };
        let source: Vec<String> =
            [named(words.source, &picture.source), named(words.as_of, &picture.as_of)].into_iter().flatten().collect();
        self.tell(&source.join(" · "), NOTE_SIZE, NOTE_LINES);
        let height = self.y + MARGIN / 2;
        let title = capped(&picture.title);
        let title = if title.is_empty() { form.to_owned() } else { title };
        // Two pictures of one page must not share ids.
        let mark = mark(&[&title, description, form]);
        let (title_id, description_id) = (format!("title-{mark}"), format!("description-{mark}"));
        Document::new()
            .set("viewBox", (0, 0, self.width, height))
            .set("width", self.width)
            .set("height", height)
            .set("role", "img")
            .set("aria-labelledby", format!("{title_id} {description_id}"))
            .set("lang", picture.language.tag())
            .set("xml:lang", picture.language.tag())
            .set("font-family", "sans-serif")
            .add(tooltip(&title).set("id", title_id))
            .add(Description::new().set("id", description_id).add(Content::new(description)))
            .add(Rectangle::new().set("width", self.width).set("height", height).set("fill", "#ffffff"))
            .add(self.body)
            .to_string()
    }
}

/// Text as pictures hold it, and no more of it than they have room for.
pub fn capped(told: &str) -> String {
    let capped: String = told.chars().take(MOST_CHARACTERS).collect();
    clean(&capped)
}

/// The same short name for the same texts (FNV-1a).
fn mark(texts: &[&str]) -> String {
    let bytes = texts.iter().flat_map(|told| told.bytes().chain([0]));
    let hash = bytes.fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{hash:08x}")
}

/// How many lines a list of texts takes, for those who lay it out.
pub fn most_lines(texts: impl Iterator<Item = usize>) -> i32 {
    whole(texts.max().unwrap_or(1).max(1))
}
