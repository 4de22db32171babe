//! Floats as text.

use convscope::decimal;
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_float_is_written_and_read_as_the_standard_library_does(
        float in prop_oneof![any::<f64>(), (any::<i32>(), -12..12).prop_map(|(digits, power)| f64::from(digits) * 10f64.powi(power))],
    ) {
        let (exponential, debug) = (decimal::scientific(float), decimal::shortest(float));
        prop_assert_eq!(&exponential, &format!("{float:e}"));
        prop_assert_eq!(&debug, &format!("{float:?}"));
        for text in [exponential, debug] {
            prop_assert_eq!(decimal::parse(&text).map(f64::to_bits), Some(float.to_bits()));
        }
    }

    /// Texts near to numbers are numbers where the standard library says so.
    #[test]
    fn what_is_no_number_is_refused(text in "[-+]?[0-9]{0,3}[.]?[0-9]{0,3}([eE][-+]?[0-9]{0,3})?[ x.e-]?") {
        let expected = text.parse::<f64>().ok();
        prop_assert_eq!(decimal::parse(&text), expected, "{}", text);
    }
}

#[test]
fn words_are_no_numbers() {
    for text in ["", "inf", "-infinity", "NaN", "0x10", "1_000", "e5", ".", "-", "1e", "\u{b2}"] {
        assert_eq!(decimal::parse(text), None, "{text}");
    }
}
