//! Floats as decimal text and back.
//!
//! In a browser the work is its own number functions': the standard library's would bring 25 kB of tables and code to
//! the page's first load. Both read alike and write as few digits; where two texts are equally near, they may choose
//! differently (`0.5` in [`fixed`] without decimals: the standard library's 0, a browser's 1).

/// The number that a text such as `-3`, `.5` or `1e-5` is nearest to; `None` where the text is not such a number.
pub fn parse(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let power = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let is_number = digits(whole) && digits(fraction) && digits(power) && !power.is_empty();
    (is_number && whole.len() + fraction.len() > 0).then(|| host::parse(text))
}

/// With so many decimals: `11.8`. At most 20 decimals.
pub fn fixed(number: f64, decimals: u8) -> String {
    host::fixed(number, decimals)
}

/// The fewest digits that read back as the same number, one of them before the point: `1e-5`, `-1.25e30`.
pub fn scientific(number: f64) -> String {
    host::scientific(number)
}

/// The fewest digits that read back as the same number, always with a point or an exponent: `0.75`, `2.0`, `1e-6`.
pub fn shortest(number: f64) -> String {
    let scientific = scientific(number);
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..16).contains(&exponent) {
        return scientific;
    }
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |digits| ("-", digits));
    let digits = mantissa.replace('.', "");
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", zeros(-exponent - 1));
    }
    let padded = digits.clone() + &zeros(exponent + 2 - digits.len() as i32);
    let (whole, fraction) = padded.split_at(exponent as usize + 1);
    format!("{sign}{whole}.{fraction}")
}

/// [`shortest`] without the point where no decimal follows: `0.75`, `2`, `1e-6`.
pub fn plain(number: f64) -> String {
    shortest(number).trim_end_matches(".0").to_string()
}

#[cfg(all(target_family = "wasm", feature = "web"))]
mod host {
    use wasm_bindgen::prelude::*;

    #[wasm_bindgen]
    extern "C" {
        type Number;

        #[wasm_bindgen(js_name = parseFloat)]
        pub fn parse(text: &str) -> f64;

        #[wasm_bindgen(method, js_name = toFixed)]
        fn to_fixed(this: &Number, decimals: u8) -> String;

        #[wasm_bindgen(method, js_name = toExponential)]
        fn to_exponential(this: &Number) -> String;
    }

    pub(super) fn fixed(number: f64, decimals: u8) -> String {
        object(number).to_fixed(decimals)
    }

    pub(super) fn scientific(number: f64) -> String {
        // JavaScript writes no sign before zero, and one before every exponent.
        let sign = if number == 0.0 && number.is_sign_negative() { "-" } else { "" };
        sign.to_string() + &object(number).to_exponential().replace('+', "")
    }

    fn object(number: f64) -> Number {
        JsValue::from_f64(number).unchecked_into()
    }
}

#[cfg(not(all(target_family = "wasm", feature = "web")))]
mod host {
    pub(super) fn parse(text: &str) -> f64 {
        text.parse().unwrap_or(f64::NAN)
    }

    pub(super) fn fixed(number: f64, decimals: u8) -> String {
        format!("{number:.*}", usize::from(decimals))
    }

    pub(super) fn scientific(number: f64) -> String {
        format!("{number:e}")
    }
}
