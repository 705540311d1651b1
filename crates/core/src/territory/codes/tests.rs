//! What a code means on a day.

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

#[test]
fn a_code_means_who_has_it_on_the_day_or_else_the_only_one_who_ever_had_it() {
    let (first, second) = (TerritoryId::new(), TerritoryId::new());
    let alone = [(day("1992-04-16"), Some(day("2006-01-01")), first), (day("2016-01-01"), None, first)];
    for asked in ["1900-01-01", "1992-04-16", "2010-06-30", "2026-01-01"] {
        assert_eq!(holder(&alone, day(asked)), Some(first), "{asked}");
    }
    let shared = [(day("1970-01-01"), Some(day("1974-08-20")), first), (day("1980-01-01"), None, second)];
    assert_eq!(holder(&shared, day("1974-08-19")), Some(first));
    assert_eq!(holder(&shared, day("1974-08-20")), None);
    assert_eq!(holder(&shared, day("1980-01-01")), Some(second));
    assert_eq!(holder(&[], day("1980-01-01")), None);
}
