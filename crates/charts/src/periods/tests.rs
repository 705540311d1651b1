use super::*;

#[test]
fn the_periods_of_sdmx_lie_where_they_are_in_time() {
    let order = ["2024-01-01", "2024-W01", "2024-01", "2024-Q1", "2024-S1", "2024", "2024-07", "2024-M12", "2025-A1"];
    let times: Vec<f64> = order.iter().map(|text| middle(text).expect("a period")).collect();
    assert!(times.is_sorted(), "{times:?}");
}

#[test]
fn anything_else_is_no_time() {
    for text in ["", "25", "2025-Q5", "2025-13", "2025-00", "2025-01-32", "school year 2025", "2025-é1", "2025-"] {
        assert_eq!(middle(text), None, "{text}");
    }
}
