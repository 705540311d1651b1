//! A ranked table: every figure can be read.

use svg::node::element::{Group, Line, Rectangle};

use crate::colours::{BAND, INK, SOFT};
use crate::describe::{Counts, Told, describe};
use crate::numbers::{number, whole};
use crate::picture::{ChartError, Figure, Picture};
use crate::rows::Rows;
use crate::sheet::{Anchor, MARGIN, Sheet, TEXT_SIZE, capped, text, tooltip};
use crate::text::{name_lines, width};
use crate::words::Words;

/// Rows of a table at most; how many are left out is told.
pub const MOST_ROWS: usize = 400;
const ROW: i32 = 23;
/// Between two blocks of rows, and between two columns.
const BETWEEN: i32 = 30;
const GAP: i32 = 12;

/// How wide the parts of a row are.
struct Columns {
    rank: i32,
    name: i32,
    value: i32,
    flag: i32,
}

/// A row as it is read.
struct Entry {
    rank: String,
    name: String,
    value: String,
    flag: &'static str,
    is_plain: bool,
}

/// Draws the figures of the last period as a table, the highest first, alike ones in the same place, and those without a figure last. It
/// has one block of rows, or two or three beside each other.
///
/// # Errors
/// [`ChartError`] where the figures cannot be drawn.
pub fn ranked_table(picture: &Picture) -> Result<String, ChartError> {
    picture.check()?;
    let words = Words::of(picture.language);
    let mut rows = Rows::of(picture);
    rows.rank();
    let drawn = rows.rows.len().min(MOST_ROWS);
    let blocks = match drawn {
        0..=24 => 1,
        25..=80 => 2,
        _ => 3,
    };
    let mut sheet = Sheet::begin(picture, if blocks == 3 { 1260 } else { 900 }, &rows.facts(words));
    let told: Vec<Entry> = told(&rows, picture, words).into_iter().take(MOST_ROWS).collect();
    if told.is_empty() {
        sheet.y += 30;
        let line = text(words.no_figures, (MARGIN, sheet.y), TEXT_SIZE + 2, Anchor::Start).set("fill", INK);
        sheet.add(line);
        sheet.y += 10;
    } else {
        draw(&mut sheet, &told, blocks);
    }
    let counts = Counts::of(rows.rows.iter().map(|row| row.figure));
    sheet.note(signs(counts, words));
    let left_out = rows.rows.get(drawn..).unwrap_or_default();
    if !left_out.is_empty() {
        let without = Counts::of(left_out.iter().map(|row| row.figure)).without_figure(words);
        let without = if without.is_empty() { without } else { format!(" ({without})") };
        sheet.note(format!("{}: {}{without}", words.not_drawn, left_out.len()));
    }
    let all: Vec<Told<'_>> =
        rows.rows.iter().map(|row| Told { name: &row.name, period: "", figure: row.figure }).collect();
    let span = rows.period.as_deref().unwrap_or_default();
    let description =
        describe(words.ranked_table, &capped(&picture.unit), rows.rows.len(), span, &all, picture.language);
    Ok(sheet.finish(words.ranked_table, &description))
}

fn told(rows: &Rows, picture: &Picture, words: &Words) -> Vec<Entry> {
    let digits = rows.decimals();
    let mut last: Option<(f64, usize)> = None;
    let lines = rows.rows.iter().enumerate().map(|(index, row)| {
        let (rank, value) = match row.figure.number() {
            Some(figure) => {
                let place = last.filter(|(before, _)| *before == figure).map_or(index + 1, |(_, place)| place);
                last = Some((figure, place));
                (place.to_string(), number(figure, digits, picture.language))
            }
            None if row.figure == Figure::Suppressed => ("–".to_owned(), words.suppressed.to_owned()),
            None => ("–".to_owned(), words.missing.to_owned()),
        };
        let flag = match row.figure {
            Figure::Provisional(_) => words.provisional_flag,
            Figure::Estimated(_) => words.estimated_flag,
            _ => "",
        };
        Entry { rank, name: row.name.clone(), value, flag, is_plain: row.figure.number().is_some() }
    });
    lines.collect()
}

fn draw(sheet: &mut Sheet<'_>, told: &[Entry], blocks: usize) {
    let words = sheet.words;
    let widest = |head: &str, of: &dyn Fn(&Entry) -> String| {
        let widths = told.iter().map(|line| width(&of(line), TEXT_SIZE));
        widths.chain([width(head, TEXT_SIZE)]).max().unwrap_or(0)
    };
    let all = (sheet.width - 2 * MARGIN - BETWEEN * (whole(blocks) - 1)) / whole(blocks);
    let has_flags = told.iter().any(|line| !line.flag.is_empty());
    let mut columns = Columns {
        rank: widest(words.rank, &|line| line.rank.clone()),
        name: 0,
        value: widest(words.value, &|line| line.value.clone()),
        flag: if has_flags { 16 } else { 0 },
    };
    let room = all - columns.rank - columns.value - columns.flag - 2 * GAP - 12;
    // A wide table of short names would be hard to follow from left to right.
    columns.name = widest(words.territory, &|line| line.name.clone()).max(room.min(260)).min(room);
    let per_block = told.len().div_ceil(blocks);
    let top = sheet.y;
    for (index, block) in told.chunks(per_block).enumerate() {
        let left = MARGIN + (all + BETWEEN) * whole(index);
        sheet.y = top;
        heading(sheet, &columns, left);
        for (index, line) in block.iter().enumerate() {
            row(sheet, &columns, line, left, index % 2 == 1);
        }
    }
    sheet.y = top + ROW * (whole(per_block) + 1) + 6;
}

/// Where the columns of a block that begins there stand: the end of ranks, the beginning of names, the end of values.
fn stops(columns: &Columns, left: i32) -> (i32, i32, i32) {
    let rank = left + 6 + columns.rank;
    (rank, rank + GAP, rank + GAP + columns.name + GAP + columns.value)
}

fn heading(sheet: &mut Sheet<'_>, columns: &Columns, left: i32) {
    let (rank, name, value) = stops(columns, left);
    let base = sheet.y + 16;
    let words = sheet.words;
    for (told, x, anchor) in
        [(words.rank, rank, Anchor::End), (words.territory, name, Anchor::Start), (words.value, value, Anchor::End)]
    {
        let head = text(told, (x, base), TEXT_SIZE, anchor).set("fill", SOFT);
        sheet.add(head);
    }
    let y = sheet.y + ROW - 1;
    let rule = Line::new().set("x1", left).set("x2", value + columns.flag + 6).set("y1", y).set("y2", y);
    sheet.add(rule.set("stroke", SOFT));
    sheet.y += ROW;
}

fn row(sheet: &mut Sheet<'_>, columns: &Columns, line: &Entry, left: i32, is_banded: bool) {
    let (rank, name, value) = stops(columns, left);
    let base = sheet.y + 16;
    let mut one = Group::new().add(tooltip(&format!("{}: {} {}", line.name, line.value, line.flag)));
    let width = value + columns.flag + 6 - left;
    let band = Rectangle::new().set("x", left).set("y", sheet.y).set("width", width).set("height", ROW);
    one = one.add(band.set("fill", if is_banded { BAND } else { "#ffffff" }));
    let ink = if line.is_plain { INK } else { SOFT };
    let short = name_lines(&line.name, TEXT_SIZE, columns.name, 1).concat();
    one = one
        .add(text(&line.rank, (rank, base), TEXT_SIZE, Anchor::End).set("fill", SOFT))
        .add(text(&short, (name, base), TEXT_SIZE, Anchor::Start).set("fill", INK))
        .add(text(&line.value, (value, base), TEXT_SIZE, Anchor::End).set("fill", ink));
    if !line.flag.is_empty() {
        one = one.add(text(line.flag, (value + 5, base), TEXT_SIZE, Anchor::Start).set("fill", SOFT));
    }
    sheet.add(one);
    sheet.y += ROW;
}

/// What the signs beside and in place of figures mean.
fn signs(counts: Counts, words: &Words) -> String {
    let signs = [
        (counts.provisional, format!("{}: {}", words.provisional_flag, words.provisional)),
        (counts.estimated, format!("{}: {}", words.estimated_flag, words.estimated)),
        (counts.missing, words.missing_long.to_owned()),
        (counts.suppressed, words.suppressed_long.to_owned()),
    ];
    let signs = signs.into_iter().filter(|(count, _)| *count > 0).map(|(count, sign)| format!("{sign}: {count}"));
    signs.collect::<Vec<_>>().join(" · ")
}
