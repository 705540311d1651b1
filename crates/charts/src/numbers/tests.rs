use super::*;

fn told(value: f64) -> [String; 3] {
    let decimals = decimals([value].into_iter());
    [Language::It, Language::De, Language::En].map(|language| number(value, decimals, language))
}

#[test]
fn each_language_has_its_separators() {
    assert_eq!(told(1234.5), ["1.234,5", "1.234,5", "1,234.5"]);
    assert_eq!(told(1_000_000_000_000.0), ["1.000.000.000.000", "1.000.000.000.000", "1,000,000,000,000"]);
    assert_eq!(told(999.0), ["999", "999", "999"]);
}

#[test]
fn figures_are_told_with_the_digits_they_have_and_two_at_most() {
    assert_eq!(told(12.0)[2], "12");
    assert_eq!(told(12.3456)[2], "12.35");
    assert_eq!(told(0.123_456)[2], "0.123");
    assert_eq!(told(0.1 + 0.2)[2], "0.3");
    assert_eq!(decimals([1.0, 2.5, 3.25].into_iter()), 2);
    assert_eq!(decimals(std::iter::empty()), 0);
}

#[test]
fn nothing_but_zero_is_told_as_zero() {
    assert_eq!(told(0.0)[2], "0");
    assert_eq!(told(-0.0)[2], "0");
    assert_eq!(told(0.000_001)[0], "0,000001");
    assert_eq!(number(0.000_001, 2, Language::It), "0,0000010");
    assert_eq!(told(1.5e-9)[0], "1,5·10⁻⁹");
    assert_eq!(told(-2e300)[2], "−2·10³⁰⁰");
}

#[test]
fn the_minus_is_a_minus() {
    assert_eq!(told(-1234.5)[0], "−1.234,5");
    assert_eq!(number(-0.001, 2, Language::En), "−0.0010");
}
