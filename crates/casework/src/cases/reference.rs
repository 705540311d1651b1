//! The public reference of a case (domain 1): random, so that it says nothing and needs no counter, with a check digit, so
//! that a mistyped one is seen.

use crate::access::keys::random;
use crate::error::ApiResult;

// Crockford's base 32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 8;

fn symbol(value: usize) -> char {
    ALPHABET.get(value % 32).copied().map_or('0', char::from)
}

/// The check digit of some base-32 values: the Luhn algorithm modulo 32, which sees every single wrong digit and nearly every
/// swap of neighbours.
fn check_value(values: impl DoubleEndedIterator<Item = usize>) -> usize {
    let sum: usize = values
        .rev()
        .enumerate()
        .map(|(index, value)| {
            let addend = if index % 2 == 0 { value * 2 } else { value };
            addend / 32 + addend % 32
        })
        .sum();
    (32 - sum % 32) % 32
}

/// A new reference: eight random base-32 digits and a check digit.
pub fn new() -> ApiResult<String> {
    let bytes = random::<LENGTH>()?;
    let values = bytes.map(|byte| usize::from(byte % 32));
    let mut reference: String = values.iter().map(|value| symbol(*value)).collect();
    reference.push(symbol(check_value(values.into_iter())));
    Ok(reference)
}

/// Whether a reference has its right check digit.
pub fn is_valid(reference: &str) -> bool {
    let values: Option<Vec<usize>> =
        reference.bytes().map(|byte| ALPHABET.iter().position(|symbol| *symbol == byte.to_ascii_uppercase())).collect();
    match values.as_deref() {
        Some([digits @ .., check]) if digits.len() == LENGTH => check_value(digits.iter().copied()) == *check,
        _ => false,
    }
}
