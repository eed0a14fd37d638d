//! The condition of a promotion: `accuracy >= production.accuracy + 0.01 and mae < 2`.
//!
//! ```text
//! condition  = comparison { "and" comparison }
//! comparison = sum ( ">=" | ">" | "<=" | "<" | "==" | "!=" ) sum
//! sum        = product { ( "+" | "-" ) product }
//! product    = [ "-" ] factor { "*" factor }
//! factor     = number | metric | alias "." metric
//! ```
//!
//! There are no brackets, so nothing nests and nothing recurses. A metric without an alias is that of
//! the version that is to be promoted, and there has to be one: `1 > 0` says nothing of that version.
//! What is no finite number on the way is an error, since infinities are equal to each other.
//!
//! 0.92 + 0.01 is a little more than 0.93 in binary numbers. Two sides that differ by less than 1e-12
//! of the larger one, or of 1, count as equal, so that `>=` means what was written.

use std::fmt;
use std::str::FromStr;

use super::manifest::is_metric;
use super::{Alias, StoreError};

/// Longest condition in bytes.
const MAX_BYTES: usize = 1000;
/// What counts as equal, relative to the larger side or to 1.
const TOLERANCE: f64 = 1e-12;

/// A condition that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    text: String,
    comparisons: Vec<Comparison>,
}

#[derive(Debug, Clone, PartialEq)]
struct Comparison {
    left: Sum,
    operator: &'static str,
    right: Sum,
}

/// Products with their signs.
type Sum = Vec<(f64, Vec<Factor>)>;

#[derive(Debug, Clone, PartialEq)]
enum Factor {
    Number(f64),
    Metric(Option<Alias>, String),
}

/// Whether a condition holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// True when all comparisons hold.
    pub holds: bool,
    /// The comparisons with their numbers; of one that does not hold only that one.
    pub because: String,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'a> {
    Number(f64),
    Word(&'a str),
    Sign(&'static str),
}

const SIGNS: &[&str] = &[">=", "<=", "==", "!=", ">", "<", "+", "-", "*", "."];

/// The words of a text, one after the other.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// The next token and how long it is; `None` at the end.
    fn peek(&mut self) -> Result<Option<(Token<'a>, usize)>, StoreError> {
        self.skip_spaces();
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(None) };
        let long = |plain: &dyn Fn(char) -> bool| rest.find(|c| !plain(c)).unwrap_or(rest.len());
        if first.is_ascii_digit() {
            let mut length = long(&|c: char| c.is_ascii_digit() || c == '.');
            let tail = rest.get(length..).unwrap_or_default();
            // 1e-3
            if let Some(exponent) = tail.strip_prefix(['e', 'E']) {
                let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
                let count = digits.bytes().take_while(u8::is_ascii_digit).count();
                length += tail.len() - digits.len() + count;
            }
            let digits = rest.get(..length).unwrap_or_default();
            return match digits.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Some((Token::Number(number), length))),
                _ => Err(self.expected("a number")),
            };
        }
        if first.is_ascii_alphabetic() {
            let length = long(&|c: char| c.is_ascii_alphanumeric() || c == '_');
            let word = rest.get(..length).unwrap_or_default();
            return Ok(Some((Token::Word(word), length)));
        }
        match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            Some(sign) => Ok(Some((Token::Sign(sign), sign.len()))),
            None => Err(self.expected("a metric, a number, or one of >= > <= < == != + - * and")),
        }
    }

    fn expected(&self, expected: &str) -> StoreError {
        const SHOWN: usize = 20;
        let found = match self.rest() {
            "" => "the end".to_owned(),
            rest => format!("{:?}", rest.chars().take(SHOWN).collect::<String>()),
        };
        let before = self.text.get(..self.at).unwrap_or_default();
        StoreError::Condition {
            text: self.text.to_owned(),
            position: before.chars().count() + 1,
            expected: expected.to_owned(),
            found,
        }
    }

    /// Goes on behind the next token if it is one of these signs.
    fn sign(&mut self, signs: &[&str]) -> Result<Option<&'static str>, StoreError> {
        match self.peek()? {
            Some((Token::Sign(sign), length)) if signs.contains(&sign) => {
                self.at += length;
                Ok(Some(sign))
            }
            _ => Ok(None),
        }
    }

    fn factor(&mut self) -> Result<Factor, StoreError> {
        let expected = "a metric, ALIAS.METRIC or a number";
        match self.peek()? {
            Some((Token::Number(number), length)) => {
                self.at += length;
                Ok(Factor::Number(number))
            }
            Some((Token::Word(word), length)) if word != "and" => {
                let start = self.at;
                self.at += length;
                if self.sign(&["."])?.is_none() {
                    return self.metric(word, start).map(|metric| Factor::Metric(None, metric));
                }
                let Ok(alias) = word.parse::<Alias>() else {
                    self.at = start;
                    return Err(self.expected("an alias of a-z, 0-9 and _"));
                };
                match self.peek()? {
                    Some((Token::Word(metric), length)) if metric != "and" => {
                        let start = self.at;
                        self.at += length;
                        Ok(Factor::Metric(Some(alias), self.metric(metric, start)?))
                    }
                    _ => Err(self.expected("a metric behind the point")),
                }
            }
            _ => Err(self.expected(expected)),
        }
    }

    fn metric(&mut self, word: &str, start: usize) -> Result<String, StoreError> {
        if is_metric(word) {
            return Ok(word.to_owned());
        }
        self.at = start;
        Err(self.expected("the name of a metric"))
    }

    fn sum(&mut self) -> Result<Sum, StoreError> {
        let mut sum = Vec::new();
        let mut sign = 1.0;
        loop {
            if self.sign(&["-"])?.is_some() {
                sign = -sign;
            }
            let mut product = vec![self.factor()?];
            while self.sign(&["*"])?.is_some() {
                product.push(self.factor()?);
            }
            sum.push((sign, product));
            sign = match self.sign(&["+", "-"])? {
                Some("+") => 1.0,
                Some(_) => -1.0,
                None => return Ok(sum),
            };
        }
    }
}

impl FromStr for Condition {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        if text.len() > MAX_BYTES {
            return Err(StoreError::Condition {
                text: text.chars().take(40).collect(),
                position: 1,
                expected: format!("at most {MAX_BYTES} bytes"),
                found: format!("{} bytes", text.len()),
            });
        }
        let mut reader = Reader { text, at: 0 };
        let mut comparisons = Vec::new();
        loop {
            let left = reader.sum()?;
            let Some(operator) = reader.sign(&[">=", ">", "<=", "<", "==", "!="])? else {
                return Err(reader.expected("one of >= > <= < == !="));
            };
            comparisons.push(Comparison { left, operator, right: reader.sum()? });
            match reader.peek()? {
                None => break,
                Some((Token::Word("and"), length)) => reader.at += length,
                Some(_) => return Err(reader.expected("\"and\" or the end")),
            }
        }
        let of_candidate = |factor: &Factor| matches!(factor, Factor::Metric(None, _));
        let names_it = |sum: &Sum| sum.iter().any(|(_, product)| product.iter().any(of_candidate));
        if !comparisons.iter().any(|one| names_it(&one.left) || names_it(&one.right)) {
            return Err(reader.expected(
                "a metric of the version that is to be promoted somewhere, as in accuracy > 0.9",
            ));
        }
        Ok(Condition { text: text.to_owned(), comparisons })
    }
}

impl Condition {
    /// The condition as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Decides; `metric` is asked for the numbers, of an alias or of the version to be promoted.
    ///
    /// # Errors
    /// What `metric` says; [`StoreError::NotFinite`] where the numbers lead to none.
    pub fn decide(
        &self,
        mut metric: impl FnMut(Option<&Alias>, &str) -> Result<f64, StoreError>,
    ) -> Result<Verdict, StoreError> {
        let mut texts = Vec::with_capacity(self.comparisons.len());
        for comparison in &self.comparisons {
            let (left, left_text) = self.sum(&comparison.left, &mut metric)?;
            let (right, right_text) = self.sum(&comparison.right, &mut metric)?;
            let holds = compare(left, comparison.operator, right);
            let text = format!("{left_text} {} {right_text}", comparison.operator);
            if !holds {
                return Ok(Verdict { holds, because: format!("{text} does not hold") });
            }
            texts.push(text);
        }
        Ok(Verdict { holds: true, because: texts.join(" and ") })
    }

    /// The value of a sum, and how it comes about.
    fn sum(
        &self,
        sum: &Sum,
        metric: &mut impl FnMut(Option<&Alias>, &str) -> Result<f64, StoreError>,
    ) -> Result<(f64, String), StoreError> {
        let (mut total, mut text) = (0.0, String::new());
        for (index, (sign, product)) in sum.iter().enumerate() {
            let (mut value, mut factors) = (*sign, Vec::with_capacity(product.len()));
            for factor in product {
                let (found, spelled) = match factor {
                    Factor::Number(number) => (*number, Spelled(*number).to_string()),
                    Factor::Metric(alias, name) => {
                        let found = metric(alias.as_ref(), name)?;
                        let alias =
                            alias.as_ref().map(|alias| format!("{alias}.")).unwrap_or_default();
                        (found, format!("{alias}{name} ({})", Spelled(found)))
                    }
                };
                value *= found;
                factors.push(spelled);
            }
            let product = factors.join(" * ");
            self.check_finite(value, &product)?;
            text.push_str(match (index, *sign < 0.0) {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            });
            text.push_str(&product);
            total += value;
        }
        self.check_finite(total, &text)?;
        Ok((total, text))
    }

    fn check_finite(&self, value: f64, part: &str) -> Result<(), StoreError> {
        match value.is_finite() {
            true => Ok(()),
            false => {
                let (text, part) = (self.text.clone(), part.to_owned());
                Err(StoreError::NotFinite { text, part, value })
            }
        }
    }
}

/// A number as people write it: without hundreds of zeros.
struct Spelled(f64);

impl fmt::Display for Spelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.abs() {
            0.0 | 1e-7..1e16 => write!(f, "{}", self.0),
            _ => write!(f, "{:e}", self.0),
        }
    }
}

/// Compares finite numbers.
fn compare(left: f64, operator: &str, right: f64) -> bool {
    let equal = (left - right).abs() <= TOLERANCE * left.abs().max(right.abs()).max(1.0);
    match operator {
        ">=" => equal || left > right,
        ">" => !equal && left > right,
        "<=" => equal || left < right,
        "<" => !equal && left < right,
        "==" => equal,
        _ => !equal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(text: &str) -> Verdict {
        let condition: Condition = text.parse().unwrap();
        let metric = |alias: Option<&Alias>, name: &str| match (alias.map(Alias::as_str), name) {
            (None, "accuracy") => Ok(0.93),
            (Some("production"), "accuracy") => Ok(0.92),
            (None, "mae") => Ok(2.0),
            _ => Err(StoreError::Metric { name: name.into(), message: "not known".into() }),
        };
        condition.decide(metric).unwrap()
    }

    fn error(text: &str) -> String {
        text.parse::<Condition>().unwrap_err().to_string()
    }

    #[test]
    fn conditions_mean_what_they_say() {
        for (text, holds) in [
            ("accuracy >= production.accuracy + 0.01", true),
            ("accuracy > production.accuracy + 0.01", false),
            ("accuracy>production.accuracy and mae<2.5", true),
            ("accuracy > production.accuracy and mae < 2", false),
            ("accuracy == 0.93", true),
            ("accuracy != 0.93", false),
            ("-accuracy < 0", true),
            ("mae == 2 and 2 - 1 - 1 == 0", true),
            ("mae == 2 and 2 - -1 == 3", true),
            ("mae == 2 and 2 * 3 + 4 * -1 == 2", false),
            ("1 + 2 * mae == 5", true),
            ("mae == 2 and 1e-3 <= 1.5E+2", true),
            ("production . accuracy == .92", false),
        ] {
            match text.parse::<Condition>() {
                Ok(_) => assert_eq!(decide(text).holds, holds, "{text}"),
                Err(error) => assert!(!holds, "{error}"),
            }
        }
        let verdict = decide("accuracy >= production.accuracy + 0.01");
        assert_eq!(verdict.because, "accuracy (0.93) >= production.accuracy (0.92) + 0.01");
        let verdict = decide("mae < 3 and accuracy > 1 - 0.05 * mae + 0.1");
        assert_eq!(verdict.because, "accuracy (0.93) > 1 - 0.05 * mae (2) + 0.1 does not hold");
    }

    #[test]
    fn what_leads_to_no_number_is_no_verdict() {
        let failed = |text: &str, accuracy: f64| {
            let condition: Condition = text.parse().unwrap();
            condition.decide(|_, _| Ok(accuracy)).unwrap_err().to_string()
        };
        assert_eq!(
            failed("accuracy >= 1e308 * 1e308", 0.5),
            "condition \"accuracy >= 1e308 * 1e308\": expected a finite number, found inf for 1e308 * 1e308"
        );
        assert!(
            failed("0.5 < 1e308 * 10 * accuracy", 0.5)
                .ends_with("inf for 1e308 * 10 * accuracy (0.5)")
        );
        assert!(
            failed("accuracy < 2 and -1e308 - 1e308 < accuracy", 0.5)
                .ends_with("found -inf for -1e308 - 1e308")
        );
        assert!(failed("accuracy != 1", f64::NAN).ends_with("found NaN for accuracy (NaN)"));
        // As large as numbers are, and still finite.
        let condition: Condition = "1.7e308 > accuracy".parse().unwrap();
        assert!(condition.decide(|_, _| Ok(-1.7e308)).unwrap().holds);
        let verdict = condition.decide(|_, _| Ok(1.7e308)).unwrap();
        assert_eq!(verdict.because, "1.7e308 > accuracy (1.7e308) does not hold");
    }

    #[test]
    fn a_condition_is_about_the_version_that_is_promoted() {
        assert_eq!(
            error("1 > 0"),
            "condition \"1 > 0\", character 6: expected a metric of the version that is to be \
             promoted somewhere, as in accuracy > 0.9, found the end"
        );
        assert!(error("production.accuracy > 0.5 and 2 > 1").contains("expected a metric of the"));
        assert!("1 > 0 and 2 > 1 + mae".parse::<Condition>().is_ok());
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        assert_eq!(
            error("accuracy >= "),
            "condition \"accuracy >= \", character 13: expected a metric, ALIAS.METRIC or a number, found the end"
        );
        for (text, expected) in [
            ("", "character 1: expected a metric, ALIAS.METRIC or a number, found the end"),
            ("accuracy", "character 9: expected one of >= > <= < == !=, found the end"),
            ("accuracy = 1", "character 10: expected a metric, a number, or one of"),
            (
                "accuracy > 1 or mae < 2",
                "character 14: expected \"and\" or the end, found \"or mae < 2\"",
            ),
            ("accuracy > (1)", "character 12: expected a metric, a number, or one of"),
            ("a.b.c > 1", "character 4: expected one of >= > <= < == !=, found \".c > 1\""),
            ("A.b > 1", "character 1: expected an alias"),
            ("a. > 1", "character 4: expected a metric behind the point"),
            ("1.2.3 > 1", "character 1: expected a number"),
            ("1e999 > 1", "character 1: expected a number"),
            ("é > 1", "character 1: expected a metric, a number, or one of"),
            ("a > 1 and", "character 10: expected a metric"),
            ("and > 1", "character 1: expected a metric"),
        ] {
            assert!(error(text).contains(expected), "{text}: {}", error(text));
        }
        assert!(error(&"a".repeat(1001)).contains("at most 1000 bytes, found 1001 bytes"));
        let long = format!("a{} > 1", " + a".repeat(240));
        assert!(long.parse::<Condition>().is_ok());
    }
}
