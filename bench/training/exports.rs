//! Training steps for the benchmark: `make bench-training`.

use std::cell::RefCell;

use convscope::model::{Channels, Conv2d, Dims, Kind, Layer, Linear, Network, Pair, presets};
use convscope::training::{
    Generator, Loss, Optimizer, Samples, Targets, Trainer, TrainerOptions, fit_to, initial_tensors,
};

struct Bench {
    trainer: Trainer<Samples>,
    input: Vec<f32>,
    labels: Vec<u32>,
    generator: Generator,
}

thread_local! {
    static BENCH: RefCell<Option<Bench>> = const { RefCell::new(None) };
}

/// The network of so many parameters that others were measured with: two convolutions and two Linears on 28 x 28.
fn conv_net() -> Network {
    let conv = |channels, kernel| -> Layer {
        let (out_channels, kernel_size) = (Channels::Count(channels), Pair::square(kernel));
        Conv2d { out_channels, kernel_size, ..Conv2d::default() }.into()
    };
    let linear = |features| -> Layer { Linear { out_features: features, ..Linear::default() }.into() };
    let layers = [
        conv(24, 5),
        Kind::ReLU.layer(),
        Kind::MaxPool2d.layer(),
        conv(32, 3),
        Kind::ReLU.layer(),
        Kind::MaxPool2d.layer(),
        Kind::Flatten.layer(),
        linear(128),
        Kind::ReLU.layer(),
        linear(10),
    ];
    let named = layers.into_iter().enumerate().map(|(index, layer)| (format!("{index}"), layer));
    Network::chain("ConvNet", Dims::new(&[1, 28, 28]).unwrap_or_default(), named)
}

fn network(index: u32) -> Network {
    let preset = |id: &str| presets::find(id).map(|preset| preset.network());
    match index {
        0 => Some(conv_net()),
        1 => preset("seed_standard"),
        2 => preset("seed_separable"),
        _ => preset("mlperf_tiny_vww").and_then(|network| Some(fit_to(&network, &Dims::new(&[3, 96, 96])?, 2).network)),
    }
    .unwrap_or_else(conv_net)
}

/// Makes a network ready: 0 the ConvNet, 1 and 2 the seed's two, 3 MobileNetV1 of width 0.25 at 96 pixels. Gives its
/// parameters.
#[unsafe(no_mangle)]
pub extern "C" fn prepare(index: u32, batch: u32) -> u32 {
    let network = network(index);
    let batch = batch as usize;
    let mut generator = Generator::new(0);
    let tensors = initial_tensors(&network, &mut generator);
    let sgd = Optimizer::Sgd { momentum: 0.9, dampening: 0.0, nesterov: false, weight_decay: 0.0 };
    let options = TrainerOptions { batch, loss: Loss::default(), optimizer: sgd };
    let Ok(trainer) = Trainer::new(&network, &tensors, &options) else { return 0 };
    let parameters: usize = trainer.slots().iter().filter(|slot| !slot.is_buffer).map(|slot| slot.range.len()).sum();
    let length = network.input.elements().unwrap_or(0) as usize * batch;
    let input = (0..length).map(|_| generator.unit_f32() - 0.5).collect();
    let classes = trainer.output_dims().iter().product::<usize>().max(1);
    let labels = (0..batch).map(|sample| (sample % classes) as u32).collect();
    BENCH.set(Some(Bench { trainer, input, labels, generator }));
    parameters as u32
}

/// So many steps; gives the last loss.
#[unsafe(no_mangle)]
pub extern "C" fn steps(count: u32) -> f64 {
    BENCH.with_borrow_mut(|bench| {
        let Some(bench) = bench else { return f64::NAN };
        let mut loss = 0.0;
        for _ in 0..count {
            loss = bench.trainer.step(&bench.input, Targets::Classes(&bench.labels), 1e-3, &mut bench.generator);
        }
        loss
    })
}

/// So many passes forward alone; gives an output.
#[unsafe(no_mangle)]
pub extern "C" fn passes(count: u32) -> f64 {
    BENCH.with_borrow_mut(|bench| {
        let Some(bench) = bench else { return f64::NAN };
        (0..count).map(|_| bench.trainer.evaluate(&bench.input).first().copied().unwrap_or(0.0)).sum()
    })
}
