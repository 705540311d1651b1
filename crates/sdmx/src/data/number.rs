//! Values as texts.

use crate::data::WriteError;

/// The shortest decimal number that reads back as the same value: no point in whole numbers, an exponent where there would be many zeros.
/// It is a number of XML, JSON and CSV alike.
pub fn text(value: f64) -> Result<String, WriteError> {
    if !value.is_finite() {
        return Err(WriteError::NotFinite);
    }
    // Minus nothing is nothing.
    let value = value + 0.0;
    let has_few_zeros = value == 0.0 || (1e-7..1e17).contains(&value.abs());
    Ok(if has_few_zeros { format!("{value}") } else { format!("{value:e}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_as_short_as_they_can_be() {
        let texts = [
            (5_371_251.0, "5371251"),
            (0.1, "0.1"),
            (-0.0, "0"),
            (-12.5, "-12.5"),
            (1e300, "1e300"),
            (1e-9, "1e-9"),
            (9_007_199_254_740_993.0, "9007199254740992"),
            (1e16, "10000000000000000"),
        ];
        for (value, expected) in texts {
            assert_eq!(text(value).expect("a finite value"), expected);
        }
        assert!(matches!(text(f64::NAN), Err(WriteError::NotFinite)));
        assert!(matches!(text(f64::INFINITY), Err(WriteError::NotFinite)));
    }

    proptest! {
        #[test]
        fn every_value_reads_back_as_itself(value in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL) {
            let written = text(value).expect("a finite value");
            prop_assert_eq!(written.parse::<f64>().expect("a number"), value);
            prop_assert_eq!(serde_json::from_str::<f64>(&written).expect("a number of JSON"), value);
        }
    }
}
