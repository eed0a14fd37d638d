//! What charts need: scales with ticks that people would choose, and labels that do not overlap.
//!
//! Charts are plain SVG with presentation attributes, so that the page's policy needs no exception
//! and they print, scale and stay readable without a script.

/// From values to places on a page, along one direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
    logarithmic: bool,
    from: f64,
    to: f64,
}

impl Scale {
    /// A scale over `values` with some room at the ends, drawn between `from` and `to`; `None`
    /// without a positive value.
    pub fn new(
        values: impl Iterator<Item = f64>,
        logarithmic: bool,
        from: f64,
        to: f64,
    ) -> Option<Self> {
        let (mut low, mut high) = (f64::INFINITY, 0.0f64);
        for value in values.filter(|value| value.is_finite() && *value > 0.0) {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            return None;
        }
        let (low, high) = if logarithmic {
            let room = (high / low).powf(0.08).max(1.15);
            (low / room, high * room)
        } else {
            (0.0, high * 1.08)
        };
        Some(Scale { low, high, logarithmic, from, to })
    }

    /// Where a value is drawn.
    pub fn place(&self, value: f64) -> f64 {
        let share = if self.logarithmic {
            (value.max(self.low) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        self.from + share.clamp(0.0, 1.0) * (self.to - self.from)
    }

    /// Values to mark, from low to high.
    pub fn ticks(&self) -> Vec<f64> {
        if self.logarithmic { self.logarithmic_ticks() } else { self.linear_ticks() }
    }

    fn linear_ticks(&self) -> Vec<f64> {
        let rough = (self.high - self.low) / 6.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|m| m * power >= rough).unwrap_or(10.0);
        let step = step * power;
        let count = (self.high / step).floor() as u32;
        (0..=count).map(|n| f64::from(n) * step).collect()
    }

    fn logarithmic_ticks(&self) -> Vec<f64> {
        let decades = (self.high / self.low).log10();
        let factors: &[f64] = match decades {
            d if d > 3.0 => &[1.0],
            d if d > 1.0 => &[1.0, 2.0, 5.0],
            d if d > 0.35 => &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0],
            _ => &[
                1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0, 2.2, 2.5, 2.8, 3.0, 3.5, 4.0, 4.5,
                5.0, 5.5, 6.0, 6.5, 7.0, 7.5, 8.0, 8.5, 9.0, 9.5,
            ],
        };
        let first = self.low.log10().floor() as i32;
        let last = self.high.log10().ceil() as i32;
        let values = (first..=last)
            .flat_map(|exponent| factors.iter().map(move |factor| factor * 10f64.powi(exponent)));
        values.filter(|value| (self.low..=self.high).contains(value)).collect()
    }
}

/// A rectangle: left, top, right, bottom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// Least x.
    pub left: f64,
    /// Least y.
    pub top: f64,
    /// Greatest x.
    pub right: f64,
    /// Greatest y.
    pub bottom: f64,
}

impl Area {
    fn overlaps(&self, other: &Area) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    fn contains(&self, other: &Area) -> bool {
        other.left >= self.left
            && other.right <= self.right
            && other.top >= self.top
            && other.bottom <= self.bottom
    }
}

/// A point that wants a label.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// Where it is.
    pub x: f64,
    /// Where it is.
    pub y: f64,
    /// Its text.
    pub text: String,
}

/// Height of a line of a label.
const LINE: f64 = 12.0;
/// Radius that is kept free around a point.
const POINT: f64 = 6.0;
/// Width of a letter at the charts' 11 units, on the safe side.
const LETTER: f64 = 6.3;

/// The area that a text takes when its middle left is at a place.
fn text_area(text: &str, left: f64, middle: f64) -> Area {
    let width = text.chars().count() as f64 * LETTER;
    Area { left, top: middle - LINE / 2.0, right: left + width, bottom: middle + LINE / 2.0 }
}

/// Finds an area for each label inside `within`, so that none covers another label or a point.
///
/// Places beside the point come first, then rings further and further out, from which a line leads
/// back to the point. A label that fits nowhere gets `None`.
pub fn place_labels(points: &[Labelled], within: Area) -> Vec<Option<Area>> {
    let taken: Vec<Area> = points
        .iter()
        .map(|p| Area {
            left: p.x - POINT,
            top: p.y - POINT,
            right: p.x + POINT,
            bottom: p.y + POINT,
        })
        .collect();
    let mut placed: Vec<Option<Area>> = vec![None; points.len()];
    let mut lines: Vec<((f64, f64), (f64, f64))> = Vec::new();
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|a, b| points[*a].x.total_cmp(&points[*b].x));
    for index in order {
        let point = &points[index];
        let free = |area: &Area| {
            let line = leader(point, area);
            within.contains(area)
                && !taken.iter().any(|other| area.overlaps(other))
                && !placed
                    .iter()
                    .flatten()
                    .any(|other| area.overlaps(other) || crosses(line, other))
                && !lines.iter().any(|line| crosses(Some(*line), area))
        };
        let found = candidates(point).find(free);
        lines.extend(found.and_then(|area| leader(point, &area)));
        placed[index] = found;
    }
    placed
}

/// Places for a label, the nearest first.
fn candidates(point: &Labelled) -> impl Iterator<Item = Area> + '_ {
    let width = text_area(&point.text, 0.0, 0.0).right;
    let beside = POINT + 2.0;
    let near = [(beside, 0.0), (-beside - width, 0.0), (-width / 2.0, -13.0), (-width / 2.0, 13.0)];
    let corners = [(5.0, -11.0), (5.0, 11.0), (-5.0 - width, -11.0), (-5.0 - width, 11.0)];
    let rings = (2..24).flat_map(move |ring| {
        (0..24).map(move |step| {
            let angle = f64::from(step) * std::f64::consts::TAU / 24.0;
            let distance = f64::from(ring) * LINE;
            (angle.cos() * distance - width / 2.0, -angle.sin() * distance)
        })
    });
    let offsets = near.into_iter().chain(corners).chain(rings);
    offsets.map(|(dx, dy)| text_area(&point.text, point.x + dx, point.y + dy))
}

/// The line from a point to its label, where the label is not beside it.
pub fn leader(point: &Labelled, area: &Area) -> Option<((f64, f64), (f64, f64))> {
    let x = point.x.clamp(area.left, area.right);
    let y = point.y.clamp(area.top, area.bottom);
    let distance = (x - point.x).hypot(y - point.y);
    (distance > POINT + 5.0).then_some(((point.x, point.y), (x, y)))
}

/// True when a line runs through an area. Looked at in steps, which is enough for a drawing.
fn crosses(line: Option<((f64, f64), (f64, f64))>, area: &Area) -> bool {
    let Some(((x0, y0), (x1, y1))) = line else { return false };
    (1..=20).any(|step| {
        let share = f64::from(step) / 20.0;
        let (x, y) = (x0 + (x1 - x0) * share, y0 + (y1 - y0) * share);
        (area.left..=area.right).contains(&x) && (area.top..=area.bottom).contains(&y)
    })
}

/// A coordinate with one digit behind the point: enough for a drawing, half the size.
pub fn coordinate(value: f64) -> String {
    let rounded = format!("{value:.1}");
    rounded.strip_suffix(".0").unwrap_or(&rounded).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_mark_round_values() {
        let linear = Scale::new([3.0, 95.0].into_iter(), false, 0.0, 100.0).unwrap();
        assert_eq!(linear.ticks(), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(linear.place(0.0), 0.0);
        let log = Scale::new([1e3, 1e6].into_iter(), true, 0.0, 100.0).unwrap();
        assert_eq!(log.ticks(), [1e3, 1e4, 1e5, 1e6]);
        let middle = log.place((1e3f64 * 1e6).sqrt());
        assert!((middle - 50.0).abs() < 1e-9, "{middle}");
        let one = Scale::new([5.0].into_iter(), true, 0.0, 100.0).unwrap();
        assert!((one.place(5.0) - 50.0).abs() < 1e-9);
        assert!(!one.ticks().is_empty());
        assert_eq!(Scale::new([0.0, -1.0, f64::NAN].into_iter(), true, 0.0, 1.0), None);
    }

    #[test]
    fn thirty_labels_on_one_spot_do_not_overlap() {
        let within = Area { left: 60.0, top: 10.0, right: 700.0, bottom: 400.0 };
        let points: Vec<Labelled> = (0..30)
            .map(|n| Labelled {
                x: 300.0 + f64::from(n % 7) * 3.0,
                y: 200.0,
                text: format!("format-{n}-elements"),
            })
            .collect();
        let placed: Vec<Area> = place_labels(&points, within).into_iter().flatten().collect();
        assert_eq!(placed.len(), 30);
        for (index, area) in placed.iter().enumerate() {
            assert!(within.contains(area));
            assert!(placed[..index].iter().all(|other| !area.overlaps(other)));
        }
    }
}
