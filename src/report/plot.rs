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

    /// The same, without those that lie nearer than `gap` to the one before: room for their labels.
    pub fn ticks_apart(&self, gap: f64) -> Vec<f64> {
        let mut kept: Vec<f64> = Vec::new();
        for value in self.ticks() {
            let room = |last: &f64| (self.place(value) - self.place(*last)).abs() >= gap;
            if kept.last().is_none_or(room) {
                kept.push(value);
            }
        }
        kept
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
const LETTER: f64 = 6.8;

/// A label's place, and the line that leads to it where it is not beside its point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Label {
    /// The area of its text.
    pub area: Area,
    /// From the point to the text.
    pub leader: Option<Line>,
}

/// Both ends of a line.
pub type Line = ((f64, f64), (f64, f64));

/// Points this close together share a block of labels.
const CLOSE: f64 = 10.0;

/// Points that lie together, and the block of their labels, one below the other.
struct Block {
    members: Vec<usize>,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

fn blocks(points: &[Labelled]) -> Vec<Block> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|a, b| points[*a].x.total_cmp(&points[*b].x));
    let mut blocks: Vec<Block> = Vec::new();
    for index in order {
        let point = &points[index];
        let width = point.text.chars().count() as f64 * LETTER;
        let near = |block: &&mut Block| {
            let first = &points[block.members[0]];
            (point.x - first.x).abs() <= CLOSE && (point.y - first.y).abs() <= CLOSE
        };
        match blocks.iter_mut().find(near) {
            Some(block) => {
                block.members.push(index);
                block.width = block.width.max(width);
                block.height += LINE;
            }
            None => blocks.push(Block {
                members: vec![index],
                x: point.x,
                y: point.y,
                width,
                height: LINE,
            }),
        }
    }
    blocks
}

/// Finds a place for each label inside `within`, so that none covers another label or a point.
///
/// Points that lie together get one block of labels. Places beside the points come first, then
/// rings further and further out, from which a line leads back. Labels keep off `obstacles` too. A
/// block that fits nowhere gets `None` for each of its labels.
pub fn place_labels(points: &[Labelled], within: Area, obstacles: &[Area]) -> Vec<Option<Label>> {
    let around = |p: &Labelled| Area {
        left: p.x - POINT,
        top: p.y - POINT,
        right: p.x + POINT,
        bottom: p.y + POINT,
    };
    let taken: Vec<Area> = points.iter().map(around).chain(obstacles.iter().copied()).collect();
    let mut labels: Vec<Option<Label>> = vec![None; points.len()];
    let (mut placed, mut lines): (Vec<Area>, Vec<Line>) = (Vec::new(), Vec::new());
    for block in blocks(points) {
        let free = |area: &Area| {
            within.contains(area) && !taken.iter().chain(&placed).any(|other| area.overlaps(other))
        };
        let untangled = |area: &Area| {
            let line = leader(&block, area);
            !placed.iter().any(|other| line.is_some_and(|line| crosses(line, other)))
                && !lines.iter().any(|line| crosses(*line, area))
        };
        let clear = |area: &Area| !obstacles.iter().any(|other| area.overlaps(other));
        // Better on an obstacle or across a line than nowhere.
        let found = candidates(&block)
            .find(|area| free(area) && untangled(area) && clear(area))
            .or_else(|| candidates(&block).find(|area| free(area) && untangled(area)))
            .or_else(|| candidates(&block).find(free));
        let Some(area) = found else { continue };
        let line = leader(&block, &area);
        lines.extend(line);
        placed.push(area);
        for (position, member) in block.members.iter().enumerate() {
            let top = area.top + LINE * position as f64;
            let area = Area { top, bottom: top + LINE, ..area };
            // One line for the whole block.
            let leader = line.filter(|_| position == 0);
            labels[*member] = Some(Label { area, leader });
        }
    }
    labels
}

/// Places for a block, the nearest first.
fn candidates(block: &Block) -> impl Iterator<Item = Area> + '_ {
    let (width, height) = (block.width, block.height);
    let (right, left) = (POINT + 2.0, -POINT - 2.0 - width);
    let (above, below) = (-POINT - 1.0 - height, POINT + 1.0);
    let middle = (-width / 2.0, -height / 2.0);
    let near = [(right, middle.1), (left, middle.1), (middle.0, above), (middle.0, below)];
    let corners = [(5.0, above), (5.0, below), (-5.0 - width, above), (-5.0 - width, below)];
    let rings = (2..28).flat_map(move |ring| {
        (0..24).map(move |step| {
            let angle = f64::from(step) * std::f64::consts::TAU / 24.0;
            let distance = f64::from(ring) * LINE;
            // Wide and high blocks move out by half of themselves, towards where they go.
            let x = angle.cos() * (distance + width / 2.0);
            let y = -angle.sin() * (distance + height / 2.0);
            (x + middle.0, y + middle.1)
        })
    });
    near.into_iter().chain(corners).chain(rings).map(move |(dx, dy)| Area {
        left: block.x + dx,
        top: block.y + dy,
        right: block.x + dx + width,
        bottom: block.y + dy + height,
    })
}

/// The line from a block's points to its labels, where they are not side by side.
fn leader(block: &Block, area: &Area) -> Option<Line> {
    let x = block.x.clamp(area.left, area.right);
    let y = block.y.clamp(area.top, area.bottom);
    let distance = (x - block.x).hypot(y - block.y);
    (distance > POINT + 5.0).then_some(((block.x, block.y), (x, y)))
}

/// True when a line runs through an area. Looked at in steps, which is enough for a drawing.
fn crosses(((x0, y0), (x1, y1)): Line, area: &Area) -> bool {
    (1..=20).any(|step| {
        let share = f64::from(step) / 20.0;
        let (x, y) = (x0 + (x1 - x0) * share, y0 + (y1 - y0) * share);
        (area.left..=area.right).contains(&x) && (area.top..=area.bottom).contains(&y)
    })
}

/// Letters of a label in a drawing.
const LONGEST: usize = 24;

/// A name as a drawing has room for it; the drawing's hints and the tables have all of it.
pub fn label(name: &str) -> String {
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    let start: String = name.chars().take(LONGEST - 1).collect();
    format!("{start}…")
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
        let labels = place_labels(&points, within, &[]).into_iter().flatten();
        let placed: Vec<Area> = labels.map(|label| label.area).collect();
        assert_eq!(placed.len(), 30);
        for (index, area) in placed.iter().enumerate() {
            assert!(within.contains(area));
            assert!(placed[..index].iter().all(|other| !area.overlaps(other)));
        }
    }
}
