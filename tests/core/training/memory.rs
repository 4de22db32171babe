//! What training takes, against what is taken.

use convscope::model::presets;
use convscope::training::{
    Generator, Optimizer, Samples, Targets, Trainer, TrainerOptions, TrainingMemory, initial_tensors,
};

use super::options;
use crate::allocations::counted;

/// The figure against what the allocator was asked for; what a step asks for is nothing.
#[test]
fn the_figure_is_what_a_trainer_holds() {
    let mut checked = 0;
    for preset in presets::all() {
        let network = preset.network();
        // Larger ones take long, and nothing else.
        if network.nodes.len() > 60 {
            continue;
        }
        for batch in [8, 13, 32] {
            let adam = Optimizer::Adam { betas: [0.9, 0.999], epsilon: 1e-8, weight_decay: 0.0 };
            let options = TrainerOptions { optimizer: adam, ..options(batch) };
            let Ok(memory) = TrainingMemory::of(&network, &options) else { continue };
            if memory.bytes() > 20_000_000 {
                continue;
            }
            let tensors = initial_tensors(&network, &mut Generator::new(0));
            let (trainer, held, _) = counted(|| Trainer::<Samples>::new(&network, &tensors, &options));
            let Ok(mut trainer) = trainer else { continue };
            let (figure, held) = (memory.bytes() as f64, held as f64);
            // Beside it there are the steps themselves, and the outputs in f64.
            let more =
                50_000.0 + 3_000.0 * network.nodes.len() as f64 + 16.0 * (batch * trainer.output_dims()[0]) as f64;
            assert!(held >= figure && held <= figure + more, "{}: {held} held, {figure} said", network.name);
            let input = vec![0.5; batch * network.input.elements().unwrap_or(0) as usize];
            let labels = vec![0; batch];
            let mut generator = Generator::new(1);
            let mut step = || trainer.step(&input, Targets::Classes(&labels), 1e-3, &mut generator);
            step();
            let (_, held, count) = counted(&mut step);
            assert_eq!((held, count), (0, 0), "{}: a step allocates", network.name);
            checked += 1;
        }
    }
    assert!(checked > 10, "{checked} networks");
}
