//! Names folded for search: any script becomes lower-case ASCII words, so that "Çelik", "Celik" and "ЧЕЛИК" can be found by
//! what a clerk can type.

use unicode_normalization::UnicodeNormalization as _;

/// Characters a word keeps: enough to tell names apart, bounded for the index.
const WORD_LENGTH: usize = 40;

/// The folded words of a name, sorted, each once.
pub fn words(text: &str) -> Vec<String> {
    let composed: String = text.nfkc().collect();
    let folded = deunicode::deunicode_with_tofu(&composed, "?").to_lowercase();
    let mut words: Vec<String> = folded
        // Transliterations bring apostrophes and spaces inside one name ("Mu'ammar", "Li Na"): only letters and digits count.
        .replace(['\'', '`', '"'], "")
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(WORD_LENGTH).collect())
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// The end of the range of words that begin with `prefix`: words are ASCII, so the next code point ends it.
pub fn prefix_end(prefix: &str) -> String {
    format!("{prefix}\u{7f}")
}
