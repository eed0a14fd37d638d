//! Which of many distances numpy's `argpartition` puts among the smallest.
//!
//! Of distances that differ there is only one answer. Of equal ones it depends on the swaps, which
//! are those of numpy's introselect (`numpy/core/src/npysort/selection.c.src`, numpy 1.8 to 1.24):
//! quickselect with the median of three as pivot, medians of five where that makes no way, and
//! plain selection for the first few. Newer numpy chooses by the machine's vector instructions.

/// Keeps every distance and chooses at the end.
pub(super) struct Partition {
    count: usize,
    distances: Vec<f64>,
}

impl Partition {
    pub(super) fn new(count: usize) -> Self {
        Partition { count, distances: Vec::new() }
    }

    /// Takes a sample in; samples come in the order of their indices.
    pub(super) fn offer(&mut self, distance: f64, _index: usize) {
        self.distances.push(distance);
    }

    /// The nearest first.
    pub(super) fn sorted(self) -> Vec<(f64, usize)> {
        let found = smallest(&self.distances, self.count);
        let mut found: Vec<_> = found.into_iter().map(|i| (self.distances[i], i)).collect();
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        found
    }
}

/// Indices of the `count` smallest values, in numpy's order.
fn smallest(values: &[f64], count: usize) -> Vec<usize> {
    let mut order = Order { values, indices: (0..values.len()).collect() };
    if let Some(kth) = count.checked_sub(1).filter(|kth| *kth < values.len()) {
        order.select(0, values.len(), kth);
    }
    order.indices.truncate(count);
    order.indices
}

struct Order<'a> {
    values: &'a [f64],
    indices: Vec<usize>,
}

impl Order<'_> {
    fn at(&self, place: usize) -> f64 {
        self.values[self.indices[place]]
    }

    /// numpy's order of numbers: what is none comes last.
    fn less(&self, a: usize, b: usize) -> bool {
        less(self.at(a), self.at(b))
    }

    fn sort_pair(&mut self, larger: usize, smaller: usize) {
        if self.less(larger, smaller) {
            self.indices.swap(larger, smaller);
        }
    }

    /// Brings the `kth` of the places from `start` to before `end` to where sorting would.
    /// Medians of medians call it again for a fifth of the places.
    fn select(&mut self, start: usize, end: usize, kth: usize) {
        let Some(last) = end.checked_sub(1) else { return };
        let (mut low, mut high) = (start, last);
        let kth = start + kth;
        if kth - low < 3 {
            return self.select_plainly(low, high, kth);
        }
        if kth == high {
            // The last of equally large ones goes to the end.
            let largest = (low + 1..=high).fold(low, |m, k| if self.less(k, m) { m } else { k });
            return self.indices.swap(kth, largest);
        }
        let mut depth = 2 * (end - start).ilog2() as usize;
        while low + 1 < high {
            let (mut left, mut right) = (low + 1, high);
            if depth > 0 || right - left < 5 {
                self.median_of_three(low, low + (high - low) / 2, high);
            } else {
                let middle = left + self.median_of_medians(left, right);
                self.indices.swap(middle, low);
                // This pivot has nothing below or above it yet: begin one further out.
                left -= 1;
                right += 1;
            }
            depth = depth.saturating_sub(1);
            let pivot = self.at(low);
            loop {
                left += 1;
                while left < end && less(self.at(left), pivot) {
                    left += 1;
                }
                right -= 1;
                while right > low && less(pivot, self.at(right)) {
                    right -= 1;
                }
                if right < left {
                    break;
                }
                self.indices.swap(left, right);
            }
            self.indices.swap(low, right);
            if right >= kth {
                high = right.saturating_sub(1);
            }
            if right <= kth {
                low = left;
            }
        }
        if high == low + 1 {
            self.sort_pair(high, low);
        }
    }

    /// The least of what is left, one place after another.
    fn select_plainly(&mut self, low: usize, high: usize, kth: usize) {
        for place in low..=kth {
            let least = (place + 1..=high).fold(place, |m, k| if self.less(k, m) { k } else { m });
            self.indices.swap(place, least);
        }
    }

    /// The median goes to `low`, the least beside it.
    fn median_of_three(&mut self, low: usize, middle: usize, high: usize) {
        self.sort_pair(high, middle);
        self.sort_pair(high, low);
        self.sort_pair(low, middle);
        self.indices.swap(middle, low + 1);
    }

    /// The place, counted from `start`, of a median of medians of five.
    fn median_of_medians(&mut self, start: usize, end: usize) -> usize {
        let medians = (end - start) / 5;
        for block in 0..medians {
            let first = start + 5 * block;
            let median = self.median_of_five(first);
            self.indices.swap(first + median, start + block);
        }
        if medians > 2 {
            self.select(start, start + medians, medians / 2);
        }
        medians / 2
    }

    fn median_of_five(&mut self, first: usize) -> usize {
        for (larger, smaller) in [(1, 0), (4, 3), (3, 0), (4, 1), (2, 1)] {
            self.sort_pair(first + larger, first + smaller);
        }
        match (self.less(first + 3, first + 2), self.less(first + 3, first + 1)) {
            (false, _) => 2,
            (true, true) => 1,
            (true, false) => 3,
        }
    }
}

fn less(a: f64, b: f64) -> bool {
    a < b || (b.is_nan() && !a.is_nan())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_are_found_and_swaps_decide_between_equals() {
        // The first swap puts row 0 behind row 1.
        assert_eq!(smallest(&[3.0, 3.0, 1.0], 2), [2, 1]);
        for size in [1usize, 2, 5, 6, 40, 333, 2000] {
            for modulus in [1, 3, 101, 100_003] {
                let values: Vec<f64> = (0..size).map(|n| (n * n * 7919 % modulus) as f64).collect();
                let mut sorted = values.clone();
                sorted.sort_by(f64::total_cmp);
                for count in [1, 2, 4, 7, size / 2, size].into_iter().filter(|c| *c <= size) {
                    let found = smallest(&values, count);
                    let mut found: Vec<f64> = found.into_iter().map(|i| values[i]).collect();
                    found.sort_by(f64::total_cmp);
                    assert_eq!(found, sorted[..count], "{size} {modulus} {count}");
                }
            }
        }
        assert_eq!(smallest(&[f64::NAN; 30], 9).len(), 9);
    }
}
