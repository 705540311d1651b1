use super::*;

#[test]
fn control_characters_and_turns_of_direction_are_removed() {
    assert_eq!(clean("a\u{0}b\u{1b}[31m\u{85}\u{202e}c\u{2066}\u{fffe}\n d\t"), "ab[31m c d");
    assert_eq!(clean("بلدية ميلانو"), "بلدية ميلانو");
    assert_eq!(clean(" \n "), "");
}

#[test]
fn lines_break_between_words_and_end_in_an_ellipsis() {
    let text = "Unione dei comuni della bassa valle";
    let broken = lines(text, 13, 150, 3);
    assert_eq!(broken.join(" "), text);
    assert!(broken.len() > 1);
    let cut = lines(text, 13, 150, 1);
    assert!(cut.len() == 1 && cut[0].ends_with('…'), "{cut:?}");
    assert!(broken.iter().chain(&cut).all(|line| width(line, 13) <= 150));
}

#[test]
fn names_that_begin_alike_are_told_apart_by_their_ends() {
    let name = |end: &str| format!("Unione dei comuni della pianura tra il fiume e il mare di {end}");
    let [levante, ponente] = ["Levante", "Ponente"].map(|end| name_lines(&name(end), 13, 200, 2));
    assert_ne!(levante, ponente);
    assert!(levante.len() == 2 && levante[1].contains('…') && levante[1].ends_with("Levante"), "{levante:?}");
    assert!(levante.iter().all(|line| width(line, 13) <= 200));
    assert_eq!(name_lines("Lana", 13, 200, 2), ["Lana"]);
    assert!(width(&name_lines(&"x".repeat(300), 13, 200, 1)[0], 13) <= 200);
}

#[test]
fn a_word_wider_than_a_line_is_broken_within() {
    let word = "x".repeat(300);
    let all = lines(&word, 13, 100, 1000);
    assert_eq!(all.concat(), word);
    assert!(all.iter().all(|line| width(line, 13) <= 100));
    assert_eq!(lines(&word, 13, 100, 2).len(), 2);
}

#[test]
fn a_mark_stays_with_its_letter() {
    let word = "e\u{301}".repeat(50);
    assert!(lines(&word, 13, 60, 100).iter().all(|line| line.starts_with('e')));
}
