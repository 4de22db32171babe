//! How a workbench is looked at: it changes no number, and no edit is undone by it.

use super::SettingError;

/// What stands open, what is hidden, and for whom the page is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The one that stands open.
    pub part: Part,
    /// For whom the page is set.
    pub show: Show,
    /// A bit for each of [`Hideable::ALL`].
    hidden: u8,
}

/// A part of the page; one stands open at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the titles say it")]
pub enum Part {
    #[default]
    Layers,
    Improve,
    Device,
    Run,
    Train,
    Explore,
    Details,
    /// All of them, one below the other.
    All,
}

/// For whom the page is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    /// Everything, to work with.
    #[default]
    Whole,
    /// Large type and nothing around it, for a room.
    Present,
    /// One part within another page, with a way to the whole.
    Embed,
}

/// What can be hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "parts of the page")]
pub enum Hideable {
    Menu,
    Answer,
    Summary,
    Parts,
    Charts,
}

impl Part {
    /// Those that are one part, in the order of the page.
    pub const EACH: &[Self] =
        &[Self::Layers, Self::Improve, Self::Device, Self::Run, Self::Train, Self::Explore, Self::Details];

    /// The word that links and hooks have for it; it stays.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Layers => "layers",
            Self::Improve => "improve",
            Self::Device => "device",
            Self::Run => "run",
            Self::Train => "train",
            Self::Explore => "explore",
            Self::Details => "details",
            Self::All => "all",
        }
    }

    /// The heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Layers => "Layers",
            Self::Improve => "Improve",
            Self::Device => "Device",
            Self::Run => "Run",
            Self::Train => "Train",
            Self::Explore => "Explore",
            Self::Details => "Details",
            Self::All => "Everything",
        }
    }

    /// `None` for what is no part.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::EACH.iter().chain(&[Self::All]).copied().find(|part| part.id() == id)
    }

    /// Whether it shows what `part` shows.
    pub fn shows(self, part: Self) -> bool {
        self == part || self == Self::All
    }
}

impl Show {
    const ALL: &[Self] = &[Self::Whole, Self::Present, Self::Embed];

    /// The value of `show` in links.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Present => "present",
            Self::Embed => "embed",
        }
    }
}

impl Hideable {
    /// In the order of the bits.
    pub const ALL: &[Self] = &[Self::Menu, Self::Answer, Self::Summary, Self::Parts, Self::Charts];

    /// What links write in `hide`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Menu => "menu",
            Self::Answer => "answer",
            Self::Summary => "summary",
            Self::Parts => "parts",
            Self::Charts => "charts",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl Look {
    /// All that a link can say of it, by short names that stay, in order.
    pub const NAMES: &'static [&'static str] = &["view", "show", "hide"];

    /// A look with nothing hidden.
    pub const fn of(part: Part, show: Show) -> Self {
        Self { part, show, hidden: 0 }
    }

    /// Whether it was hidden by [`Look::hide`].
    pub const fn is_hidden(&self, what: Hideable) -> bool {
        self.hidden & what.bit() != 0
    }

    /// Hides it, or shows it again.
    pub fn hide(&mut self, what: Hideable, is_hidden: bool) {
        self.hidden = if is_hidden { self.hidden | what.bit() } else { self.hidden & !what.bit() };
    }

    /// The ids of what is hidden, a blank between.
    pub fn hidden(&self) -> String {
        let ids = Hideable::ALL.iter().filter(|what| self.is_hidden(**what)).map(|what| what.id());
        ids.collect::<Vec<_>>().join(" ")
    }

    /// One of [`Look::NAMES`] as a text; empty where it is as it is by default.
    pub fn text(&self, name: &str) -> String {
        match name {
            "view" if self.part != Part::default() => self.part.id().to_string(),
            "show" if self.show != Show::default() => self.show.id().to_string(),
            "hide" => self.hidden().replace(' ', "."),
            _ => String::new(),
        }
    }

    /// Sets what [`Look::text`] gave. Does nothing where there is no such name.
    ///
    /// # Errors
    /// Where the text does not fit.
    pub fn set_text(&mut self, name: &str, text: &str) -> Result<(), SettingError> {
        let error = |setting, expected| SettingError { setting, expected, found: text.to_string() };
        match name {
            "view" => {
                let expected = "layers, improve, device, run, explore, details or all";
                self.part = Part::from_id(text).ok_or_else(|| error("view", expected))?;
            }
            "show" => {
                let found = Show::ALL.iter().find(|show| show.id() == text);
                self.show = *found.ok_or_else(|| error("show", "whole, present or embed"))?;
            }
            "hide" => {
                for id in text.split('.').filter(|id| !id.is_empty()) {
                    let found = Hideable::ALL.iter().find(|what| what.id() == id);
                    let expected = "menu, answer, summary, parts or charts, with dots between";
                    self.hide(*found.ok_or_else(|| error("hide", expected))?, true);
                }
            }
            _ => {}
        }
        Ok(())
    }
}
