//! Which results are of what stands on the page.

use convscope::job::{News, Peak, RunReport, RunsReport, Threads};
use convscope::page::editor::Editor;
use convscope::page::runs::{Asked, Origin, RunState, Runs, wanted};
use convscope::page::weights::Shelf;
use convscope::workbench::Workbench;

fn report(output: f32) -> RunReport {
    RunReport {
        output: vec![output],
        output_dims: vec![1, 1],
        median: 1.0,
        lower_quartile: 1.0,
        upper_quartile: 1.0,
        fastest: 1.0,
        halves: (1.0, 1.0),
        samples: 1,
        passes: 1,
        threads: Threads { count: 1, reason: String::new() },
        steps: Vec::new(),
        arena_bytes: 0,
        peak: Peak::default(),
        int8: None,
    }
}

fn told(runs: Vec<Result<RunReport, String>>) -> News<RunsReport> {
    News::Told(RunsReport { runs })
}

/// A page of one editor, its runs and a worker that only notes what it is asked.
struct Page {
    editor: Editor,
    runs: Runs,
    next: u32,
}

impl Page {
    fn new() -> Self {
        Self { editor: Editor::new(Workbench::default()), runs: Runs::default(), next: 1 }
    }

    fn wanted(&self) -> Vec<Option<Asked>> {
        wanted(self.editor.derived(), &self.editor.workbench().settings, &Shelf::default(), self.editor.sitting())
    }

    /// The id of the job, where there is one.
    fn run(&mut self) -> Option<u32> {
        let mut id = None;
        let wanted = self.wanted();
        self.runs.start(wanted, |_| {
            id = Some(self.next);
            self.next += 1;
            self.next - 1
        });
        id
    }

    fn states(&self) -> Vec<RunState> {
        let wanted = self.wanted();
        (0..wanted.len()).map(|design| self.runs.state(design, &self.origin(design), wanted[design].as_ref())).collect()
    }

    fn origin(&self, design: usize) -> Origin {
        Origin { name: self.editor.workbench().designs[design].name.clone(), sitting: self.editor.sitting() }
    }
}

#[test]
fn a_run_goes_from_idle_over_running_to_done_and_stale() {
    let mut page = Page::new();
    assert_eq!(page.states(), [RunState::Idle; 2]);
    let id = page.run();
    assert_eq!(page.states(), [RunState::Running; 2]);
    assert!(page.runs.is_running());
    page.runs.take(id, &News::Progress(0.5));
    assert_eq!(page.runs.progress(), 0.5);
    page.runs.take(id, &told(vec![Ok(report(1.0)), Err("no".to_string())]));
    assert_eq!(page.states(), [RunState::Done, RunState::Failed]);
    assert!(page.runs.are_of(&page.wanted()));
    page.editor.edit(None, |workbench| workbench.settings.seed = 7);
    assert_eq!(page.states(), [RunState::Stale; 2]);
    assert!(!page.runs.are_of(&page.wanted()));
    assert!(page.editor.undo());
    assert_eq!(page.states(), [RunState::Done, RunState::Failed], "it is what was run again");
}

#[test]
fn news_of_a_job_that_was_stopped_change_nothing() {
    let mut page = Page::new();
    let old = page.run();
    page.runs.stop();
    assert_eq!(page.states(), [RunState::Idle; 2]);
    let new = page.run();
    page.runs.take(old, &told(vec![Ok(report(1.0)), Ok(report(1.0))]));
    assert_eq!(page.states(), [RunState::Running; 2]);
    page.runs.take(new, &told(vec![Ok(report(2.0)), Ok(report(3.0))]));
    let shown = page.runs.shown(0, &page.origin(0), page.wanted()[0].as_ref()).expect("a result");
    assert_eq!(shown.result.map(|report| report.output), Ok(vec![2.0]));
    assert_eq!(shown.rows[0], "conv1", "it knows the rows that were run");
}

#[test]
fn a_worker_that_fails_fails_all_that_it_did() {
    let mut page = Page::new();
    page.run();
    page.runs.take(None, &News::Failed("the worker stopped".to_string()));
    assert_eq!(page.states(), [RunState::Failed; 2]);
}

#[test]
fn a_result_of_another_workbench_is_not_shown() {
    let mut page = Page::new();
    let id = page.run();
    page.runs.take(id, &told(vec![Ok(report(1.0)), Ok(report(1.0))]));
    let (other, _) = convscope::share_link::decode("v=1&a=3x32x32.c8k3p1.relu.flat.fc10_Standard");
    page.editor.open(None, other);
    assert_eq!(page.states(), [RunState::Idle]);
}

#[test]
fn a_design_with_an_error_is_not_run() {
    let mut page = Page::new();
    let (broken, _) = convscope::share_link::decode("v=1&a=1x1x150.c4k9");
    page.editor.open(None, broken);
    assert_eq!(page.wanted(), [None]);
    assert_eq!(page.run(), None);
}
