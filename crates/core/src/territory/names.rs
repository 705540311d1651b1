//! Names of territories folded for comparison: "Doberdò del Lago-Doberdob" and "doberdo del lago doberdob" are one.

/// A name in lower-case ASCII words, without accents, apostrophes and other signs.
pub fn folded(name: &str) -> String {
    let ascii = deunicode::deunicode_with_tofu(name, "?").to_lowercase();
    let apart = ascii.replace(['\'', '`', '"'], " ");
    apart
        .split(|sign: char| !sign.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests;
