//! What stands on the page: the designs, which of them is the baseline, and the settings that change numbers. It is
//! what a link carries, what is kept between visits and what undo steps through.

mod look;

use std::sync::Arc;

use thiserror::Error;

use crate::cost::{Convention, NumberType};
use crate::decimal;
use crate::model::{Dims, NameError, Network, NodeId, check_name, presets};
use crate::rewrite::{self, Change, Rewrite};

pub use look::{Hideable, Look, Part, Show};

/// The designs and the settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Workbench {
    /// At least one, at most [`MAX_DESIGNS`].
    pub designs: Vec<Design>,
    /// The design that the others are compared with.
    pub baseline: usize,
    /// The design that the baseline is compared with first; where it is not there, or the baseline, the first other one.
    pub compared: usize,
    /// Of all designs.
    pub settings: Settings,
    /// What stands open.
    pub look: Look,
}

/// The most designs side by side.
pub const MAX_DESIGNS: usize = 16;

/// The most rows that all designs have together, those of twins included: modules that are never called count as well.
pub const MAX_ROWS: usize = 10_000;

/// The most samples at once.
const MOST_SAMPLES: u64 = 1_000_000_000;

/// One column of the page.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    /// Over its column, and in the words of comparisons.
    pub name: String,
    /// Its network, or what that follows from.
    pub content: Content,
    /// Weights of a file; no link has them.
    pub weights: Option<WeightsId>,
}

/// Weights that were loaded, as their holder knows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WeightsId(pub u32);

/// Where a design's network comes from.
#[derive(Clone, Debug)]
pub enum Content {
    /// Its own. Workbenches that have it in common share it: to keep one for undo copies no network.
    Network(Arc<Network>),
    /// What the network of design `of` becomes under the rewrites, one after another.
    #[expect(missing_docs, reason = "the variant says it")]
    Twin { of: usize, rewrites: Vec<Rewrite> },
}

/// What changes numbers without changing a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Samples at once.
    pub batch: u64,
    /// How numbers are kept.
    pub number_type: NumberType,
    /// The counter whose numbers are shown beside the plain ones.
    pub convention: Convention,
    /// The seed of weights and input.
    pub seed: u64,
    /// Weights are uniform in ±sqrt(gain / fan-in).
    pub gain: f64,
    /// The id of a device in the catalogue.
    pub device: Option<String>,
    /// Modules whose parameters, and those of everything below them, do not learn: `features.0`.
    pub frozen: Vec<String>,
    /// Whether each design keeps an input of its own when another one's is changed.
    pub own_inputs: bool,
}

/// Why a text is not the value of a setting.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{setting} is {expected}, not \"{found}\"")]
pub struct SettingError {
    /// As links name it.
    pub setting: &'static str,
    /// What fits: "a whole number from 1".
    pub expected: &'static str,
    /// The text that was given.
    pub found: String,
}

/// A design's network, found.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// Shared with the design where it is its own.
    pub network: Arc<Network>,
    /// For each node: the node of the design it was derived from; its own id where it was not derived.
    pub origins: Vec<NodeId>,
    /// What the rewrites changed; empty where the network is the design's own.
    pub changes: Vec<Change>,
    /// The index of the design it follows; `None` where the network is its own.
    pub twin_of: Option<usize>,
}

/// The question's pair: the standard network and its separable twin.
impl Default for Workbench {
    fn default() -> Self {
        let standard = Content::Network(presets::seed_standard().into());
        let twin = Content::Twin { of: 0, rewrites: vec![Rewrite::Separable] };
        let designs = [standard, twin].into_iter().enumerate();
        Self {
            designs: designs.map(|(index, content)| Design::new(default_name(index, &content), content)).collect(),
            baseline: 0,
            compared: 1,
            settings: Settings::default(),
            look: Look::default(),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            batch: 1,
            number_type: NumberType::F32,
            convention: Convention::Plain,
            seed: 0,
            gain: 1.0,
            device: None,
            frozen: Vec::new(),
            own_inputs: false,
        }
    }
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            // What is shared need not be compared.
            (Self::Network(one), Self::Network(other)) => Arc::ptr_eq(one, other) || one == other,
            (Self::Twin { of, rewrites }, Self::Twin { of: other_of, rewrites: other_rewrites }) => {
                of == other_of && rewrites == other_rewrites
            }
            (Self::Network(_), Self::Twin { .. }) | (Self::Twin { .. }, Self::Network(_)) => false,
        }
    }
}

impl Settings {
    /// Every setting by a short name that stays, in order.
    pub const NAMES: &'static [&'static str] =
        &["batch", "type", "count", "seed", "gain", "device", "frozen", "inputs"];

    /// A setting as a text; `None` where there is no such setting, or nothing is chosen.
    pub fn text(&self, name: &str) -> Option<String> {
        match name {
            "batch" => Some(self.batch.to_string()),
            "type" => Some(self.number_type.name().to_string()),
            "count" => Some(self.convention.id().to_string()),
            "seed" => Some(self.seed.to_string()),
            "gain" => Some(decimal::plain(self.gain)),
            "device" => self.device.clone(),
            "frozen" => Some(self.frozen.join(",")).filter(|names| !names.is_empty()),
            "inputs" => Some(if self.own_inputs { "own" } else { "one" }.to_string()),
            _ => None,
        }
    }

    /// Sets what [`Settings::text`] gave. Does nothing where there is no such setting.
    ///
    /// # Errors
    /// Where the text does not fit.
    pub fn set_text(&mut self, name: &str, text: &str) -> Result<(), SettingError> {
        let error = |setting, expected| SettingError { setting, expected, found: text.to_string() };
        match name {
            "batch" => {
                let batch = text.parse().ok().filter(|batch: &u64| (1..=MOST_SAMPLES).contains(batch));
                self.batch = batch.ok_or_else(|| error("batch", "a whole number from 1 to 1,000,000,000"))?;
            }
            "type" => {
                let found = NumberType::ALL.iter().find(|number_type| number_type.name() == text);
                self.number_type = *found.ok_or_else(|| error("type", "f32, f16, bf16, int8 or int4"))?;
            }
            "count" => {
                let expected = "plain or the name of a counter";
                self.convention = Convention::from_id(text).ok_or_else(|| error("count", expected))?;
            }
            "seed" => self.seed = text.parse().map_err(|_| error("seed", "a whole number from 0, of 64 bits"))?,
            "gain" => {
                let gain = decimal::parse(text).filter(|gain| gain.is_finite() && *gain > 0.0);
                self.gain = gain.ok_or_else(|| error("gain", "a number above 0"))?;
            }
            "device" => self.device = Some(text.to_string()).filter(|device| !device.is_empty()),
            "frozen" => {
                let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
                self.frozen = names.map(ToString::to_string).collect();
            }
            "inputs" => {
                self.own_inputs = match text {
                    "own" => true,
                    "one" => false,
                    _ => return Err(error("inputs", "one or own")),
                };
            }
            _ => {}
        }
        Ok(())
    }
}

/// What a design is called where nobody names it: `Standard`, `Separable`, `Design 3`.
pub fn default_name(index: usize, content: &Content) -> String {
    match content {
        Content::Network(_) if index == 0 => "Standard".to_string(),
        Content::Twin { rewrites, .. } if matches!(rewrites.as_slice(), [Rewrite::Separable]) => {
            "Separable".to_string()
        }
        Content::Network(_) | Content::Twin { .. } => format!("Design {}", index + 1),
    }
}

impl Design {
    /// A design with seeded weights.
    pub const fn new(name: String, content: Content) -> Self {
        Self { name, content, weights: None }
    }

    /// Gives it another name.
    ///
    /// # Errors
    /// Where the name is empty, too long, or has characters that cannot be seen.
    pub fn rename(&mut self, name: &str) -> Result<(), NameError> {
        check_name(name)?;
        self.name = name.to_string();
        Ok(())
    }
}

impl Workbench {
    /// One design without layers.
    pub fn empty() -> Self {
        let content = Content::Network(Self::empty_network().into());
        Self { designs: vec![Design::new("New".to_string(), content)], ..Self::default() }
    }

    /// A network without layers, on small pictures in colour.
    pub fn empty_network() -> Network {
        let input = Dims::new(&[3, 32, 32]).unwrap_or_default();
        Network { name: "Net".to_string(), input, nodes: Vec::new(), uncalled: Vec::new() }
    }

    /// The network of every design. A twin of nothing (a circle, or an index that no design has) is empty.
    pub fn resolve(&self) -> Vec<Resolved> {
        let mut resolved: Vec<Option<Resolved>> = vec![None; self.designs.len()];
        for index in 0..self.designs.len() {
            self.resolve_into(index, &mut resolved);
        }
        resolved.into_iter().map(|one| one.unwrap_or_else(Resolved::empty)).collect()
    }

    /// The designs that a design follows, nearest first, down to the one with a network of its own. `None` where
    /// there is no such one.
    pub fn ancestors(&self, index: usize) -> Option<Vec<usize>> {
        let mut ancestors = Vec::new();
        let mut at = index;
        while let Content::Twin { of, .. } = self.designs.get(at)?.content {
            if of == index || ancestors.contains(&of) {
                return None;
            }
            ancestors.push(of);
            at = of;
        }
        Some(ancestors)
    }

    /// Gives a twin the network it has now, as its own.
    pub fn detach(&mut self, index: usize) {
        let resolved = self.resolve();
        if let (Some(design), Some(now)) = (self.designs.get_mut(index), resolved.into_iter().nth(index)) {
            design.content = Content::Network(now.network);
        }
    }

    /// Takes a design out. Its twins keep the networks they have now.
    pub fn remove(&mut self, index: usize) {
        if index >= self.designs.len() || self.designs.len() == 1 {
            return;
        }
        let resolved = self.resolve();
        for (design, now) in self.designs.iter_mut().zip(resolved) {
            if matches!(design.content, Content::Twin { of, .. } if of == index) {
                design.content = Content::Network(now.network);
            }
        }
        self.designs.remove(index);
        for design in &mut self.designs {
            if let Content::Twin { of, .. } = &mut design.content
                && *of > index
            {
                *of -= 1;
            }
        }
        if self.baseline > index || self.baseline == self.designs.len() {
            self.baseline -= 1;
        }
        if self.compared > index {
            self.compared -= 1;
        }
    }

    /// The baseline and the design that it is compared with; `None` of one design alone.
    pub fn pair(&self) -> Option<(usize, usize)> {
        let is_other = |index: &usize| *index != self.baseline && *index < self.designs.len();
        let other = std::iter::once(self.compared).chain(0..self.designs.len()).find(is_other)?;
        Some((self.baseline, other))
    }

    /// The design whose network a design follows in the end: itself, or the root of its twins.
    pub fn root(&self, index: usize) -> usize {
        self.ancestors(index).and_then(|ancestors| ancestors.last().copied()).unwrap_or(index)
    }

    fn resolve_into(&self, index: usize, resolved: &mut [Option<Resolved>]) {
        if resolved[index].is_some() {
            return;
        }
        let Some(ancestors) = self.ancestors(index) else { return };
        for &at in ancestors.iter().rev().chain([&index]) {
            if resolved[at].is_none() {
                resolved[at] = self.resolve_one(at, resolved);
            }
        }
    }

    fn resolve_one(&self, index: usize, resolved: &[Option<Resolved>]) -> Option<Resolved> {
        match &self.designs[index].content {
            Content::Network(network) => Some(Resolved {
                network: network.clone(),
                origins: network.nodes.iter().map(|node| node.id).collect(),
                changes: Vec::new(),
                twin_of: None,
            }),
            Content::Twin { of, rewrites } => {
                let original = resolved.get(*of)?.as_ref()?;
                let rewritten = rewrite::apply_all(&original.network, rewrites);
                let (network, origins, changes) = (rewritten.network.into(), rewritten.origins, rewritten.changes);
                Some(Resolved { network, origins, changes, twin_of: Some(*of) })
            }
        }
    }
}

impl Resolved {
    fn empty() -> Self {
        let network = Network { name: String::new(), input: Dims::default(), ..Workbench::empty_network() };
        Self { network: network.into(), origins: Vec::new(), changes: Vec::new(), twin_of: None }
    }
}
