//! Horizontal bars: one a territory, or one a period where there is one territory.

use svg::node::element::{Group, Line, Rectangle};

use crate::colours::{BAR, INK, PALE, SOFT};
use crate::describe::{Counts, Told, describe};
use crate::marks::{covered, hatched};
use crate::numbers::{decimals, real, whole};
use crate::periods::Periods;
use crate::picture::{ChartError, Figure, Picture};
use crate::plane::AXIS_SIZE;
use crate::plot::{Axis, Frame, Plot, Scale, range, tick};
use crate::rows::{Row, Rows, name, told};
use crate::sheet::{Anchor, MARGIN, Sample, Sheet, TEXT_SIZE, capped, most_lines, text, tooltip};
use crate::text::{lines, name_lines, width};
use crate::words::Words;

/// Bars of a picture at most: of the territories with the highest figures, or of the last periods. How many are left out is told.
pub const MOST_BARS: usize = 40;
const WIDTH: i32 = 900;
const NAME_WIDTH: i32 = 300;
const NAME_LINES: usize = 2;
const LINE: i32 = 16;

/// Draws bars of the figures of the last period, the highest first; of one territory with several periods, a bar a period.
///
/// # Errors
/// [`ChartError`] where the figures cannot be drawn.
pub fn bars(picture: &Picture) -> Result<String, ChartError> {
    picture.check()?;
    let words = Words::of(picture.language);
    let periods = Periods::of(picture);
    let (rows, facts, span, territories) = match picture.series.as_slice() {
        [only] if periods.all.len() > 1 => {
            let row = |(period, _): &(&str, f64)| {
                let value = only.values.iter().find(|value| value.period == *period);
                Row { name: name(period, words), figure: value.map_or(Figure::Missing, |v| v.figure()), point: None }
            };
            let facts = vec![format!("{}: {}", words.territory, name(&only.name, words))];
            (periods.all.iter().map(row).collect(), facts, capped(&periods.span()), 1)
        }
        _ => {
            let mut rows = Rows::of(picture);
            rows.rank();
            let facts = rows.facts(words);
            (rows.rows, facts, rows.period.unwrap_or_default(), picture.series.len())
        }
    };
    let mut sheet = Sheet::begin(picture, WIDTH, &facts);
    let is_by_period = territories == 1 && rows.len() > 1;
    let left_out = rows.len().saturating_sub(MOST_BARS);
    let (drawn, rest) = if is_by_period {
        let (rest, drawn) = rows.split_at(left_out);
        (drawn, rest)
    } else {
        rows.split_at(rows.len() - left_out)
    };
    draw(&mut sheet, drawn)?;
    let counts = Counts::of(drawn.iter().map(|row| row.figure));
    sheet.legend(samples(counts, words));
    if left_out > 0 {
        let without = Counts::of(rest.iter().map(|row| row.figure)).without_figure(words);
        let without = if without.is_empty() { without } else { format!(" ({without})") };
        sheet.note(format!("{}: {left_out}{without}", words.not_drawn));
    }
    let all: Vec<Told<'_>> = rows.iter().map(|row| Told { name: &row.name, period: "", figure: row.figure }).collect();
    let description = describe(words.bars, &capped(&picture.unit), territories, &span, &all, picture.language);
    Ok(sheet.finish(words.bars, &description))
}

fn draw(sheet: &mut Sheet<'_>, rows: &[Row]) -> Result<(), ChartError> {
    let (picture, words) = (sheet.picture, sheet.words);
    let numbers = || rows.iter().filter_map(|row| row.figure.number());
    if numbers().next().is_none() {
        sheet.y += 30;
        let line = text(words.no_figures, (MARGIN, sheet.y), TEXT_SIZE + 2, Anchor::Start).set("fill", INK);
        sheet.add(line);
        sheet.y += 20;
    }
    if rows.is_empty() {
        return Ok(());
    }
    let digits = decimals(numbers());
    let values: Vec<String> = rows.iter().map(|row| told(row.figure, digits, picture)).collect();
    let names: Vec<Vec<String>> =
        rows.iter().map(|row| name_lines(&row.name, TEXT_SIZE, NAME_WIDTH, NAME_LINES)).collect();
    let widest = |all: &mut dyn Iterator<Item = &String>| all.map(|line| width(line, TEXT_SIZE)).max().unwrap_or(0);
    let left = MARGIN + widest(&mut names.iter().flatten()) + 10;
    let right = WIDTH - MARGIN - widest(&mut values.iter()) - 12;
    let row_height = LINE * most_lines(names.iter().map(Vec::len)) + 8;
    let scale = Scale::of(numbers().map(f64::abs).fold(0.0, f64::max));
    let height = row_height * whole(rows.len());
    let axis = Axis::fitting(range(numbers().map(|n| scale.down(n)), true), right - left, tick(picture.language));
    // A label in the middle of the first tick reaches beyond the axis, but not beyond the names.
    let frame = Frame { left, top: sheet.y, width: right - left, height, left_labels: 0, bottom_labels: 24 };
    let across = numbers().next().is_some();
    let axis = if across { axis } else { Axis::marked(0.0..1.0, Vec::new()) };
    let rows_axis = Axis::marked(0.0..real(rows.len()), Vec::new());
    let plot = Plot::draw(&mut sheet.body, frame, axis, rows_axis, (across, false))?;
    let zero = plot.at(0.0, 0.0).0;
    let mut top = sheet.y;
    for ((row, name), value) in rows.iter().zip(&names).zip(&values) {
        let middle = top + row_height / 2;
        let mut one = Group::new().add(tooltip(&format!("{}: {value}", row.name)));
        let first = middle - LINE * (whole(name.len()) - 1) / 2 + 5;
        for (index, line) in name.iter().enumerate() {
            let at = (left - 10, first + LINE * whole(index));
            one = one.add(text(line, at, TEXT_SIZE, Anchor::End).set("fill", INK));
        }
        let at = (WIDTH - MARGIN, middle + 5);
        let ink = if row.figure.number().is_some() { INK } else { SOFT };
        one = one.add(text(value, at, TEXT_SIZE, Anchor::End).set("fill", ink));
        let (band_top, band) = (middle - 7, 14);
        one = match row.figure {
            Figure::Missing => one.add(hatched(left + 2, band_top, right - left - 4, band)),
            Figure::Suppressed => one.add(covered(left + 2, band_top, right - left - 4, band)),
            Figure::Final(number) | Figure::Provisional(number) | Figure::Estimated(number) => {
                let end = plot.at(scale.down(number), 0.0).0;
                one.add(bar((zero.min(end), band_top), ((end - zero).abs(), band), row.figure))
            }
        };
        sheet.add(one);
        top += row_height;
    }
    if across {
        let line = Line::new().set("x1", zero).set("x2", zero).set("y1", sheet.y).set("y2", sheet.y + height);
        sheet.add(line.set("stroke", SOFT));
    }
    sheet.y += height + 24;
    if across {
        let unit = [Some(capped(&picture.unit)), scale.told(words).map(|told| format!("({told})"))];
        let unit: Vec<String> = unit.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        // Of a long unit, which is told above in full, the scale is what matters here.
        let unit = lines(&unit.join(" "), AXIS_SIZE, right - left, 1).concat();
        let unit = if unit.ends_with('…') { scale.told(words).unwrap_or(unit) } else { unit };
        sheet.y += 16;
        let told = text(&unit, (right, sheet.y - 2), AXIS_SIZE, Anchor::End).set("fill", SOFT);
        sheet.add(told);
    }
    Ok(())
}

fn bar((left, top): (i32, i32), (width, height): (i32, i32), figure: Figure) -> Rectangle {
    let bar = Rectangle::new().set("x", left).set("y", top).set("width", width).set("height", height);
    match figure {
        Figure::Provisional(_) => bar.set("fill", PALE).set("stroke", BAR).set("stroke-width", 1.5),
        Figure::Estimated(_) => {
            bar.set("fill", PALE).set("stroke", BAR).set("stroke-width", 1.5).set("stroke-dasharray", "4 3")
        }
        _ => bar.set("fill", BAR),
    }
}

fn samples(counts: Counts, words: &'static Words) -> Vec<Sample> {
    let sample = |draw: Box<dyn Fn(i32, i32) -> Group>, meaning: String| Sample { draw, meaning };
    let boxed = |figure: Figure| -> Box<dyn Fn(i32, i32) -> Group> {
        Box::new(move |x, y| Group::new().add(bar((x, y - 6), (28, 12), figure)))
    };
    let mut samples = Vec::new();
    if counts.provisional > 0 {
        let meaning = format!("{} ({})", words.provisional, words.provisional_flag);
        samples.push(sample(boxed(Figure::Provisional(0.0)), meaning));
    }
    if counts.estimated > 0 {
        let meaning = format!("{} ({})", words.estimated, words.estimated_flag);
        samples.push(sample(boxed(Figure::Estimated(0.0)), meaning));
    }
    if counts.missing > 0 {
        samples.push(sample(Box::new(|x, y| hatched(x, y - 6, 28, 12)), words.missing_long.to_owned()));
    }
    if counts.suppressed > 0 {
        samples.push(sample(Box::new(|x, y| covered(x, y - 6, 28, 12)), words.suppressed_long.to_owned()));
    }
    samples
}
