//! Numbers as publishers write them.

/// What stands for a value that is not there: nothing, Eurostat's and Destatis' colon and dots, Italian "not available".
const MISSING: [&str; 5] = ["", ":", "..", "...", "n.d."];

/// The largest value there can be, either way.
const LARGEST: f64 = 1e300;

/// A value, or none where the publisher says that there is none. What else is no number is told in words.
pub fn read(text: &str, decimal_comma: bool) -> Result<Option<f64>, &'static str> {
    if MISSING.contains(&text) {
        return Ok(None);
    }
    let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E');
    if decimal_comma && text.contains('.') {
        return Err("has a point where the comma is the decimal mark: thousands are not set apart");
    }
    let (written, other_mark) = match (decimal_comma, text.contains(',')) {
        (true, true) => (text.replacen(',', ".", 1), None),
        (false, true) => {
            (text.to_owned(), Some("is not a number; where the comma is the decimal mark, the mapping has to say so"))
        }
        _ => (text.to_owned(), None),
    };
    // What the standard library takes besides, infinities and the like, is no value of a statistic.
    if !written.bytes().all(plain) {
        return Err(other_mark.unwrap_or("is not a number"));
    }
    match written.parse::<f64>() {
        Ok(value) if value.abs() <= LARGEST => Ok(Some(value)),
        Ok(_) => Err("is larger than a value can be"),
        Err(_) => Err("is not a number"),
    }
}
