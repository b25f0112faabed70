//! Products that need more than 128 bits, and shares that sum exactly.

use loadstone_core::Watts;
use sp_core::U256;

/// Watts as an unsigned factor; negative power counts as none.
pub(crate) fn magnitude(watts: Watts) -> u128 {
    watts.0.max(0).unsigned_abs() as u128
}

/// Unsigned watts as [`Watts`]; saturates at the type's end.
pub(crate) fn watts(value: u128) -> Watts {
    Watts(i64::try_from(value).unwrap_or(i64::MAX))
}

/// Signed watts as [`Watts`]; saturates at the type's ends.
pub(crate) fn watts_signed(value: i128) -> Watts {
    Watts(value.clamp(i64::MIN as i128, i64::MAX as i128) as i64)
}

fn narrow(value: U256) -> u128 {
    u128::try_from(value).unwrap_or(u128::MAX)
}

/// floor(product of `factors` / product of `divisors`), saturating; zero when a divisor is zero.
pub(crate) fn mul_div_floor(factors: &[u128], divisors: &[u128]) -> u128 {
    let divisor = product(divisors);
    product(factors).checked_div(divisor).map(narrow).unwrap_or(0)
}

/// ceil(product of `factors` / product of `divisors`), saturating; zero when a divisor is zero.
pub(crate) fn mul_div_ceil(factors: &[u128], divisors: &[u128]) -> u128 {
    let (dividend, divisor) = (product(factors), product(divisors));
    if divisor.is_zero() {
        return 0;
    }
    let (quotient, remainder) = dividend.div_mod(divisor);
    narrow(if remainder.is_zero() { quotient } else { quotient.saturating_add(U256::one()) })
}

fn product(values: &[u128]) -> U256 {
    values.iter().fold(U256::one(), |product, value| product.saturating_mul(U256::from(*value)))
}

/// The part of `amount` that falls to `part` of `whole` when `before` of it has been served:
/// floor((before + part) * amount / whole) - floor(before * amount / whole). Parts that fill the
/// whole receive exactly `amount`, whatever their order. Zero when `whole` is zero.
pub(crate) fn cumulative_share(amount: u128, part: u128, before: u128, whole: u128) -> u128 {
    let upper = mul_div_floor(&[before.saturating_add(part), amount], &[whole]);
    upper.saturating_sub(mul_div_floor(&[before, amount], &[whole]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_wider_than_the_word_divide_exactly() {
        // GIVEN factors whose product exceeds 128 bits
        let big = u128::MAX / 3;
        // THEN division by one of them gives the other, and a remainder rounds up only in ceil
        assert_eq!(mul_div_floor(&[big, 7], &[7]), big);
        assert_eq!(mul_div_ceil(&[big, 7], &[7]), big);
        assert_eq!(mul_div_floor(&[10], &[3]), 3);
        assert_eq!(mul_div_ceil(&[10], &[3]), 4);
        assert_eq!(mul_div_ceil(&[10], &[0]), 0);
        assert_eq!(mul_div_floor(&[u128::MAX, 2], &[1]), u128::MAX);
    }
}
