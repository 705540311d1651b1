//! The forms that codes in requests must have.

use std::collections::HashSet;
use std::hash::Hash;

use validator::ValidationError;

/// What is wrong with a form, for a person to read.
pub fn wrong(message: &'static str) -> ValidationError {
    ValidationError::new("form").with_message(message.into())
}

/// Two capital letters (ISO 3166-1 alpha-2).
pub fn country_code(code: &str) -> Result<(), ValidationError> {
    if code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        Ok(())
    } else {
        Err(wrong("must be two capital letters (ISO 3166-1 alpha-2)"))
    }
}

/// Each two capital letters (ISO 3166-1 alpha-2).
pub fn country_codes(codes: &[String]) -> Result<(), ValidationError> {
    codes.iter().try_for_each(|code| country_code(code))
}

fn is_language_code(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Two small letters (ISO 639-1).
pub fn language_code(code: &str) -> Result<(), ValidationError> {
    if is_language_code(code) { Ok(()) } else { Err(wrong("must be two small letters (ISO 639-1)")) }
}

/// Each two small letters (ISO 639-1).
pub fn language_codes(codes: &[String]) -> Result<(), ValidationError> {
    if codes.iter().all(|code| is_language_code(code)) {
        Ok(())
    } else {
        Err(wrong("each must be two small letters (ISO 639-1)"))
    }
}

/// The place of the first that is there already.
pub fn repeated<T: Copy + Eq + Hash>(items: impl Iterator<Item = T>) -> Option<usize> {
    let mut seen = HashSet::new();
    items.enumerate().find(|(_, item)| !seen.insert(*item)).map(|(index, _)| index)
}
