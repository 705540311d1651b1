//! Time series: lines over periods.

use svg::node::element::{Group, Line as Rule, Polyline, Rectangle};

use crate::colours::{INK, LINES, OTHERS, SOFT};
use crate::describe::{Counts, Told, describe};
use crate::marks::{DASHES, covered, hatched, marker};
use crate::numbers::whole;
use crate::periods::Periods;
use crate::picture::{ChartError, Figure, Picture, Series};
use crate::plane::AXIS_SIZE;
use crate::plot::{Axis, Frame, Plot, Scale, range, tick};
use crate::rows::name;
use crate::sheet::{Anchor, MARGIN, Sample, Sheet, TEXT_SIZE, capped, text, tooltip};
use crate::text::{lines, name_lines, width};
use crate::words::Words;

/// Lines that are told apart by colour, strokes, marks and name: those of the first series. The others stand behind them in grey.
pub const MOST_LINES: usize = 8;
/// Lines in grey at most; how many are left out is told.
pub const MOST_OTHERS: usize = 500;
const WIDTH: i32 = 960;
const KEY_WIDTH: i32 = 230;
/// Sample of a line beside its name.
const KEY_SAMPLE: i32 = 40;
const LEAST_HEIGHT: i32 = 360;
/// Marks of a line at most, besides those that are needed.
const MOST_MARKS: usize = 24;
const STRIP: i32 = 16;

/// A series as it is drawn: each period with its place in time and its figure.
struct Line<'a> {
    name: String,
    figures: Vec<(&'a str, f64, Figure)>,
}

impl<'a> Line<'a> {
    fn of(series: &Series, periods: &Periods<'a>, words: &Words) -> Self {
        let by_period: std::collections::HashMap<&str, Figure> =
            series.values.iter().map(|value| (value.period.as_str(), value.figure())).collect();
        let figure = |period: &str| by_period.get(period).copied().unwrap_or(Figure::Missing);
        let figures = periods.all.iter().map(|(period, at)| (*period, *at, figure(period))).collect();
        Self { name: name(&series.name, words), figures }
    }

    fn counts(&self) -> Counts {
        Counts::of(self.figures.iter().map(|(_, _, figure)| *figure))
    }

    /// Points that follow one another without a gap.
    fn stretches(&self) -> Vec<Vec<(f64, Figure)>> {
        let mut stretches: Vec<Vec<(f64, Figure)>> = vec![Vec::new()];
        for (_, at, figure) in &self.figures {
            match (figure.number(), stretches.last_mut()) {
                (Some(_), Some(stretch)) => stretch.push((*at, *figure)),
                _ => stretches.push(Vec::new()),
            }
        }
        stretches.retain(|stretch| !stretch.is_empty());
        stretches
    }
}

/// Draws lines over the periods of the picture. Gaps stay gaps; which periods lack figures is told below the axis, and how many of a
/// line beside its name.
///
/// # Errors
/// [`ChartError`] where the figures cannot be drawn.
pub fn time_series(picture: &Picture) -> Result<String, ChartError> {
    picture.check()?;
    let words = Words::of(picture.language);
    let periods = Periods::of(picture);
    let all: Vec<Line<'_>> = picture.series.iter().map(|series| Line::of(series, &periods, words)).collect();
    let span = capped(&periods.span());
    let mut facts = vec![format!("{}: {}", words.territories, all.len())];
    if !span.is_empty() {
        facts.insert(0, format!("{}: {span}", if periods.all.len() > 1 { words.periods } else { words.period }));
    }
    let mut sheet = Sheet::begin(picture, WIDTH, &facts);
    let (told_apart, others) = all.split_at(all.len().min(MOST_LINES));
    let (others, left_out) = others.split_at(others.len().min(MOST_OTHERS));
    draw(&mut sheet, &periods, told_apart, others)?;
    sheet.legend(samples(told_apart, others, words));
    if !left_out.is_empty() {
        sheet.note(format!("{}: {}", words.lines_not_drawn, left_out.len()));
    }
    let told = all.iter().flat_map(|line| {
        line.figures.iter().map(|(period, _, figure)| Told { name: &line.name, period, figure: *figure })
    });
    let told: Vec<Told<'_>> = told.collect();
    let description = describe(words.time_series, &capped(&picture.unit), all.len(), &span, &told, picture.language);
    Ok(sheet.finish(words.time_series, &description))
}

fn draw(
    sheet: &mut Sheet<'_>,
    periods: &Periods<'_>,
    told_apart: &[Line<'_>],
    others: &[Line<'_>],
) -> Result<(), ChartError> {
    let (picture, words) = (sheet.picture, sheet.words);
    let figures = told_apart.iter().chain(others).flat_map(|line| &line.figures);
    let numbers: Vec<f64> = figures.filter_map(|(_, _, figure)| figure.number()).collect();
    if numbers.is_empty() {
        sheet.y += 30;
        let line = text(words.no_figures, (MARGIN, sheet.y), TEXT_SIZE + 2, Anchor::Start).set("fill", INK);
        sheet.add(line);
        sheet.y += 20;
    }
    if periods.all.is_empty() {
        return Ok(());
    }
    let scale = Scale::of(numbers.iter().copied().map(f64::abs).fold(0.0, f64::max));
    let values = range(numbers.iter().map(|number| scale.down(*number)), false);
    if !numbers.is_empty() && !(values.start..=values.end).contains(&0.0) {
        sheet.note(words.not_from_zero.to_owned());
    }
    let crosses_zero = values.start < 0.0 && values.end > 0.0;
    let values = if numbers.is_empty() {
        Axis::marked(0.0..1.0, Vec::new())
    } else {
        Axis::round(values, 8, tick(picture.language))
    };
    let keys: Vec<Key> = told_apart.iter().map(|line| Key::of(line, words)).collect();
    let height = keys.iter().map(|key| key.height).sum::<i32>().max(LEAST_HEIGHT);
    let unit = [Some(capped(&picture.unit)), scale.told(words).map(|told| format!("({told})"))];
    let unit: Vec<String> = unit.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    let unit = lines(&unit.join(" "), AXIS_SIZE, WIDTH - KEY_WIDTH - 3 * MARGIN, 1).concat();
    let unit = if unit.ends_with('…') { scale.told(words).unwrap_or(unit) } else { unit };
    let told = text(&unit, (MARGIN, sheet.y + 10), AXIS_SIZE, Anchor::Start).set("fill", SOFT);
    sheet.add(told);
    let strips = [
        (told_apart.iter().any(|line| line.counts().missing > 0), words.missing, Figure::Missing),
        (told_apart.iter().any(|line| line.counts().suppressed > 0), words.suppressed, Figure::Suppressed),
    ];
    let strips: Vec<(&str, Figure)> =
        strips.into_iter().filter(|(is_there, ..)| *is_there).map(|(_, word, figure)| (word, figure)).collect();
    let labels = strips.iter().map(|(word, _)| width(word, AXIS_SIZE)).chain([values.widest()]).max().unwrap_or(0);
    let left = MARGIN + labels + 12;
    let right = WIDTH - MARGIN - KEY_WIDTH;
    let top = sheet.y + 22;
    let frame = Frame { left, top, width: right - left, height, left_labels: labels + 12, bottom_labels: 24 };
    let axis = time_axis(periods, right - left);
    let plot = Plot::draw(&mut sheet.body, frame, axis, values, (false, true))?;
    sheet.y = top + height + 26;
    if crosses_zero {
        let zero = plot.at(0.0, 0.0).1;
        let rule = Rule::new().set("x1", left).set("x2", right).set("y1", zero).set("y2", zero);
        sheet.add(rule.set("stroke", SOFT));
    }
    // So many lines together must not be darker than those in front of them.
    let opacity = if others.len() > 40 { 0.35 } else { 0.6 };
    for line in others {
        let mut group = Group::new().set("fill", "none").set("stroke", OTHERS).set("stroke-opacity", opacity);
        group = group.add(tooltip(&line.name));
        let group = line.stretches().iter().fold(group, |group, stretch| group.add(path(stretch, &plot, scale)));
        sheet.add(group.set("stroke-linecap", "round"));
    }
    for (index, line) in told_apart.iter().enumerate().rev() {
        let drawn = coloured(line, index, &plot, scale);
        sheet.add(drawn);
    }
    place_keys(sheet, &keys, told_apart, &plot, scale, (right + 14, top, height));
    strip_rows(sheet, &strips, told_apart, periods, &plot, left);
    Ok(())
}

/// The axis of time, with labels of as many periods as there is room for, the last one always.
fn time_axis(periods: &Periods<'_>, pixels: i32) -> Axis {
    let first = periods.all.first().map_or(0.0, |(_, at)| *at);
    let last = periods.all.last().map_or(1.0, |(_, at)| *at);
    let count = f64::from(whole(periods.all.len()));
    // Half of the space between two periods at either end.
    let room = if last > first { (last - first) / count * 0.5 } else { 0.5 };
    let range = (first - room)..(last + room);
    let at = |time: f64| (time - range.start) / (range.end - range.start) * f64::from(pixels);
    let told: Vec<(f64, String)> =
        periods.all.iter().map(|(period, time)| (*time, lines(&capped(period), AXIS_SIZE, 90, 1).concat())).collect();
    let half = |told: &str| f64::from(width(told, AXIS_SIZE)) / 2.0;
    let mut step = 1;
    loop {
        let mut ticks: Vec<(f64, String)> = told.iter().rev().step_by(step).cloned().collect();
        ticks.reverse();
        let is_free = ticks
            .iter()
            .zip(ticks.iter().skip(1))
            .all(|((before, a), (after, b))| at(*after) - half(b) - at(*before) - half(a) >= 10.0);
        if is_free || step >= told.len() {
            return Axis::marked(range, ticks);
        }
        step += 1;
    }
}

fn path(stretch: &[(f64, Figure)], plot: &Plot, scale: Scale) -> Polyline {
    let points: Vec<(i32, i32)> = stretch
        .iter()
        .filter_map(|(at, figure)| figure.number().map(|number| plot.at(*at, scale.down(number))))
        .collect();
    // A single point is a dot: a line of no length with round ends.
    let (points, stroke) =
        if let [only] = points.as_slice() { (vec![*only, (only.0 + 1, only.1)], 3) } else { (points, 1) };
    let points: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
    Polyline::new().set("points", points.join(" ")).set("stroke-width", stroke)
}

fn coloured(line: &Line<'_>, index: usize, plot: &Plot, scale: Scale) -> Group {
    let colour = LINES.get(index % LINES.len()).copied().unwrap_or(INK);
    let dashes = DASHES.get(index % DASHES.len()).copied().unwrap_or_default();
    let mut group = Group::new().add(tooltip(&line.name));
    let every = line.figures.len().div_ceil(MOST_MARKS).max(1);
    for stretch in line.stretches() {
        let stroke = path(&stretch, plot, scale).set("fill", "none").set("stroke", colour);
        group = group.add(stroke.set("stroke-width", 2.2).set("stroke-dasharray", dashes));
        let last = stretch.len() - 1;
        for (place, (at, figure)) in stretch.iter().enumerate() {
            let is_needed = !matches!(figure, Figure::Final(_)) || place == 0 || place == last;
            if let Some(number) = figure.number()
                && (is_needed || place % every == 0)
            {
                group = group.add(marker(index, plot.at(*at, scale.down(number)), colour, *figure));
            }
        }
    }
    group
}

/// What is said of a line beside the plot.
struct Key {
    name: Vec<String>,
    without: String,
    height: i32,
}

impl Key {
    const LINE: i32 = 16;

    fn of(line: &Line<'_>, words: &Words) -> Self {
        let room = KEY_WIDTH - 14 - KEY_SAMPLE;
        let name = name_lines(&line.name, TEXT_SIZE, room, 3);
        let without = lines(&line.counts().without_figure(words), AXIS_SIZE, room, 1).concat();
        let height = Self::LINE * whole(name.len() + usize::from(!without.is_empty())) + 8;
        Self { name, without, height }
    }
}

/// Writes the names at the height where their lines end, or near it where several end together.
fn place_keys(
    sheet: &mut Sheet<'_>,
    keys: &[Key],
    told_apart: &[Line<'_>],
    plot: &Plot,
    scale: Scale,
    (left, top, height): (i32, i32, i32),
) {
    let end = |line: &Line<'_>| {
        let last = line.figures.iter().rev().find_map(|(_, at, figure)| figure.number().map(|number| (*at, number)));
        last.map_or(top + height, |(at, number)| plot.at(at, scale.down(number)).1)
    };
    let mut order: Vec<(usize, &Key, i32)> =
        keys.iter().zip(told_apart).enumerate().map(|(index, (key, line))| (index, key, end(line))).collect();
    order.sort_by_key(|(index, _, end)| (*end, *index));
    // From the top down none above the one before, then from the bottom up none below the plot.
    let mut places = Vec::with_capacity(order.len());
    let mut free = top;
    for (_, key, end) in &order {
        let place = (end - key.height / 2).max(free);
        places.push(place);
        free = place + key.height;
    }
    let mut bottom = top + height;
    for ((_, key, _), place) in order.iter().zip(&mut places).rev() {
        *place = (*place).min(bottom - key.height);
        bottom = *place;
    }
    for ((index, key, _), place) in order.iter().zip(places) {
        let colour = LINES.get(index % LINES.len()).copied().unwrap_or(INK);
        let dashes = DASHES.get(index % DASHES.len()).copied().unwrap_or_default();
        let middle = place + 12;
        let sample = Polyline::new().set("points", format!("{left},{middle} {},{middle}", left + KEY_SAMPLE - 8));
        let sample = sample.set("stroke", colour).set("stroke-width", 2.2).set("stroke-dasharray", dashes);
        let mut one = Group::new().add(sample);
        one = one.add(marker(*index, (left + (KEY_SAMPLE - 8) / 2, middle), colour, Figure::Final(0.0)));
        let mut base = middle + 5;
        for line in &key.name {
            one = one.add(text(line, (left + KEY_SAMPLE, base), TEXT_SIZE, Anchor::Start).set("fill", INK));
            base += Key::LINE;
        }
        if !key.without.is_empty() {
            one = one.add(text(&key.without, (left + KEY_SAMPLE, base), AXIS_SIZE, Anchor::Start).set("fill", SOFT));
        }
        sheet.add(one);
    }
}

/// Below the axis, in which periods any of the lines has no figure, and why.
fn strip_rows(
    sheet: &mut Sheet<'_>,
    strips: &[(&str, Figure)],
    told_apart: &[Line<'_>],
    periods: &Periods<'_>,
    plot: &Plot,
    left: i32,
) {
    let places: Vec<i32> = periods.all.iter().map(|(_, at)| plot.at(*at, 0.0).0).collect();
    let nearest = places.iter().zip(places.iter().skip(1)).map(|(a, b)| b - a).min().unwrap_or(24);
    let half = (nearest / 2 - 1).clamp(1, 12);
    for (word, kind) in strips {
        let told = text(word, (left - 10, sheet.y + 11), AXIS_SIZE, Anchor::End).set("fill", SOFT);
        sheet.add(told);
        for (index, place) in places.iter().enumerate() {
            let lacks = told_apart.iter().any(|line| line.figures.get(index).is_some_and(|(_, _, f)| f == kind));
            if lacks {
                let draw = if *kind == Figure::Suppressed { covered } else { hatched };
                let band = draw(place - half, sheet.y + 2, 2 * half, 10);
                sheet.add(band);
            }
        }
        sheet.y += STRIP;
    }
    sheet.y += 4;
}

fn samples(told_apart: &[Line<'_>], others: &[Line<'_>], words: &'static Words) -> Vec<Sample> {
    let counts = Counts::of(told_apart.iter().flat_map(|line| line.figures.iter().map(|(_, _, figure)| *figure)));
    let marked = |figure: Figure, meaning: &str| Sample {
        draw: Box::new(move |x, y| marker(0, (x + 14, y), SOFT, figure)),
        meaning: meaning.to_owned(),
    };
    let mut samples = Vec::new();
    if !others.is_empty() {
        samples.push(Sample {
            draw: Box::new(|x, y| {
                let line = Rectangle::new().set("x", x).set("y", y - 1).set("width", 28).set("height", 2);
                Group::new().add(line.set("fill", OTHERS))
            }),
            meaning: format!("{}: {}", words.other_territories, others.len()),
        });
    }
    if counts.provisional > 0 {
        samples.push(marked(Figure::Provisional(0.0), words.provisional));
    }
    if counts.estimated > 0 {
        samples.push(marked(Figure::Estimated(0.0), words.estimated));
    }
    if counts.missing > 0 {
        samples
            .push(Sample { draw: Box::new(|x, y| hatched(x, y - 5, 28, 10)), meaning: words.missing_long.to_owned() });
    }
    if counts.suppressed > 0 {
        samples.push(Sample {
            draw: Box::new(|x, y| covered(x, y - 5, 28, 10)),
            meaning: words.suppressed_long.to_owned(),
        });
    }
    samples
}
