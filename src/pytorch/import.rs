//! A pasted text to networks, from end to end.

use super::find::trace::Hints;
use super::find::{discover, model_of};
use super::joined;
use super::problem::{Problem, ProblemKind, Severity};
use super::python::Stop;
use super::python::file::File;
use super::repair::indent::Guess;
use super::repair::printed;
use super::repair::source::Source;
use super::result::{Import, ImportedModel, Options};
use super::torch::Machine;
use super::torch::signature::is_known_leaf;
use super::write::module::COUNTED_FUNCTIONS;

/// After so many steps a text is not read again with other guesses.
const MOST_STEPS_TO_GUESS_AGAIN: u64 = 200_000;
/// Other answers about lost indentation that are tried out at most.
const MOST_TRIES: usize = 20;
/// Networks that are made of one text at most.
const MOST_MODELS: usize = 12;

/// Reads PyTorch source text, as it is pasted.
///
/// Never panics and always ends: steps, values, nesting and calls are bounded (see the constants of
/// `pytorch/python`), and what goes beyond is a [`Problem`] of the kind [`ProblemKind::TooLong`].
pub fn import(text: &str, options: &Options) -> Import {
    let first = Reading::new(text, options, &Guess::default());
    if first.questions.is_empty() || first.steps > MOST_STEPS_TO_GUESS_AGAIN {
        return first.import;
    }
    first.with_better_guesses(text, options)
}

/// One way to read a text.
struct Reading {
    import: Import,
    guess: Guess,
    /// The text with the indentation that was put back.
    clean: String,
    /// What its indentation leaves open.
    questions: Vec<usize>,
    steps: u64,
}

impl Reading {
    fn new(text: &str, options: &Options, guess: &Guess) -> Self {
        let printed = printed::as_source(text, is_known_leaf);
        let mut source = Source::new(printed.as_deref().unwrap_or(text), guess);
        let mut machine = Machine::new();
        machine.host.name_comments = name_comments(&source);
        machine.host.counted_functions = source.clean.contains(COUNTED_FUNCTIONS);
        // How a printed model is wired is a guess.
        machine.host.guessing = printed.is_some();
        machine.files = files(&mut source);
        machine.begin_files();
        run(&mut machine, &source);
        let mut roots = discover::roots(&mut machine, &source, MOST_MODELS);
        if roots.is_empty() && !machine.files.is_empty() {
            // The first file has no network: those of the others are offered.
            source.first = source.body.len();
            machine.run_files();
            roots = discover::roots(&mut machine, &source, MOST_MODELS);
        }
        roots.iter_mut().for_each(|root| root.guessed |= machine.is_printed(root.module));
        let hints = Hints::new(text, &source.clean, &machine, roots.len() == 1);
        let mut models: Vec<ImportedModel> = Vec::new();
        for root in roots {
            let model = model_of::build(&mut machine, root, &hints, options);
            // A second instance of the same class with the same arguments is the same design.
            let again = models.iter().any(|other| {
                other.name == model.name
                    && other.registered == model.registered
                    && other.network.nodes == model.network.nodes
            });
            if !again {
                models.push(model);
            }
        }
        let mut problems = source.problems.clone();
        let first = problems.len();
        problems.append(&mut machine.notes.problems);
        for wish in std::mem::take(&mut machine.notes.fixes) {
            // What follows from a mistake that is not mended is no certain mistake.
            let follows = problems[first..].iter().take(wish.problem).any(|problem| {
                problem.severity == Severity::Error
                    && problem.fix.is_none()
                    && problem.kind != ProblemKind::NothingFound
            });
            if follows {
                continue;
            }
            if let Some(problem) = problems.get_mut(first + wish.problem)
                && printed.is_none()
                && problem.fix.is_none()
                && source.stands(&wish.range, wish.expected.as_deref())
            {
                problem.fix = source.fix(&wish.range, wish.label, &wish.replacement);
            }
        }
        if models.is_empty() && !problems.iter().any(|problem| problem.severity == Severity::Error) {
            let message = match source.clean.contains("keras.") || source.clean.contains("import keras") {
                true => {
                    "This is Keras, not PyTorch: networks are read of nn.Module classes, nn.Sequential and printed models."
                }
                false => "No network was found here: no nn.Module class, no nn.Sequential, no printed model.",
            };
            problems.push(Problem::new(Severity::Error, ProblemKind::NothingFound, message.to_string()));
        }
        problems.sort_by_key(|problem| problem.line.unwrap_or(u32::MAX));
        Self {
            import: Import { models, problems },
            guess: guess.clone(),
            questions: std::mem::take(&mut source.questions),
            clean: std::mem::take(&mut source.clean),
            steps: machine.steps(),
        }
    }

    fn errors(&self) -> usize {
        let errors = self.import.problems.iter().filter(|problem| problem.severity == Severity::Error);
        errors.count() + usize::from(self.import.models.is_empty())
    }

    /// Answers what lost indentation leaves open: each answer that leaves fewer errors is kept; where either would
    /// do and the networks differ, it is said.
    fn with_better_guesses(self, text: &str, options: &Options) -> Import {
        let mut best = self;
        let mut rivals: Vec<Self> = Vec::new();
        let mut asked = Vec::new();
        let mut tries = 0;
        while let Some(&question) = best.questions.iter().find(|question| !asked.contains(*question)) {
            asked.push(question);
            tries += 1;
            if tries > MOST_TRIES {
                break;
            }
            let mut guess = best.guess.clone();
            guess.longer.push(question);
            let other = Self::new(text, options, &guess);
            match other.errors().cmp(&best.errors()) {
                std::cmp::Ordering::Less => {
                    rivals.clear();
                    // Earlier answers may be other ones with this one.
                    asked = vec![question];
                    best = other;
                }
                std::cmp::Ordering::Equal if other.differs(&best) => rivals.push(other),
                std::cmp::Ordering::Equal | std::cmp::Ordering::Greater => {}
            }
        }
        let notes: Vec<Problem> = rivals.iter().filter_map(|rival| best.note_against(rival)).collect();
        let problems = &mut best.import.problems;
        for note in notes {
            if !problems.iter().any(|problem| problem.line == note.line && problem.message == note.message) {
                problems.push(note);
            }
        }
        problems.sort_by_key(|problem| problem.line.unwrap_or(u32::MAX));
        best.import
    }

    fn differs(&self, other: &Self) -> bool {
        let (own, other) = (&self.import.models, &other.import.models);
        own.len() != other.len() || own.iter().zip(other).any(|(own, other)| own.network.nodes != other.network.nodes)
    }

    /// The first line that stands elsewhere in the other reading.
    fn note_against(&self, other: &Self) -> Option<Problem> {
        let indent = |line: &str| line.len() - line.trim_start().len();
        let lines = self.clean.split('\n').zip(other.clean.split('\n'));
        let (index, (own, other)) =
            lines.enumerate().find(|(_, (own, other))| !own.trim().is_empty() && indent(own) != indent(other))?;
        let (taken, instead) = if indent(own) < indent(other) { ("behind", "inside") } else { ("inside", "behind") };
        let message = format!(
            "Without indentation it cannot be told whether this line still belongs to the block above: it was taken to stand {taken} it; {instead} it, the network would be another one."
        );
        let problem = Problem::new(Severity::Note, ProblemKind::Assumed, message);
        Some(Problem { line: Some(index as u32 + 1), ..problem })
    }
}

/// The files of a text of several, the first one's statements left to the text itself.
fn files(source: &mut Source) -> Vec<File> {
    let parts = joined::files_of(&source.clean);
    if parts.len() < 2 {
        return Vec::new();
    }
    let start = |line: u32| source.body.partition_point(|statement| statement.line < line);
    let files: Vec<File> = parts
        .iter()
        .map(|part| File::new(part.path, source.body.clone(), start(part.first_line)..start(part.last_line + 1)))
        .collect();
    source.first = start(parts[0].last_line + 1);
    files
}

/// Runs the first file's statements, each with a budget of its own.
fn run(machine: &mut Machine, source: &Source) {
    for statement in source.own() {
        if let Err(stop) = machine.with_budget(|machine| machine.statement(statement)) {
            machine.unwind();
            machine.line = statement.line;
            // What a script does besides is no mistake: the networks that it made until then are shown.
            if let Stop::Spent(spent) = stop {
                machine.note(Problem { severity: Severity::Warning, ..spent.problem() });
            }
        }
    }
    machine.line = 0;
}

/// The names that `# name: layer1.0.add` gives to the functions of its line.
fn name_comments(source: &Source) -> std::collections::HashMap<u32, String> {
    let named = source.clean.split('\n').enumerate().filter_map(|(index, line)| {
        let (_, name) = line.rsplit_once("# name: ")?;
        let name = name.trim();
        let is_name = !name.is_empty() && name.len() < 200 && !name.contains(char::is_whitespace);
        is_name.then(|| (index as u32 + 1, name.to_string()))
    });
    named.collect()
}
