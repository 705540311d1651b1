//! Colours and how to tell them apart: by people with any colour vision, and against white.

/// Of lines: those of Okabe and Ito (Color Universal Design, 2008), the three light ones darkened so that all have a contrast of 3:1
/// against white, which WCAG 2.2 asks of what is no text (1.4.11).
pub const LINES: [&str; 8] = ["#0072b2", "#d55e00", "#009e73", "#000000", "#bf6a9b", "#b07800", "#3a8fc4", "#857c00"];
/// Of the five classes of a map, the lowest first: viridis, which is told apart by its lightness alone.
pub const CLASSES: [&str; 5] = ["#fde725", "#5ec962", "#21918c", "#3b528b", "#440154"];
/// Of bars, and of those that are provisional or estimated.
pub const BAR: &str = "#0072b2";
pub const PALE: &str = "#cfe5f3";
/// Of text, and of text that matters less: both at least 4.5:1 against white (WCAG 2.2, 1.4.3).
pub const INK: &str = "#1a1a1a";
pub const SOFT: &str = "#4d4d4d";
/// Of what stands behind the figures.
pub const OTHERS: &str = "#9a9a9a";
pub const RULE: &str = "#d9d9d9";
pub const BAND: &str = "#f3f5f7";

#[cfg(test)]
mod tests;
