use super::*;

fn ticks(range: Range<f64>) -> Vec<String> {
    Axis::round(range, 8, tick(Language::En)).ticks.into_iter().map(|(_, told)| told).collect()
}

#[test]
fn ticks_are_round_and_told_apart() {
    assert_eq!(ticks(0.0..10.0), ["0", "2", "4", "6", "8", "10"]);
    assert_eq!(ticks(-0.11..0.31), ["−0.1", "0", "0.1", "0.2", "0.3"].map(String::from));
}

#[test]
fn no_range_is_empty() {
    for numbers in
        [vec![], vec![0.0], vec![5.0], vec![-5.0, -5.0], vec![0.0, 0.0], vec![0.3, 0.1 + 0.2], vec![1.0, -1.0]]
    {
        for with_zero in [false, true] {
            let range = range(numbers.iter().copied(), with_zero);
            assert!(range.end - range.start > 1e-3, "{numbers:?}");
            assert!(numbers.iter().all(|number| *number >= range.start && *number <= range.end), "{numbers:?}");
            assert!(!with_zero || (range.start <= 0.0 && range.end >= 0.0), "{numbers:?}");
        }
    }
}

#[test]
fn large_and_small_numbers_are_told_in_powers_of_a_thousand() {
    for (largest, exponent) in [(0.0, 0), (5.0, 0), (9_999_999.0, 0), (1e7, 6), (1e12, 12), (1e-6, -6), (5e-5, -6)] {
        assert_eq!(Scale::of(largest).exponent, exponent, "{largest}");
    }
    assert_eq!(Scale::of(3e12).down(3e12), 3.0);
}
