//! Anyone's text made fit for a picture: what it may hold, how wide it is, where its lines break.

use unicode_width::UnicodeWidthChar;

/// A text in one line, without what XML cannot hold (XML 1.0, 2.2), control characters and those that turn the direction of what follows
/// (UAX #9): names are shown beside figures, which must stay where they are.
pub fn clean(text: &str) -> String {
    let kept = |c: &char| {
        let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        !turns
            && !matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}')
            && (c.is_whitespace() || !c.is_control())
    };
    let text: String = text.chars().filter(kept).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name within a sentence: its direction does not touch that of the rest (UAX #9, isolates).
pub fn isolated(name: &str) -> String {
    if name.is_ascii() { name.to_owned() } else { format!("\u{2068}{name}\u{2069}") }
}

/// How wide a text is in a sans-serif font of a size, in pixels: an estimate on the wide side, since nobody knows the reader's fonts.
pub fn width(text: &str, size: i32) -> i32 {
    text.chars().map(|c| thousandths(c).saturating_mul(size)).fold(999, i32::saturating_add) / 1000
}

/// Advance widths in thousandths of the size: those of DejaVu Sans, which is wide, and a little more.
fn thousandths(c: char) -> i32 {
    match c {
        'i' | 'j' | 'l' | 'I' | 'J' | '.' | ',' | ':' | ';' | '\'' | '|' | ' ' | '/' | '·' => 345,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | '-' | '!' => 420,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '…' | '‰' | 'Q' | 'O' | 'G' => 1000,
        'A'..='Z' | '=' | '+' | '<' | '>' | '−' => 840,
        '0'..='9' => 645,
        _ if c.is_ascii() => 660,
        _ => match c.width().unwrap_or(0) {
            0 => 0,
            1 if c.is_lowercase() => 680,
            1 => 860,
            _ => 1100,
        },
    }
}

/// A text in lines of a width and a number at most, broken between words, and within those that are wider than a line; what does not fit
/// ends in an ellipsis.
pub fn lines(text: &str, size: i32, most_width: i32, most_lines: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let joined = lines.last().map(|line| format!("{line} {word}")).filter(|line| width(line, size) <= most_width);
        match joined {
            Some(line) => {
                lines.pop();
                lines.push(line);
            }
            None => lines.extend(pieces(word, size, most_width)),
        }
        if lines.len() > most_lines {
            break;
        }
    }
    if lines.len() > most_lines {
        lines.truncate(most_lines);
        if let Some(last) = lines.pop() {
            lines.push(shortened(&last, size, most_width));
        }
    }
    lines
}

/// A name in lines, like [`lines`]; of one that does not fit the end is kept too, since names of one kind often begin alike.
pub fn name_lines(name: &str, size: i32, most_width: i32, most_lines: usize) -> Vec<String> {
    let all = lines(name, size, most_width, usize::MAX);
    if all.len() <= most_lines {
        return all;
    }
    let mut kept: Vec<String> = all.into_iter().take(most_lines).collect();
    let Some(last) = kept.pop() else { return kept };
    let end = ending(name, size, most_width * 2 / 5);
    let room = most_width - width(&end, size);
    kept.push(format!("{}{end}", shortened(&last, size, room)));
    kept
}

/// As much of the end of a text as fits, without a mark whose letter is cut off.
fn ending(text: &str, size: i32, most_width: i32) -> String {
    let mut taken = 999;
    let mut start = text.len();
    for (at, c) in text.char_indices().rev() {
        taken += thousandths(c) * size;
        if taken / 1000 > most_width {
            break;
        }
        start = at;
    }
    let end = text.get(start..).unwrap_or_default();
    end.trim_start_matches(|c| c == ' ' || thousandths(c) == 0).to_owned()
}

/// A word in pieces that fit; marks stay with the letter they belong to.
fn pieces(word: &str, size: i32, most_width: i32) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for c in word.chars() {
        if thousandths(c) > 0 && !piece.is_empty() && width(&format!("{piece}{c}"), size) > most_width {
            pieces.push(std::mem::take(&mut piece));
        }
        piece.push(c);
    }
    pieces.push(piece);
    pieces
}

/// A line that something was cut from, with an ellipsis.
fn shortened(line: &str, size: i32, most_width: i32) -> String {
    let mut short = line.to_owned();
    while width(&format!("{short}…"), size) > most_width && short.pop().is_some() {}
    format!("{}…", short.trim_end_matches([' ', '-', '–', '·', ',', ';']))
}

#[cfg(test)]
mod tests;
