//! Sums, and the functions by which they become probabilities, as numpy, scipy and OpenBLAS
//! calculate them.

/// 1 / (1 + e^-z), in the form of `scipy.special.expit`: an exponential that overflows gives 0.
pub(super) fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// e^z divided by the sum over all. The largest is taken off first, so that none overflows.
pub(super) fn softmax<'a>(values: impl Iterator<Item = &'a mut f64>) {
    let mut values: Vec<&mut f64> = values.collect();
    let largest = values.iter().map(|value| **value).fold(f64::NEG_INFINITY, f64::max);
    values.iter_mut().for_each(|value| **value = (**value - largest).exp());
    let sum: f64 = values.iter().map(|value| **value).sum();
    values.iter_mut().for_each(|value| **value /= sum);
}

/// The sum in the order in which numpy adds up to 128 numbers that lie side by side: eight lanes,
/// then the rest. Sums that decide between classes must tie where numpy's tie.
pub(super) fn lane_sum(values: &[f64]) -> f64 {
    if values.len() < 8 {
        return values.iter().sum();
    }
    let chunks = values.chunks_exact(8);
    let rest = chunks.remainder();
    let mut lanes = [0.0; 8];
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, value)| *lane += value);
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    rest.iter().fold(((a + b) + (c + d)) + ((e + f) + (g + h)), |sum, value| sum + value)
}

/// The sum of products in the order of OpenBLAS' `ddot` on machines with AVX2: four times four lanes
/// for as long as there are sixteen of them, then one after another, multiplied and added in one
/// step. Where large terms cancel out, what is left depends on it.
pub(super) fn fused_dot(mut pairs: impl ExactSizeIterator<Item = (f64, f64)>) -> f64 {
    let mut lanes = [0.0f64; 16];
    while pairs.len() >= 16 {
        for (lane, (a, b)) in lanes.iter_mut().zip(&mut pairs) {
            *lane = a.mul_add(b, *lane);
        }
    }
    let lane =
        |index: usize| lanes[index] + lanes[index + 4] + lanes[index + 8] + lanes[index + 12];
    let sum = (lane(0) + lane(2)) + (lane(1) + lane(3));
    pairs.fold(sum, |sum, (a, b)| a.mul_add(b, sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_overflows() {
        assert_eq!([sigmoid(-1e4), sigmoid(0.0), sigmoid(1e4)], [0.0, 0.5, 1.0]);
        let mut values = [1e4, 1e4, -1e4];
        softmax(values.iter_mut());
        assert_eq!(values, [0.5, 0.5, 0.0]);
    }

    #[test]
    fn fused_products_are_all_there() {
        for length in [0usize, 1, 5, 15, 16, 17, 40] {
            let pairs: Vec<_> = (0..length).map(|n| (n as f64, 2.0)).collect();
            let expected = (length * length.saturating_sub(1)) as f64;
            assert_eq!(fused_dot(pairs.into_iter()), expected, "{length}");
        }
        // Rounded once: the square of 1 + 2^-30 less its rounding is what is left.
        let a = 1.0 + 2f64.powi(-30);
        assert_eq!(fused_dot([(-1.0, a * a), (a, a)].into_iter()), 2f64.powi(-60));
    }

    #[test]
    fn lanes_are_added_as_numpy_does() {
        // The eight lanes keep 1 apart from the huge pair, which cancels.
        let mut values = vec![0.0; 16];
        (values[0], values[1], values[8]) = (1e300, 1.0, -1e300);
        assert_eq!(lane_sum(&values), 1.0);
        assert_eq!(values.iter().sum::<f64>(), 0.0);
        assert_eq!(lane_sum(&[0.5; 19]), 9.5);
    }
}
