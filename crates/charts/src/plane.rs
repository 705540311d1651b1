//! Where the plotting library draws: its lines and texts as elements of a picture.

use std::convert::Infallible;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};
use svg::node::element::{Group, Line, Polyline, Rectangle};

use crate::sheet::{Anchor, text};
use crate::text::width;

/// Text of axes, in pixels.
pub const AXIS_SIZE: i32 = 12;

/// A part of a picture. Text is [`AXIS_SIZE`] high and not turned.
pub struct Plane<'a> {
    pub left: i32,
    pub top: i32,
    pub width: u32,
    pub height: u32,
    pub into: &'a mut Group,
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl Plane<'_> {
    fn add(&mut self, node: impl Into<Box<dyn svg::Node>>) {
        svg::Node::append(self.into, node);
    }
}

fn hexadecimal(colour: BackendColor) -> String {
    let (red, green, blue) = colour.rgb;
    format!("#{red:02x}{green:02x}{blue:02x}")
}

impl DrawingBackend for Plane<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, colour: BackendColor) -> Drawn {
        let (left, top) = (self.left + x, self.top + y);
        let pixel = Rectangle::new().set("x", left).set("y", top).set("width", 1).set("height", 1);
        self.add(pixel.set("fill", hexadecimal(colour)));
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        let line = Line::new()
            .set("x1", self.left + from.0)
            .set("y1", self.top + from.1)
            .set("x2", self.left + to.0)
            .set("y2", self.top + to.1)
            .set("stroke", hexadecimal(style.color()))
            .set("stroke-width", style.stroke_width());
        self.add(line);
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        let points: Vec<String> =
            path.into_iter().map(|(x, y)| format!("{},{}", self.left + x, self.top + y)).collect();
        let line = Polyline::new()
            .set("points", points.join(" "))
            .set("fill", "none")
            .set("stroke", hexadecimal(style.color()))
            .set("stroke-width", style.stroke_width());
        self.add(line);
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(&mut self, told: &str, style: &T, (x, y): BackendCoord) -> Drawn {
        let anchor = match style.anchor().h_pos {
            HPos::Left => Anchor::Start,
            HPos::Center => Anchor::Middle,
            HPos::Right => Anchor::End,
        };
        // From the point to the base line.
        let below = match style.anchor().v_pos {
            VPos::Top => AXIS_SIZE * 3 / 4,
            VPos::Center => AXIS_SIZE * 3 / 8,
            VPos::Bottom => 0,
        };
        let at = (self.left + x, self.top + y + below);
        self.add(text(told, at, AXIS_SIZE, anchor).set("fill", hexadecimal(style.color())));
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        told: &str,
        _: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let size = |pixels: i32| u32::try_from(pixels).unwrap_or(0);
        Ok((size(width(told, AXIS_SIZE)), size(AXIS_SIZE)))
    }
}
