use super::*;

/// Relative luminance (WCAG 2.2).
fn luminance(colour: &str) -> f64 {
    let channel = |from: usize| {
        let value = f64::from(u8::from_str_radix(&colour[from..from + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

fn contrast(a: &str, b: &str) -> f64 {
    let (light, dark) = (luminance(a).max(luminance(b)), luminance(a).min(luminance(b)));
    (light + 0.05) / (dark + 0.05)
}

#[test]
fn text_is_read_against_white_and_against_bands() {
    for ink in [INK, SOFT] {
        assert!(contrast(ink, "#ffffff") >= 4.5 && contrast(ink, BAND) >= 4.5, "{ink}");
    }
}

#[test]
fn lines_and_bars_stand_out_from_white() {
    for colour in LINES.iter().chain([&BAR]) {
        assert!(contrast(colour, "#ffffff") >= 3.0, "{colour}: {}", contrast(colour, "#ffffff"));
    }
}

#[test]
fn classes_are_told_apart_by_their_lightness() {
    assert!(CLASSES.windows(2).all(|pair| contrast(pair[0], pair[1]) > 1.5), "{CLASSES:?}");
}
