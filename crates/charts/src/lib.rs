//! Statistical figures as pictures: SVG 1.1 text that needs nothing else (no font, script, style sheet or other file), that screen
//! readers tell (WAI-ARIA Graphics: `role="img"` with a title and a description), and that reads without colours.
//!
//! The same figures always give the same text: there is no clock, no chance, no file and no network here. Names, units, sources and
//! notes may be anyone's text: they are only ever text of the picture, without control characters.
//!
//! What has no figure is told as such and never drawn as a zero; what is suppressed to protect people is told apart from what is not
//! available, and its value is not in the picture even where a caller hands it over.

mod bars;
mod colours;
mod describe;
mod lines;
mod map;
mod marks;
mod numbers;
mod periods;
mod picture;
mod plane;
mod plot;
mod rows;
mod sheet;
mod table;
mod text;
mod words;

pub use bars::{MOST_BARS, bars};
pub use lines::{MOST_LINES, MOST_OTHERS, time_series};
pub use map::point_map;
pub use picture::{ChartError, Language, MOST_PERIODS, MOST_SERIES, MOST_VALUES, Mark, Picture, Series, Value};
pub use table::{MOST_ROWS, ranked_table};
