//! The exported file against the page's own training.

use std::process::Command;

use convscope::job::{
    DataTask, Job, Message, News, OptimizerName, ScheduleName, TrainReport, TrainSettings, TrainTask, training_script,
};
use convscope::model::presets;
use convscope::share_link;

const DIGITS: &[u8] = include_bytes!("../../../src/site/digits.bin");

fn settings() -> TrainSettings {
    TrainSettings {
        epochs: 3,
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

fn train(task: TrainTask) -> TrainReport {
    let last = std::cell::RefCell::new(None);
    let mut ticks = 0.0;
    let mut clock = || {
        ticks += 1.0;
        ticks
    };
    let mut tell = |message: Message<TrainReport>| match message.news {
        News::Told(report) => *last.borrow_mut() = Some(report),
        News::Failed(words) => panic!("{words}"),
        News::Progress(_) => {}
    };
    let job = Job { id: 1, task };
    let mut running = std::pin::pin!(job.execute(&mut clock, &mut tell));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    while running.as_mut().poll(&mut context).is_pending() {}
    last.take().expect("a report")
}

#[test]
fn a_course_comes_back_from_the_worker() {
    let designs: Vec<String> = ["seed_standard", "seed_separable"]
        .map(|id| share_link::encode_design(&presets::find(id).expect("a preset").network()))
        .to_vec();
    let task = TrainTask { designs: designs.clone(), data: DataTask::Digits(DIGITS.to_vec()), settings: settings() };
    let report = train(task.clone());
    assert!(report.is_done && report.progress == 1.0);
    assert_eq!((report.data.train, report.data.test), (1442, 355));
    for design in &report.designs {
        assert_eq!((design.problem.clone(), design.epochs.len(), design.losses.len()), (None, 3, 100));
        assert_eq!(design.accuracies, [design.epochs[2][3]]);
        assert!(design.memory.iter().all(|(_, bytes, formula)| *bytes > 0 && !formula.is_empty()));
        let names: Vec<&str> = design.weights.iter().map(|weight| weight.name.as_str()).collect();
        assert!(names.contains(&"bn1.running_var") && names.contains(&"fc2.bias"), "{names:?}");
        assert!(design.changes.iter().any(|change| change.starts_with("takes 1 x 8 x 8 instead of")));
    }
    assert_eq!(train(task).designs[0].losses, report.designs[0].losses);
    // Nothing but what it would take.
    let preview = TrainSettings { epochs: 0, ..settings() };
    let told = train(TrainTask { designs, data: DataTask::Vibration, settings: preview });
    assert!(told.is_done && told.designs.iter().all(|design| design.epochs.is_empty() && !design.memory.is_empty()));
}

/// With `PYTHON_WITH_TORCH` set to a Python that has PyTorch and scikit-learn: the exported file gives the page's losses
/// and test accuracy.
#[test]
fn the_script_agrees_with_the_page() {
    let python = std::env::var("PYTHON_WITH_TORCH").ok();
    let variants: [(&str, DataTask, TrainSettings); 3] = [
        ("digits", DataTask::Digits(DIGITS.to_vec()), settings()),
        (
            "vibration",
            DataTask::Vibration,
            TrainSettings {
                optimizer: OptimizerName::Nesterov,
                schedule: ScheduleName::Cosine,
                lr: 0.02,
                ..settings()
            },
        ),
        (
            "digits resampled",
            DataTask::Digits(DIGITS.to_vec()),
            TrainSettings {
                resamples: true,
                optimizer: OptimizerName::Sgd,
                lr: 0.05,
                schedule: ScheduleName::Step,
                weight_decay: 1e-4,
                label_smoothing: 0.1,
                seed: 3,
                ..settings()
            },
        ),
    ];
    for id in ["seed_standard", "seed_separable"] {
        for (name, data, settings) in &variants {
            let design = share_link::encode_design(&presets::find(id).expect("a preset").network());
            let text = training_script(&design, data, settings).expect("a script");
            assert!(text.contains("class Net(nn.Module):") && text.contains("torch.manual_seed(SEED)"), "{text}");
            let Some(python) = &python else { continue };
            let file = std::env::temp_dir().join(format!("training_{id}_{}.py", name.replace(' ', "_")));
            std::fs::write(&file, &text).expect("a file");
            let run = Command::new(python).arg(&file).output().expect("Python runs");
            let printed = String::from_utf8_lossy(&run.stdout).into_owned();
            assert!(run.status.success(), "{}\n{text}", String::from_utf8_lossy(&run.stderr));
            let report = train(TrainTask { designs: vec![design], data: data.clone(), settings: settings.clone() });
            let losses = printed.lines().find_map(|line| line.strip_prefix("losses ")).expect("losses");
            let losses: Vec<f64> = serde_json::from_str(losses).expect("a list");
            let furthest = losses.iter().zip(&report.designs[0].losses).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            println!("{id}, {name}: losses {furthest:e} apart\n{printed}");
            assert!(furthest <= 1e-4, "{id}, {name}: losses {furthest} apart");
            let right = (report.designs[0].epochs[2][3] * f64::from(report.data.test)).round();
            let told = printed.lines().nth(2).expect("three epochs");
            assert!(told.contains(&format!(", {right} of {} right", report.data.test)), "{told}, here {right}");
        }
    }
}
