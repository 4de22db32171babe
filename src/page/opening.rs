//! What the page opens: what an address says, what its tab had before a reload, or the person's own last work.
//!
//! A *work* is what one sitting makes of one workbench. Each is kept under an id of its own, so that neither an opened
//! link nor another tab takes the place of what a person made.

/// How many works of a person's own are kept.
pub const MOST_OWN: usize = 24;

/// How many opened links are kept that nobody has edited.
pub const MOST_VISITED: usize = 8;

/// An opening that has not ended after so many milliseconds will not.
pub const ENDLESS: u64 = 5000;

/// A reload has begun at most so long after the last edit that it overtook, in milliseconds.
pub const OVERTAKEN: u64 = 5000;

/// The address that begins anew, whatever is kept.
pub const FRESH: &str = "fresh";

/// A work as it is kept between visits. Times are in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// The work's, the same in all its tabs and visits.
    pub id: String,
    /// The work itself.
    pub link: String,
    /// What the address said when it was kept; empty for the plain address.
    pub address: String,
    /// Whether a person made it here; a link that was only looked at is not one's own.
    pub is_own: bool,
    /// When it was kept.
    pub saved: u64,
    /// What it is, in a line.
    pub title: String,
}

/// What a tab had last. It outlives a reload.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// The id of the work that it shows.
    pub work: String,
    /// The work as it was last.
    pub link: String,
    /// What the address said then, which may be some edits behind the link.
    pub address: String,
    /// What the address said before it was written last: a reload that began just then still has that.
    pub before: String,
    /// As [`Kept::is_own`].
    pub is_own: bool,
    /// When, in milliseconds since 1970.
    pub saved: u64,
}

/// All that tells what to open.
#[derive(Clone, Debug, Default)]
pub struct Visit {
    /// Behind `#`; empty for the plain address.
    pub address: String,
    /// The work that this step of the browser's history belongs to.
    pub step: Option<String>,
    /// `None` in a new tab.
    pub session: Option<Session>,
    /// The person's works, in any order.
    pub kept: Vec<Kept>,
    /// An opening that was begun and not ended: what was opened, and when.
    pub unended: Option<(String, u64)>,
    /// In milliseconds since 1970.
    pub now: u64,
}

/// What is opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    /// `None`: the question's pair.
    pub link: Option<String>,
    /// The work that goes on; `None`: a new one.
    pub work: Option<String>,
    /// As [`Kept::is_own`].
    pub is_own: bool,
    /// What would have been opened, but for its last opening, which did not end.
    pub held_back: Option<String>,
}

impl Visit {
    /// What to show for all this.
    pub fn opening(&self) -> Opening {
        let opening = self.wanted();
        let is_endless = |(link, began): &(String, u64)| {
            opening.link.as_ref() == Some(link) && self.now.saturating_sub(*began) > ENDLESS
        };
        match &self.unended {
            Some(unended) if is_endless(unended) => Opening { held_back: opening.link, ..Opening::new(None) },
            _ => opening,
        }
    }

    fn wanted(&self) -> Opening {
        if self.address == FRESH {
            return Opening::new(None);
        }
        // After a reload the address may lack the last edits. Of a session that was restored after a crash, what was
        // kept may be newer.
        let session = self.session.as_ref().filter(|session| self.goes_on(session));
        let work = session.map(|session| &session.work).or(self.step.as_ref());
        let is_here = |kept: &&Kept| session.is_some() || kept.address == self.address;
        let kept = self.kept.iter().filter(is_here).find(|kept| Some(&kept.id) == work);
        match (session, kept) {
            (Some(session), kept) if kept.is_none_or(|kept| kept.saved <= session.saved) => Opening {
                link: Some(session.link.clone()),
                work: Some(session.work.clone()),
                is_own: session.is_own,
                held_back: None,
            },
            (_, Some(kept)) => kept.opening(),
            // A step back to an older edit of one's own, from another site, is a work beside the newer one.
            _ if !self.address.is_empty() => {
                Opening { is_own: self.step.is_some(), ..Opening::new(Some(self.address.clone())) }
            }
            _ => {
                let own = self.kept.iter().filter(|kept| kept.is_own);
                let last = own.max_by_key(|kept| kept.saved);
                last.map_or_else(|| Opening::new(None), Kept::opening)
            }
        }
    }

    /// Whether the visit is a reload of what the tab had last.
    fn goes_on(&self, session: &Session) -> bool {
        let is_overtaken = self.now.saturating_sub(session.saved) < OVERTAKEN;
        session.address == self.address || (is_overtaken && session.before == self.address)
    }
}

impl Opening {
    fn new(link: Option<String>) -> Self {
        Self { link, work: None, is_own: false, held_back: None }
    }
}

impl Kept {
    fn opening(&self) -> Opening {
        Opening { link: Some(self.link.clone()), work: Some(self.id.clone()), is_own: self.is_own, held_back: None }
    }
}

impl Session {
    /// As one text: its values, a line each. None of them can hold a line break.
    pub fn to_text(&self) -> String {
        let is_own = if self.is_own { "own" } else { "visited" };
        let Self { work, saved, before, address, link, .. } = self;
        format!("{work}\n{is_own}\n{saved}\n{before}\n{address}\n{link}")
    }

    /// Reads what [`Session::to_text`] gave.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        let mut next = || lines.next().map(ToString::to_string);
        let (work, is_own, saved) = (next()?, next()? == "own", next()?.parse().ok()?);
        Some(Self { work, is_own, saved, before: next()?, address: next()?, link: next()? })
    }
}

/// The newest first; and the ids of those too many to keep.
pub fn in_order(mut kept: Vec<Kept>) -> (Vec<Kept>, Vec<String>) {
    kept.sort_by_key(|kept| std::cmp::Reverse(kept.saved));
    let (mut own, mut visited) = (0, 0);
    let (stay, go): (Vec<Kept>, Vec<Kept>) = kept.into_iter().partition(|kept| {
        let (count, most) = if kept.is_own { (&mut own, MOST_OWN) } else { (&mut visited, MOST_VISITED) };
        *count += 1;
        *count <= most
    });
    (stay, go.into_iter().map(|kept| kept.id).collect())
}
