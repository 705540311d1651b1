//! Numbers as each language writes them.

use crate::picture::Language;

/// Digits after the point that figures are told with at most, from 1 upwards.
const MOST_DECIMALS: usize = 2;
/// What is not told in powers of ten.
const PLAIN: std::ops::Range<f64> = 1e-6..1e15;

/// A number of things as a factor.
pub fn real(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

/// A number of things in pixels' arithmetic.
pub fn whole(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// The digits after the point that tell all of the numbers alike: as few as lose nothing, at most two, and more below 1, where the
/// largest keeps three that count.
pub fn decimals(numbers: impl Iterator<Item = f64>) -> usize {
    let plain: Vec<f64> = numbers.map(f64::abs).filter(|number| PLAIN.contains(number) && number.is_finite()).collect();
    let largest = plain.iter().copied().fold(0.0, f64::max);
    let most = if largest >= 1.0 || largest == 0.0 { MOST_DECIMALS } else { leading_zeros(largest) + 3 };
    (0..most).find(|count| plain.iter().all(|number| is_whole(*number, *count))).unwrap_or(most)
}

/// The digits after the point that tell numbers a step apart from one another.
pub fn decimals_of_step(step: f64) -> usize {
    (0..17).find(|count| is_whole(step.abs(), *count)).unwrap_or(17)
}

/// Zeros between the point and the first other digit.
fn leading_zeros(number: f64) -> usize {
    let mut zeros = 0;
    let mut shifted = number * 10.0;
    while shifted < 1.0 && zeros < 20 {
        shifted *= 10.0;
        zeros += 1;
    }
    zeros
}

/// Whether nothing but noise is lost with so many digits after the point.
fn is_whole(number: f64, decimals: usize) -> bool {
    let shown: f64 = format!("{number:.decimals$}").parse().unwrap_or(f64::NAN);
    (shown - number).abs() <= number.abs() * 1e-9
}

/// A number with so many digits after the point; with more where it would be told as zero and is not, and as a power of ten where that
/// takes more than a line has room for.
pub fn number(value: f64, decimals: usize, language: Language) -> String {
    let size = value.abs();
    if size > 0.0 && !PLAIN.contains(&size) {
        return power_of_ten(value, language);
    }
    let told = format!("{size:.decimals$}");
    let is_lost = size > 0.0 && !told.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    let told = if is_lost { format!("{size:.0$}", leading_zeros(size) + 2) } else { told };
    signed(value, &grouped(&told, language))
}

fn signed(value: f64, told: &str) -> String {
    let is_zero = !told.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    if value < 0.0 && !is_zero { format!("\u{2212}{told}") } else { told.to_owned() }
}

/// Plain digits with the separators of a language.
fn grouped(digits: &str, language: Language) -> String {
    let (thousands, point) = match language {
        Language::It | Language::De => ('.', ','),
        Language::En => (',', '.'),
    };
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let mut told = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            told.push(thousands);
        }
        told.push(digit);
    }
    if let Some(fraction) = fraction {
        told.push(point);
        told.push_str(fraction);
    }
    told
}

/// A number as `1,5·10⁻⁹`.
fn power_of_ten(value: f64, language: Language) -> String {
    let told = format!("{:.2e}", value.abs());
    let (digits, exponent) = told.split_once('e').unwrap_or((&told, "0"));
    let digits = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    signed(value, &format!("{}·10{}", grouped(digits, language), raised(exponent)))
}

/// An exponent in raised digits.
pub fn raised(exponent: &str) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    exponent
        .chars()
        .filter_map(|character| match character.to_digit(10) {
            Some(digit) => usize::try_from(digit).ok().and_then(|digit| DIGITS.get(digit).copied()),
            None => (character == '-').then_some('⁻'),
        })
        .collect()
}

#[cfg(test)]
mod tests;
