//! Days and periods as the files write them.

use super::*;

#[test]
fn the_day_of_a_list_is_in_its_name() {
    let day = |text: &str| day_in(text).map(|day| day.to_string());
    assert_eq!(day("istat_situas_comuni_2026-08-14.csv").as_deref(), Some("2026-08-14"));
    assert_eq!(day("istat_elenco_comuni_2025_latin1.csv").as_deref(), Some("2025-01-01"));
    assert_eq!(day("difference of ISTAT lists 2025 and 2026-08-14").as_deref(), Some("2026-08-14"));
    assert_eq!(day("municipalities.csv"), None);
    assert_eq!(day("città_è.csv"), None);
}
