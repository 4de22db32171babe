//! The running build against published figures: computed beside published, with the known errata.

mod papers;
mod subject;
mod tables;

/// One published figure and what this build computes for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Where the figure stands: "arXiv 1704.04861, table 6".
    pub source: &'static str,
    /// What it is about: "MobileNetV1 0.75".
    pub subject: String,
    /// "mult-adds", "params", "weights in flash".
    pub quantity: &'static str,
    /// As it is printed: "325".
    pub published: &'static str,
    /// What the published figure is counted in: "millions".
    pub unit: Unit,
    /// The exact value, in ones (for shares: in percent).
    pub computed: f64,
    /// Computed against published.
    pub verdict: Verdict,
}

/// In what a published figure is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "numbers")]
pub enum Unit {
    Ones,
    Millions,
    Billions,
    Kibibytes,
    Percent,
}

/// How the two agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// To the last digit, or rounded to the digits that are printed.
    Rounded,
    /// Cut off behind the digits that are printed.
    Truncated,
    /// They differ, and the published one is known to be wrong or to mean something else.
    Erratum(&'static str),
    /// They differ.
    Differs,
}

impl Verdict {
    /// The published figure is the computed one, rounded or cut.
    pub const fn agrees(self) -> bool {
        matches!(self, Self::Rounded | Self::Truncated)
    }
}

impl Unit {
    /// Behind a number: "M".
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ones => "",
            Self::Millions => "M",
            Self::Billions => "G",
            Self::Kibibytes => "KiB",
            Self::Percent => "%",
        }
    }

    const fn ones(self) -> f64 {
        match self {
            Self::Ones | Self::Percent => 1.0,
            Self::Millions => 1e6,
            Self::Billions => 1e9,
            Self::Kibibytes => 1024.0,
        }
    }
}

impl Check {
    /// The computed value in the unit, with two digits more than are printed: "325.40".
    pub fn computed_text(&self) -> String {
        let digits = if self.unit == Unit::Ones { 0 } else { decimals(self.published) + 2 };
        format!("{:.digits$}", self.computed / self.unit.ones())
    }
}

/// All checks, grouped by their source.
pub fn run() -> Vec<Check> {
    let mut list = List { checks: Vec::new(), source: "" };
    papers::mobilenet_v1(&mut list);
    papers::mobilenet_v2(&mut list);
    tables::torchvision(&mut list);
    tables::mlperf_tiny(&mut list);
    tables::flash(&mut list);
    tables::keras(&mut list);
    papers::errata(&mut list);
    list.checks
}

/// The checks as they are written down.
struct List {
    checks: Vec<Check>,
    source: &'static str,
}

/// A figure as it was published.
#[derive(Clone, Copy)]
struct Published {
    quantity: &'static str,
    text: &'static str,
    unit: Unit,
}

const fn published(quantity: &'static str, text: &'static str, unit: Unit) -> Published {
    Published { quantity, text, unit }
}

impl List {
    fn source(&mut self, source: &'static str) {
        self.source = source;
    }

    fn check(&mut self, subject: &str, published: Published, computed: f64) {
        let verdict = verdict(published.text, computed / published.unit.ones());
        self.push(subject, published, computed, verdict);
    }

    /// A figure that is known to be wrong; it counts as a difference if it is right after all.
    fn erratum(&mut self, subject: &str, published: Published, computed: f64, reason: &'static str) {
        let agrees = verdict(published.text, computed / published.unit.ones()).agrees();
        let verdict = if agrees { Verdict::Differs } else { Verdict::Erratum(reason) };
        self.push(subject, published, computed, verdict);
    }

    fn push(&mut self, subject: &str, published: Published, computed: f64, verdict: Verdict) {
        let Published { quantity, text, unit } = published;
        let (source, subject) = (self.source, subject.to_string());
        self.checks.push(Check { source, subject, quantity, published: text, unit, computed, verdict });
    }
}

fn verdict(text: &str, computed: f64) -> Verdict {
    let Ok(value) = text.parse::<f64>() else { return Verdict::Differs };
    let one = 10_f64.powi(-(decimals(text) as i32));
    // The digits are few, so that the smallest errors of f64 do not matter.
    let close = |rounded: f64| (rounded - value).abs() < one / 1000.0;
    if close((computed / one).round() * one) {
        Verdict::Rounded
    } else if close((computed / one).floor() * one) {
        Verdict::Truncated
    } else {
        Verdict::Differs
    }
}

fn decimals(text: &str) -> usize {
    text.split_once('.').map_or(0, |(_, digits)| digits.len())
}
