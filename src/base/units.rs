//! Numbers as people read them: one way for the terminal, the report and the messages.

/// Nanoseconds with three significant digits: `950 ns`, `12.3 µs`, `4.56 ms`, `1.20 s`.
pub fn duration(nanos: f64) -> String {
    let (value, unit) = match nanos {
        n if n < 999.5 => (n, "ns"),
        n if n < 999.5e3 => (n / 1e3, "µs"),
        n if n < 999.5e6 => (n / 1e6, "ms"),
        n => (n / 1e9, "s"),
    };
    if unit == "ns" && value.fract() == 0.0 {
        return format!("{value:.0} ns");
    }
    format!("{} {unit}", three_digits(value))
}

/// Bytes in powers of 1000, three significant digits: `512 B`, `1.20 kB`, `10.4 MB`.
pub fn bytes(bytes: u64) -> String {
    let value = bytes as f64;
    match bytes {
        0..1000 => format!("{bytes} B"),
        1000..999_500 => format!("{} kB", three_digits(value / 1e3)),
        999_500..999_500_000 => format!("{} MB", three_digits(value / 1e6)),
        _ => format!("{} GB", three_digits(value / 1e9)),
    }
}

/// Bytes moved in a time, as GB/s with three significant digits.
pub fn throughput(bytes: u64, nanos: f64) -> String {
    format!("{} GB/s", three_digits(bytes as f64 / nanos))
}

/// A ratio as a factor: `3.20×`, `57.1×`, `1234×`.
pub fn times(ratio: f64) -> String {
    format!("{}×", three_digits(ratio))
}

fn three_digits(value: f64) -> String {
    match value.abs() {
        v if v >= 99.95 => format!("{value:.0}"),
        v if v >= 9.995 => format!("{value:.1}"),
        v if v >= 0.0995 || v == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_three_digits_and_round_into_the_next_unit() {
        assert_eq!(duration(950.0), "950 ns");
        assert_eq!(duration(12_345.0), "12.3 µs");
        assert_eq!(duration(999_700.0), "1.00 ms");
        assert_eq!(duration(1.2e9), "1.20 s");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(999_600), "1.00 MB");
        assert_eq!(bytes(10_400_000), "10.4 MB");
        assert_eq!(times(57.06), "57.1×");
        assert_eq!(times(1234.4), "1234×");
        assert_eq!(throughput(10_000_000, 1_000_000.0), "10.0 GB/s");
    }
}
