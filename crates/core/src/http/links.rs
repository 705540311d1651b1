//! Links to elsewhere that are kept and told again: a page that shows them must lead nobody into a script (`javascript:`), a document that
//! is its own address (`data:`), or a file (OWASP, cross-site scripting).

use validator::{ValidateUrl as _, ValidationError};

/// Characters of a link.
pub const LONGEST: usize = 2048;

/// An address on the web. For what others publish and this house only knows of: the directory, which comes from other systems too, and the
/// sources of statistics; many of them are still without encryption.
pub fn web_address(text: &str) -> Result<(), ValidationError> {
    let is_one = ["https://", "http://"].iter().any(|scheme| text.starts_with(scheme)) && text.validate_url();
    is_one.then_some(()).ok_or_else(|| refusal("is not an absolute address with https or http"))
}

/// An encrypted one. For what those who use this house publish themselves: acts, portals, answers.
pub fn secure_address(text: &str) -> Result<(), ValidationError> {
    let is_one = text.starts_with("https://") && text.validate_url();
    is_one.then_some(()).ok_or_else(|| refusal("is not an absolute address with https"))
}

fn refusal(why: &'static str) -> ValidationError {
    ValidationError::new("url").with_message(why.into())
}
