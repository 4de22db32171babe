//! Model files: read in a worker, they become designs, and weights of the design they fit.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use crate::job::{
    Bytes, FileBytes, Message, News, ProblemReport, ReadModel, ReadReport, ReadTask, ReadWeights, WeightsOf,
};
use crate::page::weights::Loaded;
use crate::rewrite::Rewrite;
use crate::share_link;
use crate::ui::import::{Importer, Kept};
use crate::ui::runner::Runner;
use crate::ui::studio::Studio;
use crate::workbench::{Content, Design, MAX_DESIGNS, WeightsId, Workbench, default_name};

/// So many bytes are read at once.
const MOST_BYTES: f64 = 268_435_456.0;

/// Reads model files. `Copy`: handles. Handed down as context.
#[derive(Clone, Copy)]
pub struct Models {
    runner: Runner<ReadTask>,
    /// The job under way, and whether what it reads is added to what is there.
    job: StoredValue<Option<(u32, bool)>>,
}

impl Models {
    pub fn new(studio: Studio, importer: Importer) -> Self {
        let news = RwSignal::new(None::<Message<ReadReport>>);
        let runner = Runner::new(Callback::new(move |message| news.set(Some(message))));
        let models = Self { runner, job: StoredValue::new(None) };
        Effect::new(move |_| {
            let Some(message) = news.get() else { return };
            let Some((_, beside)) = models.job.get_value().filter(|(job, _)| message.id.is_none_or(|id| id == *job))
            else {
                return;
            };
            match message.news {
                News::Progress(_) => return,
                News::Told(report) => take(studio, importer, report, beside),
                News::Failed(words) => importer.kept.set(Kept::refused(vec![problem(words)])),
            }
            models.job.set_value(None);
            // What it held of the files is not needed any more.
            models.runner.cancel();
        });
        models
    }

    /// Reads files; what comes of it is shown as soon as it is there.
    pub async fn read(self, studio: Studio, importer: Importer, files: Vec<File>, beside: bool) {
        let size: f64 = files.iter().map(|file| file.size()).sum();
        if size > MOST_BYTES {
            let words = format!(
                "The files have {} MB; up to {} are read here. The command line (convscope) reads larger ones.",
                (size / 1e6).ceil(),
                (MOST_BYTES / 1e6).floor()
            );
            return importer.kept.set(Kept::refused(vec![problem(words)]));
        }
        let mut read = Vec::new();
        for file in files {
            let Some(bytes) = bytes(&file).await else {
                let words = format!("{} could not be read", file.name());
                return importer.kept.set(Kept::refused(vec![problem(words)]));
            };
            read.push(FileBytes { name: file.name(), bytes: Bytes::new(bytes) });
        }
        let encoded = |state: &crate::page::derived::DesignState| share_link::encode_design(state.network());
        let designs = studio.derived.with_untracked(|derived| derived.designs.iter().map(encoded).collect());
        studio.say("Reading…".to_string(), false);
        // The next files take the place of those being read.
        self.runner.cancel();
        let id = self.runner.start(ReadTask { files: read, designs });
        self.job.set_value(Some((id, beside)));
    }
}

/// The bytes of a file.
pub async fn bytes(file: &File) -> Option<Vec<u8>> {
    let buffer = JsFuture::from(file.array_buffer()).await.ok()?;
    Some(js_sys::Uint8Array::new(buffer.dyn_ref::<js_sys::ArrayBuffer>()?).to_vec())
}

fn problem(message: String) -> ProblemReport {
    let kind = "unreadable_file".to_string();
    ProblemReport { kind, is_error: true, line: None, message, original: None, fix: None }
}

/// Shows what was read.
fn take(studio: Studio, importer: Importer, report: ReadReport, beside: bool) {
    let ReadReport { models, texts, workbench, mut weights, mut problems } = report;
    let mut is_opened = false;
    // What it was read for is over, and what is told is told behind no dialog.
    studio.said.set(None);
    importer.open.set(false);
    if let Some(fragment) = workbench {
        let (workbench, link_problems) = share_link::decode(&fragment);
        studio.link_problems.set(link_problems);
        studio.open(workbench);
        is_opened = true;
    }
    let own = |weights: &mut Vec<ReadWeights>, of: WeightsOf| {
        weights.iter().position(|one| one.of == of).map(|place| weights.swap_remove(place))
    };
    // Those of designs that are there first: what is opened next may take their places.
    let on_page: Vec<ReadWeights> = weights.extract_if(.., |one| matches!(one.of, WeightsOf::Design(_))).collect();
    for one in on_page {
        let WeightsOf::Design(design) = one.of else { continue };
        let design = design as usize;
        let found = studio.with_design(design, |state| (state.name.clone(), state.resolved.network.clone()));
        if let Some((name, network)) = found {
            let words = format!("{name} has weights of {}", one.file);
            let id = keep(studio, one, &network);
            studio.set_weights(design, Some(id));
            studio.say(words, true);
            is_opened = true;
        }
    }
    let mut designs = Vec::new();
    for (index, model) in models.into_iter().enumerate() {
        let weights = own(&mut weights, WeightsOf::Model(index as u32));
        designs.push(design(studio, model, weights));
    }
    is_opened |= !designs.is_empty();
    let left = place(studio, designs, beside);
    if left > 0 {
        problems.push(problem(format!(
            "{left} of the models are not shown: the page has at most {MAX_DESIGNS} designs. The command line (convscope) compares any number."
        )));
    }
    if let (false, true, Some(first)) = (is_opened, texts.is_empty(), problems.first()) {
        studio.say(first.message.clone(), false);
    }
    if !texts.is_empty() {
        let several = texts.len() > 1;
        let text = |(name, text): (String, String)| if several { format!("# {name}\n{text}") } else { text };
        importer.show(beside || is_opened);
        importer.type_text(texts.into_iter().map(text).collect::<Vec<_>>().join("\n\n"));
    }
    importer.kept.set(if is_opened { Kept::opened(problems) } else { Kept::refused(problems) });
}

/// A network as a design, with its weights where its file has them.
fn design(studio: Studio, model: ReadModel, weights: Option<ReadWeights>) -> Design {
    let (network, _) = share_link::decode_design(&model.design);
    let id = weights.map(|weights| keep(studio, weights, &network));
    Design { weights: id, ..Design::new(model.name, Content::Network(network.into())) }
}

fn keep(studio: Studio, weights: ReadWeights, network: &crate::model::Network) -> WeightsId {
    let loaded = Loaded::new(weights.file, weights.fit, weights.given, network);
    studio.shelf.try_update(|shelf| shelf.keep(loaded)).unwrap_or(WeightsId(u32::MAX))
}

/// Puts designs on the page: in place of what is there, one by itself beside its separable twin; or beside what is there.
/// Gives how many there was no room for.
fn place(studio: Studio, designs: Vec<Design>, beside: bool) -> usize {
    let count = designs.len();
    if count == 0 {
        return 0;
    }
    if beside {
        return designs.into_iter().filter(|design| !studio.push_design(design.clone())).count();
    }
    let mut designs = designs;
    designs.truncate(MAX_DESIGNS);
    let left = count - designs.len();
    if designs.len() == 1 {
        let content = Content::Twin { of: 0, rewrites: vec![Rewrite::Separable] };
        designs.push(Design::new(default_name(1, &content), content));
    }
    studio.open(Workbench { designs, ..Workbench::default() });
    left
}
