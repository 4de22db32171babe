//! The runs of all designs: what was asked for, what came of it, and whether that is still of what stands on the page.

use crate::job::{News, RunReport, RunTask, RunsReport, RunsTask};
use crate::share_link;

use super::derived::Derived;
use super::weights::Shelf;
use crate::workbench::Settings;

/// How long to measure each design, in milliseconds.
const MEASURE: f64 = 240.0;

/// What a run was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// What the worker is given.
    pub task: RunTask,
    /// The names of the network's rows.
    pub rows: Vec<String>,
    /// Where the design stood.
    pub origin: Origin,
}

/// Where a design stood when it was run: a result of another one is none of this design.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// The design's.
    pub name: String,
    /// How many workbenches had been opened.
    pub sitting: usize,
}

/// A result as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The names of the rows that were run, not of those that stand there now.
    pub rows: Vec<String>,
    /// Or why there is none.
    pub result: Result<RunReport, String>,
    /// Whether the design or the settings have been edited since.
    pub is_stale: bool,
}

/// What is to be seen of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// Nothing was asked for.
    Idle,
    /// Asked for, and not yet answered.
    Running,
    /// The result shown is of what stands there.
    Done,
    /// The result shown is of another network or other settings.
    Stale,
    /// There is a reason in place of a result.
    Failed,
}

/// The runs of all designs.
#[derive(Clone, Debug, Default)]
pub struct Runs(Vec<DesignRun>);

/// A design's run: what was asked for last, and what came of it.
#[derive(Clone, Debug, Default)]
struct DesignRun {
    /// The job that is under way, and what it runs on.
    job: Option<(u32, Asked)>,
    /// How far it is, 0 to 1.
    progress: f64,
    /// The result there is, and what it was run on.
    shown: Option<(Asked, Result<RunReport, String>)>,
}

impl RunState {
    /// For the hook `data-state`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Running => "running",
            Self::Done => "done",
            Self::Stale => "stale",
            Self::Failed => "failed",
        }
    }
}

/// What a run of each design would be now; `None` where the design has an error.
pub fn wanted(derived: &Derived, settings: &Settings, shelf: &Shelf, sitting: usize) -> Vec<Option<Asked>> {
    let asked = |state: &super::derived::DesignState| {
        state.report.shapes.output()?;
        let task = RunTask {
            network: share_link::encode_design(state.network()),
            batch: settings.batch,
            seed: settings.seed,
            gain: settings.gain,
            given: shelf.given(state),
            fuse: true,
            measure: MEASURE,
        };
        let rows = state.network().nodes.iter().map(|node| node.name.clone()).collect();
        Some(Asked { task, rows, origin: Origin { name: state.name.clone(), sitting } })
    };
    derived.designs.iter().map(asked).collect()
}

/// How the times of two runs that were taken in turns compare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Versus {
    /// Half of one's samples and half of the other's overlap.
    Same,
    /// So many times as long as the other, above 1.
    Slower(f64),
    /// The other takes so many times as long, above 1.
    Faster(f64),
}

impl Versus {
    /// Compares medians, unless the ranges between the quartiles, lower and upper, overlap.
    pub fn of((median, range): (f64, (f64, f64)), (other, other_range): (f64, (f64, f64))) -> Self {
        if range.0 <= other_range.1 && other_range.0 <= range.1 {
            Self::Same
        } else if median > other {
            Self::Slower(median / other)
        } else {
            Self::Faster(other / median)
        }
    }
}

impl Runs {
    /// Starts a run of all designs that can run, where there are any; `start` gives the job's id.
    pub fn start(&mut self, wanted: Vec<Option<Asked>>, start: impl FnOnce(RunsTask) -> u32) {
        self.0.resize_with(wanted.len(), DesignRun::default);
        self.0.iter_mut().for_each(|run| *run = DesignRun { shown: run.shown.take(), ..DesignRun::default() });
        let runs: Vec<RunTask> = wanted.iter().flatten().map(|asked| asked.task.clone()).collect();
        if !runs.is_empty() {
            let id = start(RunsTask { runs });
            for (run, asked) in self.0.iter_mut().zip(wanted) {
                run.job = asked.map(|asked| (id, asked));
            }
        }
    }

    /// Forgets the jobs under way.
    pub fn stop(&mut self) {
        self.0.iter_mut().for_each(|run| run.job = None);
    }

    /// Takes a worker's news of a job in; `None` for its id: the worker itself failed, and all that it did.
    pub fn take(&mut self, id: Option<u32>, news: &News<RunsReport>) {
        let is_meant = |run: &DesignRun| run.job.as_ref().is_some_and(|(job, _)| id.is_none_or(|id| id == *job));
        for (place, run) in self.0.iter_mut().filter(|run| is_meant(run)).enumerate() {
            let result = match news {
                News::Progress(done) => {
                    run.progress = *done;
                    continue;
                }
                // The results are in the order of the designs that run.
                News::Told(report) => {
                    report.runs.get(place).cloned().unwrap_or_else(|| Err("The worker gave no result.".to_string()))
                }
                News::Failed(words) => Err(words.clone()),
            };
            run.progress = 1.0;
            run.shown = run.job.take().map(|(_, asked)| (asked, result));
        }
    }

    /// A run of some design has no answer yet.
    pub fn is_running(&self) -> bool {
        self.0.iter().any(|run| run.job.is_some())
    }

    /// How far all of them are, 0 to 1.
    pub fn progress(&self) -> f64 {
        let done: f64 = self.0.iter().map(|run| run.progress).sum();
        if self.0.is_empty() { 0.0 } else { done / self.0.len() as f64 }
    }

    /// Whether each design that can run has been run as it is now.
    pub fn are_of(&self, wanted: &[Option<Asked>]) -> bool {
        wanted.iter().enumerate().all(|(design, asked)| match self.0.get(design) {
            Some(run) => {
                asked.as_ref().is_none_or(|asked| run.shown.as_ref().is_some_and(|(shown, _)| shown.task == asked.task))
            }
            None => false,
        })
    }

    /// `wanted` is what a run would be asked for now.
    pub fn state(&self, design: usize, origin: &Origin, wanted: Option<&Asked>) -> RunState {
        if self.0.get(design).is_some_and(|run| run.job.is_some()) {
            return RunState::Running;
        }
        match self.shown(design, origin, wanted) {
            None => RunState::Idle,
            Some(Shown { is_stale: true, .. }) => RunState::Stale,
            Some(Shown { result: Ok(_), .. }) => RunState::Done,
            Some(Shown { result: Err(_), .. }) => RunState::Failed,
        }
    }

    /// The result that says something of the design: of it as it is, or as it was before the last edits.
    pub fn shown(&self, design: usize, origin: &Origin, wanted: Option<&Asked>) -> Option<Shown> {
        let (asked, result) = self.0.get(design)?.shown.as_ref()?;
        let is_stale = wanted.is_none_or(|wanted| wanted.task != asked.task);
        let is_own = !is_stale || asked.origin == *origin;
        is_own.then(|| Shown { rows: asked.rows.clone(), result: result.clone(), is_stale })
    }
}
