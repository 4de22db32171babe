//! Training as the page shows it: the settings as they are typed, what was asked for, and what came of it.

use crate::job::{
    DataTask, News, OptimizerName, ScheduleName, TrainReport, TrainSettings, TrainTask, TrainedDesign, WeightReport,
};

use super::certainty::compare;

/// Where the samples come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    #[default]
    Digits,
    Vibration,
    Own,
}

/// The optimisers by the words of the hook and of people.
pub const OPTIMIZERS: [(&str, &str, OptimizerName); 5] = [
    ("sgd", "SGD", OptimizerName::Sgd),
    ("nesterov", "SGD, Nesterov", OptimizerName::Nesterov),
    ("adam", "Adam", OptimizerName::Adam),
    ("adamw", "AdamW", OptimizerName::AdamW),
    ("rmsprop", "RMSprop", OptimizerName::RmsProp),
];

pub const SCHEDULES: [(&str, &str, ScheduleName); 3] = [
    ("constant", "constant", ScheduleName::Constant),
    ("step", "a tenth after each third", ScheduleName::Step),
    ("cosine", "cosine to 0", ScheduleName::Cosine),
];

/// What is to be seen of one design's training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainState {
    Idle,
    Running,
    Paused,
    Done,
    Failed,
}

/// The training of all designs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Training {
    /// The job under way.
    job: Option<u32>,
    /// Whether it only finds out what training would take.
    is_preview: bool,
    is_paused: bool,
    /// The names of the designs it was asked for.
    pub names: Vec<String>,
    /// Those designs, each as in a link, and what they were to learn from.
    asked: Vec<String>,
    source: Source,
    /// What came of training.
    pub report: Option<TrainReport>,
    /// What training would take as the designs are now.
    pub preview: Option<TrainReport>,
    /// Why there is nothing.
    pub problem: Option<String>,
}

/// What a network has learned, for wherever its other figures stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Learned {
    /// As in a link.
    pub network: String,
    /// The share of the test samples that is right, 0 to 1: the mean of all seeds.
    pub accuracy: f64,
    /// How many seeds.
    pub seeds: usize,
    /// What it was trained on.
    pub source: Source,
}

impl Source {
    pub const ALL: [(&str, &str, Self); 3] = [
        ("digits", "Handwritten digits, 8 x 8", Self::Digits),
        ("vibration", "Vibration, made up", Self::Vibration),
        ("own", "Own table", Self::Own),
    ];

    pub fn id(self) -> &'static str {
        Self::ALL.iter().find(|(.., source)| *source == self).map_or("digits", |(id, ..)| id)
    }

    /// As it is offered.
    pub fn title(self) -> &'static str {
        Self::ALL.iter().find(|(.., source)| *source == self).map_or("", |(_, title, _)| title)
    }

    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, ..)| *known == id).map(|(.., source)| *source)
    }

    /// What is said of the data before anything is trained.
    pub fn words(self) -> &'static str {
        match self {
            Self::Digits => {
                "1,797 images of 0 to 9 in 8 x 8 pixels: the test half of \"Optical Recognition of Handwritten Digits\" (E. Alpaydin, C. Kaynak, 1998, UCI, CC BY 4.0), as scikit-learn has it. Pixels are divided by 16."
            }
            Self::Vibration => {
                "600 made-up vibrations of a machine in the first design's shape: running evenly, out of balance, or with a knocking bearing. A formula made them; they say nothing of a real machine."
            }
            Self::Own => {
                "One sample a line, its class first, then its values, with commas, semicolons or tabs between them; a UCR .ts file will do. Nothing leaves the browser."
            }
        }
    }
}

impl TrainState {
    /// For the hook `data-state`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// What a person begins with.
pub fn default_settings() -> TrainSettings {
    TrainSettings {
        epochs: 15,
        batch_size: 32,
        lr: 0.01,
        momentum: 0.9,
        weight_decay: 0.0,
        seed: 0,
        seeds: 1,
        optimizer: OptimizerName::Adam,
        schedule: ScheduleName::Constant,
        label_smoothing: 0.0,
        stops_by_itself: true,
        resamples: false,
    }
}

/// The value of a setting by the name of its input.
pub fn setting(settings: &TrainSettings, name: &str) -> String {
    match name {
        "epochs" => settings.epochs.to_string(),
        "batch_size" => settings.batch_size.to_string(),
        "lr" => settings.lr.to_string(),
        "momentum" => settings.momentum.to_string(),
        "weight_decay" => settings.weight_decay.to_string(),
        "label_smoothing" => settings.label_smoothing.to_string(),
        "train_seed" => settings.seed.to_string(),
        "seeds" => settings.seeds.to_string(),
        _ => String::new(),
    }
}

/// Takes a setting over from a text.
///
/// # Errors
/// What could be read: "epochs is a whole number from 1 to 10,000".
pub fn set(settings: &mut TrainSettings, name: &str, text: &str) -> Result<(), String> {
    let whole = |least: u32, most: u32| {
        let number = text.parse::<u32>().ok().filter(|number| (least..=most).contains(number));
        let most = super::format::grouped(most.into());
        number.ok_or_else(|| format!("{name} is a whole number from {least} to {most}"))
    };
    let number = |least: f64, most: f64| {
        let number = text.parse::<f64>().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| format!("{name} is a number from {least} to {most}"))
    };
    match name {
        "epochs" => settings.epochs = whole(1, 10_000)?,
        "batch_size" => settings.batch_size = whole(1, 4096)?,
        "lr" => settings.lr = number(0.0, 1000.0)?,
        "momentum" => settings.momentum = number(0.0, 0.999_999)?,
        "weight_decay" => settings.weight_decay = number(0.0, 100.0)?,
        "label_smoothing" => settings.label_smoothing = number(0.0, 1.0)?,
        "train_seed" => {
            settings.seed = text.parse().map_err(|_| "train_seed is a whole number, as torch.manual_seed takes it")?;
        }
        "seeds" => settings.seeds = whole(1, 20)?,
        _ => {}
    }
    Ok(())
}

impl Training {
    /// Begins a job of designs by these names; `start` gives its id.
    pub fn start(&mut self, names: Vec<String>, task: TrainTask, start: impl FnOnce(TrainTask) -> u32) {
        self.is_preview = task.settings.epochs == 0;
        self.is_paused = false;
        self.problem = None;
        if !self.is_preview {
            self.names = names;
            self.asked.clone_from(&task.designs);
            self.source = match task.data {
                DataTask::Digits(_) => Source::Digits,
                DataTask::Vibration => Source::Vibration,
                DataTask::Own(_) => Source::Own,
            };
            self.report = None;
        }
        self.job = Some(start(task));
    }

    /// Takes a worker's news in; `None` for the id: the worker itself failed.
    pub fn take(&mut self, id: Option<u32>, news: &News<TrainReport>) {
        if self.job.is_none() || id.is_some_and(|id| Some(id) != self.job) {
            return;
        }
        match news {
            News::Progress(_) => {}
            News::Told(report) => {
                if report.is_done {
                    self.job = None;
                }
                let place = if self.is_preview { &mut self.preview } else { &mut self.report };
                *place = Some(report.clone());
            }
            News::Failed(words) => {
                self.job = None;
                self.problem = Some(words.clone());
                if self.is_preview {
                    self.preview = None;
                }
            }
        }
    }

    pub fn pause(&mut self, paused: bool) {
        self.is_paused = paused;
    }

    /// Forgets the job.
    pub fn forget(&mut self) {
        self.job = None;
        self.is_paused = false;
    }

    /// Whether designs are trained.
    pub fn is_running(&self) -> bool {
        self.job.is_some() && !self.is_preview
    }

    pub fn is_paused(&self) -> bool {
        self.is_running() && self.is_paused
    }

    /// How far it is, 0 to 1.
    pub fn progress(&self) -> f64 {
        self.report.as_ref().map_or(0.0, |report| report.progress)
    }

    pub fn state(&self, design: usize) -> TrainState {
        let shown = self.report.as_ref().and_then(|report| report.designs.get(design));
        let is_lost = shown.is_some_and(|design| design.problem.is_some());
        match (self.is_running(), self.is_paused, &self.report) {
            _ if is_lost => TrainState::Failed,
            (true, true, _) => TrainState::Paused,
            (true, false, _) => TrainState::Running,
            (false, _, Some(_)) if shown.is_some() => TrainState::Done,
            (false, ..) if self.problem.is_some() => TrainState::Failed,
            (false, ..) => TrainState::Idle,
        }
    }

    /// What was trained of a design.
    pub fn trained(&self, design: usize) -> Option<&TrainedDesign> {
        self.report.as_ref()?.designs.get(design)
    }

    /// What training a design would take, or takes.
    pub fn memory(&self, design: usize) -> Option<&TrainedDesign> {
        self.preview.as_ref().or(self.report.as_ref())?.designs.get(design)
    }

    /// What was learned by each design, once all of it is done.
    pub fn learned(&self) -> Vec<Learned> {
        let Some(report) = self.report.as_ref().filter(|report| report.is_done) else { return Vec::new() };
        let one = |(design, network): (&TrainedDesign, &String)| {
            let all = accuracies(design, false);
            let accuracy = all.iter().sum::<f64>() / all.len() as f64;
            (!all.is_empty()).then(|| Learned {
                network: network.clone(),
                accuracy,
                seeds: all.len(),
                source: self.source,
            })
        };
        report.designs.iter().zip(&self.asked).filter_map(one).collect()
    }

    /// How the designs compare, with how sure that is.
    pub fn sentence(&self) -> Option<String> {
        let report = self.report.as_ref()?;
        let all: Vec<(&str, Vec<f64>)> = report
            .designs
            .iter()
            .zip(&self.names)
            .map(|(design, name)| (name.as_str(), accuracies(design, report.is_done)))
            .filter(|(_, accuracies)| !accuracies.is_empty())
            .collect();
        compare(&all, report.data.test)
    }
}

/// The bytes of all parts.
pub fn memory_bytes(design: &TrainedDesign) -> u64 {
    design.memory.iter().map(|(_, bytes, _)| bytes).sum()
}

/// Test accuracies of the seeds that are done; of the one under way where none is.
fn accuracies(design: &TrainedDesign, is_done: bool) -> Vec<f64> {
    let at_hand = design.epochs.last().map(|epoch| epoch[3]);
    match design.accuracies.as_slice() {
        [] if !is_done => at_hand.into_iter().collect(),
        known => known.to_vec(),
    }
}

/// The task of these designs.
pub fn task(designs: Vec<String>, data: DataTask, settings: &TrainSettings) -> TrainTask {
    TrainTask { designs, data, settings: settings.clone() }
}

/// Weights as a `.safetensors` file, by PyTorch's names; `batches` is what batch norms have counted. PyTorch loads it with
/// `strict=True`.
pub fn safetensors(weights: &[WeightReport], batches: u64) -> Vec<u8> {
    let mut entries = vec!["\"__metadata__\":{\"format\":\"pt\"}".to_string()];
    let mut data: Vec<u8> = Vec::new();
    let mut add = |name: &str, kind: &str, shape: &[u64], bytes: &mut dyn Iterator<Item = u8>| {
        let start = data.len();
        data.extend(bytes);
        let sizes: Vec<String> = shape.iter().map(ToString::to_string).collect();
        let name = name.replace('\\', "\\\\").replace('"', "\\\"");
        let end = data.len();
        entries.push(format!(
            "\"{name}\":{{\"dtype\":\"{kind}\",\"shape\":[{}],\"data_offsets\":[{start},{end}]}}",
            sizes.join(",")
        ));
    };
    // The counters first: what is longer stands at multiples of its length.
    for weight in weights {
        if let Some(module) = weight.name.strip_suffix("running_var") {
            add(&format!("{module}num_batches_tracked"), "I64", &[], &mut batches.to_le_bytes().into_iter());
        }
    }
    for weight in weights {
        add(&weight.name, "F32", &weight.shape, &mut weight.values.iter().flat_map(|value| value.to_le_bytes()));
    }
    let mut head = format!("{{{}}}", entries.join(","));
    // The data begin at a multiple of eight.
    while head.len() % 8 != 0 {
        head.push(' ');
    }
    let mut file = (head.len() as u64).to_le_bytes().to_vec();
    file.extend(head.into_bytes());
    file.extend(data);
    file
}

/// A design's course as JSON: data, settings, curve, losses.
pub fn record(training: &Training, design: usize, source: Source, settings: &TrainSettings) -> Option<String> {
    let report = training.report.as_ref()?;
    let trained = report.designs.get(design)?;
    let name = training.names.get(design)?;
    let text = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " "));
    let number = |number: f64| if number.is_finite() { number.to_string() } else { "null".to_string() };
    let list = |items: &mut dyn Iterator<Item = String>| format!("[{}]", items.collect::<Vec<_>>().join(","));
    let optimizer =
        OPTIMIZERS.iter().find(|(.., known)| *known == settings.optimizer).map_or("", |(_, title, _)| title);
    let schedule = SCHEDULES.iter().find(|(.., known)| *known == settings.schedule).map_or("", |(id, ..)| id);
    let epochs = trained.epochs.iter().map(|[loss, accuracy, test_loss, test_accuracy, rate]| {
        format!(
            "{{\"train_loss\":{},\"train_accuracy\":{},\"test_loss\":{},\"test_accuracy\":{},\"lr\":{}}}",
            number(*loss),
            number(*accuracy),
            number(*test_loss),
            number(*test_accuracy),
            number(*rate)
        )
    });
    let fields = [
        ("convscope", text(env!("CARGO_PKG_VERSION"))),
        ("design", text(name)),
        ("network", text(&trained.network)),
        ("data", text(source.id())),
        ("input", list(&mut report.data.shape.iter().map(ToString::to_string))),
        ("classes", list(&mut report.data.classes.iter().map(|class| text(class)))),
        ("train_samples", report.data.train.to_string()),
        ("test_samples", report.data.test.to_string()),
        ("normalization", format!("{{\"shift\":{},\"scale\":{}}}", report.data.shift, report.data.scale)),
        ("seed", settings.seed.to_string()),
        ("seeds", settings.seeds.to_string()),
        ("batch_size", settings.batch_size.to_string()),
        ("lr", number(settings.lr)),
        ("momentum", number(settings.momentum)),
        ("weight_decay", number(settings.weight_decay)),
        ("label_smoothing", number(settings.label_smoothing)),
        ("optimizer", text(optimizer)),
        ("schedule", text(schedule)),
        ("steps", trained.steps.to_string()),
        ("ended", trained.ended.as_deref().map_or("null".to_string(), text)),
        ("test_accuracy_by_seed", list(&mut trained.accuracies.iter().map(|value| number(*value)))),
        ("losses", list(&mut trained.losses.iter().map(|value| number(*value)))),
        ("epochs", list(&mut epochs.into_iter())),
    ];
    let lines: Vec<String> = fields.iter().map(|(name, value)| format!("  \"{name}\": {value}")).collect();
    Some(format!("{{\n{}\n}}\n", lines.join(",\n")))
}
