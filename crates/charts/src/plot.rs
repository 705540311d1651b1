//! Axes: their ranges, the values that are written on them, and where a value stands.

use std::ops::Range;

use plotters::chart::ChartBuilder;
use plotters::coord::CoordTranslate;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::ranged1d::{BoldPoints, KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::IntoDrawingArea;
use plotters::style::{IntoFont, RGBColor, ShapeStyle};
use svg::node::element::Group;

use crate::numbers::{decimals_of_step, number, raised, whole};
use crate::picture::{ChartError, Language};
use crate::plane::{AXIS_SIZE, Plane};
use crate::text::width;
use crate::words::Words;

/// Between two labels of an axis, in pixels.
const APART: i32 = 14;

/// An axis with labels at its ticks, evenly divided.
#[derive(Clone)]
pub struct Axis {
    line: RangedCoordf64,
    ticks: Vec<(f64, String)>,
}

impl Axis {
    /// With these ticks. The range must not be empty.
    pub fn marked(range: Range<f64>, ticks: Vec<(f64, String)>) -> Self {
        Self { line: range.into(), ticks }
    }

    /// With round values, so many at most.
    pub fn round(range: Range<f64>, most: usize, told: impl Fn(f64, usize) -> String) -> Self {
        let line = RangedCoordf64::from(range);
        let points = line.key_points(BoldPoints(most));
        let step = points.iter().zip(points.iter().skip(1)).map(|(a, b)| b - a).fold(f64::INFINITY, f64::min);
        let decimals = if step.is_finite() { decimals_of_step(nearest(step)) } else { 2 };
        let ticks = points.into_iter().map(|point| (point, told(point, decimals))).collect();
        Self { line, ticks }
    }

    /// With as many round values as a line of pixels has room for.
    pub fn fitting(range: Range<f64>, pixels: i32, told: impl Fn(f64, usize) -> String) -> Self {
        let mut most = 9;
        loop {
            let axis = Self::round(range.clone(), most, &told);
            let widest = axis.widest() + APART;
            if most <= 2 || widest.saturating_mul(whole(axis.ticks.len())) <= pixels {
                return axis;
            }
            most -= 1;
        }
    }

    /// The width of the widest label, in pixels.
    pub fn widest(&self) -> i32 {
        self.ticks.iter().map(|(_, told)| width(told, AXIS_SIZE)).max().unwrap_or(0)
    }
}

/// Without the noise of a subtraction.
fn nearest(step: f64) -> f64 {
    format!("{step:.6e}").parse().unwrap_or(step)
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        // Far outside, the library's own arithmetic of pixels overflows.
        let range = self.line.range();
        self.line.map(&value.clamp(range.start, range.end), limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() {
            return Vec::new();
        }
        self.ticks.iter().map(|(value, _)| *value).collect()
    }

    fn range(&self) -> Range<f64> {
        self.line.range()
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        let tick = self.ticks.iter().find(|(at, _)| at.total_cmp(value).is_eq());
        tick.map(|(_, told)| told.clone()).unwrap_or_default()
    }
}

/// Where a plot lies: its own edges, and how much room its labels have outside them.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    pub left: i32,
    pub top: i32,
    pub width: i32,
    pub height: i32,
    pub left_labels: i32,
    pub bottom_labels: i32,
}

/// Drawn axes.
pub struct Plot {
    space: Cartesian2d<Axis, Axis>,
    left: i32,
    top: i32,
}

impl Plot {
    /// Draws axes with their labels and the lines across from the ticks of the first or the second axis, or both.
    pub fn draw(into: &mut Group, frame: Frame, x: Axis, y: Axis, across: (bool, bool)) -> Result<Self, ChartError> {
        let refused = |reason: &dyn std::fmt::Display| ChartError::Plot(reason.to_string());
        let size = |pixels: i32| u32::try_from(pixels).map_err(|error| refused(&error));
        let (left, top) = (frame.left - frame.left_labels, frame.top);
        let (width, height) = (size(frame.width + frame.left_labels)?, size(frame.height + frame.bottom_labels)?);
        let root = Plane { left, top, width, height, into }.into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .x_label_area_size(frame.bottom_labels)
            .y_label_area_size(frame.left_labels)
            .build_cartesian_2d(x, y)
            .map_err(|error| refused(&error))?;
        let hairline =
            |shade| ShapeStyle { color: RGBColor(shade, shade, shade).into(), filled: false, stroke_width: 1 };
        let mut mesh = chart.configure_mesh();
        mesh.bold_line_style(hairline(225))
            .axis_style(hairline(130))
            .label_style(("sans-serif", AXIS_SIZE).into_font().color(&RGBColor(77, 77, 77)));
        if !across.0 {
            mesh.disable_x_mesh();
        }
        if !across.1 {
            mesh.disable_y_mesh();
        }
        mesh.draw().map_err(|error| refused(&error))?;
        Ok(Self { space: chart.as_coord_spec().clone(), left, top })
    }

    /// Where a pair of values stands in the picture.
    pub fn at(&self, x: f64, y: f64) -> (i32, i32) {
        let (across, down) = self.space.translate(&(x, y));
        (self.left + across, self.top + down)
    }
}

/// What the numbers of an axis are told in: as they are, or in thousands of thousands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    exponent: i32,
    factor: f64,
}

impl Scale {
    /// That which tells numbers of a size with few digits.
    pub fn of(largest: f64) -> Self {
        let mut scale = Self { exponent: 0, factor: 1.0 };
        if largest == 0.0 || (1e-3..1e7).contains(&largest) {
            return scale;
        }
        while largest / scale.factor >= 1e3 {
            scale.exponent += 3;
            scale.factor *= 1e3;
        }
        while largest / scale.factor < 1.0 && scale.exponent > -300 {
            scale.exponent -= 3;
            scale.factor /= 1e3;
        }
        scale
    }

    /// A number in it, for the axis.
    pub fn down(self, value: f64) -> f64 {
        value / self.factor
    }

    /// What is to be said beside the unit, if anything.
    pub fn told(self, words: &Words) -> Option<String> {
        match self.exponent {
            0 => None,
            6 => Some(words.millions.to_owned()),
            9 => Some(words.billions.to_owned()),
            other => Some(format!("× 10{}", raised(&other.to_string()))),
        }
    }
}

/// The range of an axis that shows all of the numbers, which may be none, one, or alike.
pub fn range(numbers: impl Iterator<Item = f64>, with_zero: bool) -> Range<f64> {
    let (mut low, mut high) =
        numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), n| (low.min(n), high.max(n)));
    if low > high {
        return 0.0..1.0;
    }
    // A line that is near zero is read from zero.
    if with_zero || (low > 0.0 && low < high * 0.6) {
        low = low.min(0.0);
    }
    if with_zero || (high < 0.0 && high > low * 0.6) {
        high = high.max(0.0);
    }
    let size = low.abs().max(high.abs());
    if size == 0.0 {
        return 0.0..1.0;
    }
    // Alike, or apart by no more than the noise of arithmetic.
    let room = if high - low <= size * 1e-12 { size * 0.1 } else { (high - low) * 0.06 };
    (if low == 0.0 { 0.0 } else { low - room })..(if high == 0.0 { 0.0 } else { high + room })
}

/// A number of an axis.
pub fn tick(language: Language) -> impl Fn(f64, usize) -> String {
    move |value, decimals| {
        // What is left of a zero after subtractions.
        if value.abs() < 1e-12 { number(0.0, 0, language) } else { number(value, decimals, language) }
    }
}

#[cfg(test)]
mod tests;
