//! Names that are one.

use super::folded;

#[test]
fn accents_apostrophes_and_signs_do_not_count() {
    for (name, expected) in [
        ("Agliè", "aglie"),
        ("AGLIE'", "aglie"),
        ("Sant’Abbondio", "sant abbondio"),
        ("Aldino/Aldein", "aldino aldein"),
        ("Duino Aurisina-Devin Nabrežina", "duino aurisina devin nabrezina"),
        ("Köln", "koln"),
        ("  ", ""),
    ] {
        assert_eq!(folded(name), expected, "{name}");
    }
}
