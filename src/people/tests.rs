use super::names::words;

#[test]
fn diacritics_and_case_are_folded() {
    assert_eq!(words("Çelik ŠIMIĆ"), ["celik", "simic"]);
}

#[test]
fn combining_marks_fold_like_composed_letters() {
    assert_eq!(words("Jose\u{301}"), words("José"));
}

#[test]
fn other_scripts_are_transliterated() {
    assert_eq!(words("Олена"), ["olena"]);
    assert!(!words("محمد").is_empty());
    assert!(!words("李娜").is_empty());
}

#[test]
fn apostrophes_do_not_split_a_name() {
    assert_eq!(words("D'Angelo"), ["dangelo"]);
}

#[test]
fn a_name_without_letters_has_no_words() {
    assert!(words("— … !").is_empty());
}
