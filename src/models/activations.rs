//! The functions by which sums become probabilities, as scipy and scikit-learn calculate them.

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
    fn lanes_are_added_as_numpy_does() {
        // The eight lanes keep 1 apart from the huge pair, which cancels.
        let mut values = vec![0.0; 16];
        (values[0], values[1], values[8]) = (1e300, 1.0, -1e300);
        assert_eq!(lane_sum(&values), 1.0);
        assert_eq!(values.iter().sum::<f64>(), 0.0);
        assert_eq!(lane_sum(&[0.5; 19]), 9.5);
    }
}
