//! The workbench as the fragment of an address, and back.
//!
//! `v=1&a=1x1x150.c4k2p1.bn.relu.max2.flat.fc3&b=separable`: the version, the designs `a`, `b`, ... each with a
//! network or as a twin, then the settings that are not at their defaults. Values hold only the characters that
//! RFC 3986 leaves unreserved. Readers ignore keys they do not know. [`decode`] reads what it can of any text and
//! says what it could not.

mod codes;
mod design;
mod layer;
mod problem;
mod text;
mod twin;
mod value;

pub use problem::{LinkPlace, LinkProblem, MAX_PROBLEMS};

use std::sync::Arc;

use crate::model::{Dims, Network, presets};
use crate::workbench::{Content, Design, Look, MAX_DESIGNS, MAX_ROWS, Settings, Workbench, default_name};
use design::Reader;
use problem::Problems;

/// The version that [`encode`] writes.
pub const VERSION: &str = "1";

const VERSION_KEY: &str = "v";
const BASELINE_KEY: &str = "base";
const COMPARED_KEY: &str = "with";

/// The key of a design: `a`, `b`, ...
pub fn design_key(design: usize) -> char {
    u8::try_from(design).ok().and_then(|design| b'a'.checked_add(design)).map_or('?', char::from)
}

/// The fragment for a workbench, without `#`. Only the first [`MAX_DESIGNS`] designs are in it.
pub fn encode(workbench: &Workbench) -> String {
    let mut text = format!("{VERSION_KEY}={VERSION}");
    let resolved = workbench.resolve();
    for (index, design) in workbench.designs.iter().take(MAX_DESIGNS).enumerate() {
        let name = Some(design.name.as_str()).filter(|name| *name != default_name(index, &design.content));
        let value = match &design.content {
            Content::Network(network) => design::encode(network, name),
            Content::Twin { of, rewrites } => {
                let original = resolved.get(*of).unwrap_or(&resolved[index]);
                twin::encode(rewrites, &original.network) + &twin_end(*of, name)
            }
        };
        text.push_str(&format!("&{}={value}", design_key(index)));
    }
    if workbench.baseline != 0 {
        text.push_str(&format!("&{BASELINE_KEY}={}", design_key(workbench.baseline)));
    }
    if let Some((baseline, compared)) = workbench.pair()
        && compared != compared_by_default(baseline)
    {
        text.push_str(&format!("&{COMPARED_KEY}={}", design_key(compared)));
    }
    let default = Settings::default();
    for &name in Settings::NAMES {
        let value = workbench.settings.text(name);
        if value != default.text(name) {
            text.push_str(&format!("&{name}={}", text::escape_setting(&value.unwrap_or_default())));
        }
    }
    for &name in Look::NAMES {
        let value = workbench.look.text(name);
        if !value.is_empty() {
            text.push_str(&format!("&{name}={value}"));
        }
    }
    text
}

/// Reads a fragment, with or without `#`. The empty text is the default workbench; any other one without designs has the
/// question's pair on the input that it had when such links were first written.
///
/// Whatever cannot be read is left out or replaced by its default, and is named in the problems.
pub fn decode(text: &str) -> (Workbench, Vec<LinkProblem>) {
    let mut problems = Problems::default();
    let fields = Fields::read(text, &mut problems);
    let (settings, look) = fields.settings(&mut problems);
    let mut workbench = Workbench { settings, look, ..Workbench::default() };
    if !fields.designs.is_empty() {
        let (designs, places) = kept(fields.designs(&mut problems));
        workbench.designs = designs;
        let message = "no such design; the first one is the baseline";
        workbench.baseline = fields.chosen(BASELINE_KEY, &places, message, &mut problems).unwrap_or(0);
        let message = "no such design; the baseline is compared with the first other one";
        workbench.compared = fields
            .chosen(COMPARED_KEY, &places, message, &mut problems)
            .unwrap_or_else(|| compared_by_default(workbench.baseline));
    } else if fields.is_known() {
        workbench.designs[0].content = Content::Network(asked().into());
    }
    (workbench, problems.into_list())
}

/// The design that a baseline is compared with where a link names none.
fn compared_by_default(baseline: usize) -> usize {
    usize::from(baseline != 1)
}

/// The question's network on a line of 150 values, which a design that a link leaves open is.
fn asked() -> Network {
    Network { input: Dims::new(&[1, 1, 150]).unwrap_or_default(), ..presets::seed_standard() }
}

/// One network as a text that people can edit.
pub fn encode_design(network: &Network) -> String {
    design::encode(network, None)
}

/// Reads what [`encode_design`] gives, or what people made of it.
pub fn decode_design(text: &str) -> (Network, Vec<LinkProblem>) {
    let mut problems = Problems::default();
    let decoded = Reader { problems: &mut problems, design: 0, rows_left: &mut { MAX_ROWS } }.read(text);
    (decoded.network, problems.into_list())
}

/// The fields of a fragment, not yet read further.
#[derive(Default)]
struct Fields {
    /// In the order of their keys.
    designs: Vec<(char, String)>,
    /// All others that are known, in the order of the text.
    others: Vec<(String, String)>,
    /// Whether it says its version, as every link that is written does.
    is_versioned: bool,
}

impl Fields {
    fn read(text: &str, problems: &mut Problems) -> Self {
        let mut fields = Self::default();
        let text = text.trim();
        let text = text.strip_prefix('#').unwrap_or(text);
        for field in text.split('&').filter(|field| !field.is_empty()) {
            let (key, value) = field.split_once('=').unwrap_or((field, ""));
            let value = text::percent_decode(value);
            let letter = single_letter(key).filter(|&letter| ('a'..design_key(MAX_DESIGNS)).contains(&letter));
            match (key, letter) {
                (VERSION_KEY, _) => {
                    fields.is_versioned = true;
                    if value != VERSION {
                        problems.add(LinkPlace::Link, field, "another version's link; it is read as version 1");
                    }
                }
                (_, Some(letter)) if fields.designs.iter().any(|(taken, _)| *taken == letter) => {
                    problems.add(
                        LinkPlace::Link,
                        field,
                        format!("design {letter} is there twice; the first one counts"),
                    );
                }
                (_, Some(letter)) => {
                    let place = fields.designs.partition_point(|(other, _)| *other < letter);
                    fields.designs.insert(place, (letter, value));
                }
                (key, None)
                    if [BASELINE_KEY, COMPARED_KEY].contains(&key)
                        || Settings::NAMES.contains(&key)
                        || Look::NAMES.contains(&key) =>
                {
                    fields.others.push((key.to_string(), value));
                }
                _ => {}
            }
        }
        if !fields.is_known() && !text.is_empty() {
            problems.add(LinkPlace::Link, text, "no design is in it; the question's pair is shown");
        }
        fields
    }

    /// Whether anything of it is a link's.
    fn is_known(&self) -> bool {
        self.is_versioned || !self.designs.is_empty() || !self.others.is_empty()
    }

    fn settings(&self, problems: &mut Problems) -> (Settings, Look) {
        let (mut settings, mut look) = (Settings::default(), Look::default());
        for (name, value) in &self.others {
            let result = match text::unescape(value) {
                Some(value) => settings
                    .set_text(name, &value)
                    .and_then(|()| look.set_text(name, &value))
                    .map_err(|error| error.to_string()),
                None => Err(format!("{name} is not UTF-8")),
            };
            if let Err(message) = result {
                problems.add(LinkPlace::Link, &format!("{name}={value}"), message + "; the default is used");
            }
        }
        (settings, look)
    }

    /// The index of the design that is chosen as `role`, where each design stands at `places`; where it is not there,
    /// `message` says what was done instead.
    fn chosen(&self, role: &str, places: &[Option<usize>], message: &str, problems: &mut Problems) -> Option<usize> {
        let (_, value) = self.others.iter().find(|(name, _)| name == role)?;
        let place = single_letter(value).and_then(|letter| places[self.index(letter)?]);
        if place.is_none() {
            problems.add(LinkPlace::Link, &format!("{role}={value}"), message);
        }
        place
    }

    /// The index of the design with this key.
    fn index(&self, letter: char) -> Option<usize> {
        self.designs.iter().position(|(key, _)| *key == letter)
    }

    /// All designs: first those with a network of their own, then twins as soon as what they follow is known.
    fn designs(&self, problems: &mut Problems) -> Vec<Found> {
        let mut rows_left = MAX_ROWS;
        let mut found: Vec<Option<Found>> = Vec::with_capacity(self.designs.len());
        for (index, (_, value)) in self.designs.iter().enumerate() {
            let own = !is_twin(value);
            found.push(own.then(|| {
                let mut reader = Reader { problems, design: index, rows_left: &mut rows_left };
                let text = reader.read(value);
                let network = Arc::new(text.network);
                let content = Content::Network(network.clone());
                let name = text.name.unwrap_or_else(|| default_name(index, &content));
                Found::Design { design: Design::new(name, content), network }
            }));
        }
        loop {
            let missing = |index: &usize| found[*index].is_none();
            let twins = || (0..found.len()).filter(missing);
            let ready =
                twins().find_map(|index| Some((index, self.followed(index).filter(|of| found[*of].is_some())?)));
            let Some(index) = ready.map(|(index, _)| index).or_else(|| twins().next()) else { break };
            let place = LinkPlace::Design { design: index };
            let of = ready.map(|(_, of)| of).or_else(|| {
                problems.add(place, &self.designs[index].1, "follows no design; it follows the first one instead");
                found.iter().position(Option::is_some)
            });
            found[index] = Some(match of.map(|of| (of, found[of].as_ref())) {
                Some((of, Some(Found::Design { network, .. }))) => {
                    self.twin(index, (of, network), &mut rows_left, problems)
                }
                Some(_) => {
                    problems.add(
                        place,
                        &self.designs[index].1,
                        "follows a design that is left out; it is left out, too",
                    );
                    Found::LeftOut
                }
                None => {
                    let network = Arc::new(asked());
                    let content = Content::Network(network.clone());
                    Found::Design { design: Design::new(default_name(index, &content), content), network }
                }
            });
        }
        found.into_iter().flatten().collect()
    }

    /// The index of the design that a twin follows; `None` where there is no such design.
    fn followed(&self, index: usize) -> Option<usize> {
        match twin_parts(&self.designs[index].1).followed {
            Some(key) => self.index(single_letter(key)?),
            None => Some(0),
        }
    }

    /// The twin of a design with this network.
    fn twin(
        &self,
        index: usize,
        (of, original): (usize, &Network),
        rows_left: &mut usize,
        problems: &mut Problems,
    ) -> Found {
        let place = LinkPlace::Design { design: index };
        let parts = twin_parts(&self.designs[index].1);
        let Some(twin::Decoded { network, rewrites, unread }) = twin::decode(parts.rewrites, original, *rows_left)
        else {
            let message = format!("with its rows all designs would have more than {MAX_ROWS}; it is left out");
            problems.add(place, &self.designs[index].1, message);
            return Found::LeftOut;
        };
        *rows_left -= network.rows();
        for token in unread {
            problems.add(place, token, "not a rewrite; it is left out");
        }
        let name = parts.name.and_then(|name| {
            text::name_of(text::unescape(name)).map_err(|message| problems.add(place, name, message)).ok()
        });
        let content = Content::Twin { of, rewrites };
        let name = name.unwrap_or_else(|| default_name(index, &content));
        Found::Design { design: Design::new(name, content), network: network.into() }
    }
}

/// A field of the fragment that is a design.
enum Found {
    /// With the network it has, also as a twin.
    Design { design: Design, network: Arc<Network> },
    /// There is no room for it.
    LeftOut,
}

/// The designs that are there, by their new indices, and the new index of each that was found.
fn kept(found: Vec<Found>) -> (Vec<Design>, Vec<Option<usize>>) {
    let mut places = Vec::with_capacity(found.len());
    let mut next = 0..;
    for one in &found {
        places.push(match one {
            Found::Design { .. } => next.next(),
            Found::LeftOut => None,
        });
    }
    let designs = found.into_iter().filter_map(|one| match one {
        Found::Design { mut design, .. } => {
            if let Content::Twin { of, .. } = &mut design.content {
                // What a design that is there follows is there.
                *of = places[*of].unwrap_or(0);
            }
            Some(design)
        }
        Found::LeftOut => None,
    });
    let designs = designs.collect();
    (designs, places)
}

/// `separable~b_Name`.
struct TwinParts<'a> {
    rewrites: &'a str,
    followed: Option<&'a str>,
    name: Option<&'a str>,
}

fn twin_parts(text: &str) -> TwinParts<'_> {
    let (rest, name) = text.split_once('_').map_or((text, None), |(rest, name)| (rest, Some(name)));
    let (rewrites, followed) = rest.split_once('~').map_or((rest, None), |(rest, key)| (rest, Some(key)));
    TwinParts { rewrites, followed, name }
}

fn twin_end(of: usize, name: Option<&str>) -> String {
    let followed = if of == 0 { String::new() } else { format!("~{}", design_key(of)) };
    followed + &name.map(|name| format!("_{}", text::escape(name))).unwrap_or_default()
}

/// Whether a value is a twin's: it starts with a word, and that word is no layer.
fn is_twin(value: &str) -> bool {
    let first = value.split('.').next().unwrap_or_default();
    twin::is_rewrite(first)
        || (first.starts_with(|letter: char| letter.is_ascii_lowercase()) && layer::decode(first).is_none())
}

fn single_letter(text: &str) -> Option<char> {
    let mut letters = text.chars();
    letters.next().filter(|_| letters.next().is_none())
}
