//! Which of many rows are the nearest: distances, and two ways to keep the smallest of them.

use super::activations::fused_dot;

/// Distance between rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Metric {
    Euclidean,
    /// With the lengths of the rows and their products.
    EuclideanByProducts(Order),
    Manhattan,
    Chebyshev,
    Minkowski(f64),
    Cosine,
}

/// In which order squares and products are summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// By fused multiplication and addition, as `dgemm` and `ddot` of OpenBLAS do.
    Fused,
    /// Multiplication and addition apart, squares as `numpy.einsum` adds them.
    Dense,
    /// Values of a sparse row one after another, by rising columns.
    Ascending,
    /// The same from the last column to the first.
    Descending,
}

impl Metric {
    /// A number that orders rows as the distance does and is cheaper: the square of the Euclidean
    /// distance, the p-th power of Minkowski's, the distance itself of the others. Summed over the
    /// features in order, as scikit-learn's trees do.
    pub(super) fn reduced(self, a: &[f64], b: &[f64]) -> f64 {
        let differences = || a.iter().zip(b).map(|(a, b)| a - b);
        match self {
            Metric::Euclidean => differences().map(|d| d * d).sum(),
            Metric::EuclideanByProducts(order) => {
                let length = |row| square_length(row, order);
                by_products(a, length(a), b, length(b), order)
            }
            Metric::Manhattan => differences().map(f64::abs).sum(),
            Metric::Chebyshev => differences().map(f64::abs).fold(0.0, f64::max),
            Metric::Minkowski(p) => differences().map(|d| d.abs().powf(p)).sum(),
            Metric::Cosine => {
                let length = |row: &[f64]| {
                    let length = row.iter().map(|value| value * value).sum::<f64>().sqrt();
                    if length == 0.0 { 1.0 } else { length }
                };
                let (of_a, of_b) = (length(a), length(b));
                let cosine: f64 = a.iter().zip(b).map(|(a, b)| (a / of_a) * (b / of_b)).sum();
                (1.0 - cosine).clamp(0.0, 2.0)
            }
        }
    }

    /// The distance of a reduced one.
    pub(super) fn distance(self, reduced: f64) -> f64 {
        match self {
            Metric::Euclidean | Metric::EuclideanByProducts(_) => reduced.sqrt(),
            Metric::Minkowski(p) => reduced.powf(1.0 / p),
            Metric::Manhattan | Metric::Chebyshev | Metric::Cosine => reduced,
        }
    }

    /// The reduced one of a distance.
    pub(super) fn reduce(self, distance: f64) -> f64 {
        match self {
            Metric::Euclidean | Metric::EuclideanByProducts(_) => distance * distance,
            Metric::Minkowski(p) => distance.powf(p),
            Metric::Manhattan | Metric::Chebyshev | Metric::Cosine => distance,
        }
    }
}

/// The square of the Euclidean distance from the rows' own squares and their product, as
/// scikit-learn has it where it searches without a tree: what rounding leaves of a distance of zero
/// decides between neighbours, and weighs them.
pub(super) fn by_products(a: &[f64], of_a: f64, b: &[f64], of_b: f64, order: Order) -> f64 {
    let pairs = a.iter().zip(b);
    let product = match order {
        Order::Fused => pairs.fold(0.0, |sum, (a, b)| a.mul_add(*b, sum)),
        Order::Dense | Order::Ascending => pairs.fold(0.0, |sum, (a, b)| sum + a * b),
        Order::Descending => pairs.rev().fold(0.0, |sum, (a, b)| sum + a * b),
    };
    (-2.0 * product + of_a + of_b).max(0.0)
}

/// The sum of squares, added in the order of the libraries that scikit-learn calls for it.
///
/// Fused: [`fused_dot`]. Dense: `numpy.einsum` until numpy 1.19: two lanes for as long as there are
/// eight, then the rest from its end. Sparse rows: one after another.
pub(super) fn square_length(row: &[f64], order: Order) -> f64 {
    let square = |sum: f64, value: &f64| sum + value * value;
    match order {
        Order::Fused => fused_dot(row.iter().map(|value| (*value, *value))),
        Order::Ascending => row.iter().fold(0.0, square),
        Order::Descending => row.iter().rev().fold(0.0, square),
        Order::Dense => {
            let chunks = row.chunks_exact(8);
            let rest = chunks.remainder();
            let mut lanes = [0.0; 2];
            for pair in chunks.flat_map(|chunk| chunk.chunks_exact(2)) {
                lanes[0] += pair[0] * pair[0];
                lanes[1] += pair[1] * pair[1];
            }
            rest.iter().rev().fold(lanes[0] + lanes[1], square)
        }
    }
}

/// The square of the Euclidean distance, summed in four lanes.
pub(super) fn square_distance(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 4];
    let (a_chunks, b_chunks) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest = a_chunks.remainder().iter().zip(b_chunks.remainder());
    let rest: f64 = rest.map(|(a, b)| (a - b) * (a - b)).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for lane in 0..4 {
            lanes[lane] += (a[lane] - b[lane]) * (a[lane] - b[lane]);
        }
    }
    (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]) + rest
}

/// The nearest of the samples that were offered so far, in any order.
pub(super) struct Nearest {
    count: usize,
    kept: Vec<(f64, usize)>,
    /// The distance from which on nothing is kept any more.
    bound: f64,
}

impl Nearest {
    pub(super) fn new(count: usize) -> Self {
        Nearest { count, kept: Vec::new(), bound: f64::from_bits(i64::MAX as u64) }
    }

    /// Takes a sample in; samples come in the order of their indices.
    pub(super) fn offer(&mut self, square: f64, index: usize) {
        if square.total_cmp(&self.bound).is_lt() {
            self.kept.push((square, index));
            // Twice as many are kept as are wanted, so that selecting is rare.
            if self.kept.len() >= self.count.saturating_mul(2).max(64) {
                self.select();
                let farthest = self.kept.iter().map(|(square, _)| *square);
                self.bound = farthest.max_by(f64::total_cmp).unwrap_or(self.bound);
            }
        }
    }

    fn select(&mut self) {
        if self.kept.len() > self.count {
            self.kept.select_nth_unstable_by(self.count.saturating_sub(1), nearer);
            self.kept.truncate(self.count);
        }
    }

    /// The nearest first.
    pub(super) fn sorted(mut self) -> Vec<(f64, usize)> {
        self.select();
        self.kept.sort_unstable_by(nearer);
        self.kept
    }
}

/// By distance; of equally near ones the first in the data.
fn nearer(a: &(f64, usize), b: &(f64, usize)) -> std::cmp::Ordering {
    a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
}

/// A heap of a fixed number of samples, the farthest on top, which gives way to a nearer one. Which
/// of equally far ones gives way is part of the definition: the same as in scikit-learn
/// (`sklearn/utils/_heap.pyx`), so that the same remain.
pub(super) struct Heap {
    /// Filled with infinities at no index from the start.
    kept: Vec<(f64, usize)>,
}

impl Heap {
    pub(super) fn new(count: usize) -> Self {
        Heap { kept: vec![(f64::INFINITY, usize::MAX); count] }
    }

    /// The largest of the distances that are kept.
    pub(super) fn largest(&self) -> f64 {
        self.kept.first().map_or(f64::NEG_INFINITY, |(distance, _)| *distance)
    }

    /// Takes a sample in where it is nearer than the farthest.
    pub(super) fn push(&mut self, distance: f64, index: usize) {
        if distance >= self.largest() || distance.is_nan() {
            return;
        }
        let kept = &mut self.kept;
        let size = kept.len();
        let mut place = 0;
        // The larger child moves up until none is larger than what comes in.
        loop {
            let (left, right) = (2 * place + 1, 2 * place + 2);
            let child = match () {
                () if left >= size => break,
                () if right >= size || kept[left].0 >= kept[right].0 => left,
                () => right,
            };
            if kept[child].0 <= distance {
                break;
            }
            kept[place] = kept[child];
            place = child;
        }
        kept[place] = (distance, index);
    }

    /// What remains in a second heap that takes in what the first one holds, in its order: a scan of
    /// all rows by several threads, or by one, ends so.
    pub(super) fn merged(self) -> Vec<(f64, usize)> {
        let mut merged = Heap::new(self.kept.len());
        self.kept.iter().for_each(|(distance, index)| merged.push(*distance, *index));
        merged.sorted()
    }

    /// The nearest first; places that were never filled are left out.
    pub(super) fn sorted(mut self) -> Vec<(f64, usize)> {
        self.kept.retain(|(_, index)| *index != usize::MAX);
        if self.kept.len() <= MOST_SORTED_ALIKE {
            sort_alike(&mut self.kept);
        } else {
            self.kept.sort_unstable_by(nearer);
        }
        self.kept
    }
}

/// Beyond so many the order of equally near ones is their own: [`sort_alike`] is quadratic where
/// all are equal.
const MOST_SORTED_ALIKE: usize = 1024;

/// Sorts by distance and leaves equal ones in the order of scikit-learn's quicksort
/// (`sklearn/utils/_sorting.pyx`): weights are added in that order.
fn sort_alike(kept: &mut [(f64, usize)]) {
    let mut waiting = vec![(0, kept.len())];
    while let Some((start, end)) = waiting.pop() {
        let part = &mut kept[start..end];
        let last = match part.len() {
            0 | 1 => continue,
            size => size - 1,
        };
        let middle = part.len() / 2;
        let mut order = |larger: usize, smaller: usize| {
            let swap = part[larger].0 > part[smaller].0;
            if swap {
                part.swap(larger, smaller);
            }
            swap
        };
        if last == 1 {
            order(0, 1);
        } else if last == 2 {
            order(0, 1);
            if order(1, 2) {
                order(0, 1);
            }
        } else {
            // The median of three is the pivot, and goes to the end.
            order(0, last);
            if order(last, middle) {
                order(0, last);
            }
            let pivot = part[last].0;
            let mut store = 0;
            for index in 0..last {
                if part[index].0 < pivot {
                    part.swap(index, store);
                    store += 1;
                }
            }
            part.swap(store, last);
            waiting.extend([(start, start + store), (start + store + 1, end)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_are_those_of_a_full_sort() {
        let squares: Vec<f64> = (0..1000).map(|n| f64::from(n * 7919 % 211)).collect();
        let mut all: Vec<(f64, usize)> = squares.iter().copied().zip(0..).collect();
        all.sort_by(nearer);
        for count in [1, 5, 64, 999, 1000] {
            let mut nearest = Nearest::new(count);
            let mut heap = Heap::new(count);
            for (index, square) in squares.iter().enumerate() {
                nearest.offer(*square, index);
                heap.push(*square, index);
            }
            assert_eq!(nearest.sorted(), all[..count], "{count}");
            // The heap may keep others of equally far ones.
            let distances =
                |kept: &[(f64, usize)]| kept.iter().map(|(d, _)| *d).collect::<Vec<_>>();
            assert_eq!(distances(&heap.sorted()), distances(&all[..count]), "{count}");
        }
        assert_eq!(square_distance(&[1.0; 7], &[3.0; 7]), 28.0);
    }

    #[test]
    fn equal_ones_are_left_as_quicksort_leaves_them() {
        let mut two = [(1.0, 0), (1.0, 1), (0.0, 2)];
        sort_alike(&mut two);
        assert_eq!(two, [(0.0, 2), (1.0, 0), (1.0, 1)]);
        // The middle and the end are no smaller than the first: the pivot is the last, and goes to
        // the front of the equal ones.
        let mut four = [(1.0, 0), (1.0, 1), (1.0, 2), (1.0, 3)];
        sort_alike(&mut four);
        assert_eq!(four.map(|(_, index)| index), [3, 1, 2, 0]);
        for size in 0..200usize {
            let mut kept: Vec<_> = (0..size).map(|n| ((n * n * 31 % 17) as f64, n)).collect();
            sort_alike(&mut kept);
            assert!(kept.is_sorted_by(|a, b| a.0 <= b.0), "{size}");
        }
    }

    #[test]
    fn a_heap_gives_way_at_its_top() {
        // Two places; the second of the equal ones stands on top when the nearer one comes.
        let mut heap = Heap::new(2);
        [5.0, 5.0, 1.0].iter().enumerate().for_each(|(index, d)| heap.push(*d, index));
        assert_eq!(heap.sorted(), [(1.0, 2), (5.0, 0)]);
        let mut none = Heap::new(0);
        none.push(1.0, 0);
        assert!(none.sorted().is_empty());
    }

    #[test]
    fn metrics_are_those_of_the_definition() {
        let (a, b) = ([0.0, 3.0], [4.0, 0.0]);
        let distance = |metric: Metric| metric.distance(metric.reduced(&a, &b));
        assert_eq!(distance(Metric::Euclidean), 5.0);
        for order in [Order::Fused, Order::Dense, Order::Ascending, Order::Descending] {
            assert_eq!(distance(Metric::EuclideanByProducts(order)), 5.0);
            assert_eq!(square_length(&[2.0; 19], order), 76.0);
        }
        // 2^54 + 1 is no float: what is added first decides.
        let row = [2f64.powi(27), 1.0, 1.0, 1.0];
        let (up, down) =
            (square_length(&row, Order::Ascending), square_length(&row, Order::Descending));
        assert!(up < down, "{up} {down}");
        assert_eq!(distance(Metric::Manhattan), 7.0);
        assert_eq!(distance(Metric::Chebyshev), 4.0);
        assert!((distance(Metric::Minkowski(3.0)) - 91f64.cbrt()).abs() < 1e-14);
        assert_eq!(distance(Metric::Cosine), 1.0);
        assert_eq!(Metric::Cosine.reduced(&a, &[0.0, 0.0]), 1.0);
        for metric in [Metric::Euclidean, Metric::Minkowski(3.0), Metric::Chebyshev] {
            assert!((metric.distance(metric.reduce(1.5)) - 1.5).abs() < 1e-14);
        }
    }
}
