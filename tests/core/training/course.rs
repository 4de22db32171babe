//! Networks that learn in turns, and the data they learn from.

use convscope::model::{Dims, presets};
use convscope::training::data::{self, DataError};
use convscope::training::{Advance, Course, CourseSettings, Ended, Generator, Loss, Optimizer, Schedule, fit_to};

const DIGITS: &[u8] = include_bytes!("../../../src/site/digits.bin");

fn settings() -> CourseSettings {
    CourseSettings {
        seed: 0,
        epochs: 3,
        batch: 32,
        rate: 0.01,
        optimizer: Optimizer::Adam { betas: [0.9, 0.999], epsilon: 1e-8, weight_decay: 0.0 },
        schedule: Schedule::Constant,
        loss: Loss::default(),
        patience: 0,
    }
}

/// The seed's two designs on the digits.
fn pair() -> (data::Dataset, Vec<(convscope::model::Network, Option<convscope::training::Tensors>)>) {
    let digits = data::digits(DIGITS).expect("the page's digits");
    let networks = ["seed_standard", "seed_separable"].map(|id| {
        let network = presets::find(id).expect("a preset").network();
        (fit_to(&network, &digits.shape, digits.classes.len()).network, None)
    });
    (digits, networks.to_vec())
}

#[test]
fn the_digits_are_scikit_learns() {
    let digits = data::digits(DIGITS).expect("the page's digits");
    assert_eq!(digits.counts(), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    assert_eq!(digits.labels[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let first: Vec<f32> = digits.sample(0)[..8].iter().map(|value| value * 16.0).collect();
    assert_eq!(first, [0.0, 0.0, 5.0, 13.0, 9.0, 1.0, 0.0, 0.0]);
    assert_eq!(digits.inputs.iter().map(|value| f64::from(*value) * 16.0).sum::<f64>(), 561_718.0);
}

#[test]
fn the_seeds_pair_learns_the_digits() {
    let (digits, networks) = pair();
    let split = digits.split(0).expect("enough samples");
    assert_eq!((split.train.len(), split.test.len()), (1442, 355));
    let Ok(mut course) = Course::new(&networks, (&digits, &split), &settings()) else { panic!("networks that learn") };
    let mut epochs = 0;
    while !course.is_done() {
        epochs += u32::from(course.advance() == Advance::Epoch);
    }
    assert_eq!(epochs, 3);
    for learner in 0..2 {
        let record = course.record(learner);
        assert_eq!(record.epochs.len(), 3);
        assert_eq!(record.steps, 3 * 46);
        assert_eq!(record.confusion.iter().sum::<u32>(), 355);
        assert!(record.epochs[2].test_loss < record.epochs[0].test_loss, "{record:?}");
    }
    assert!(course.record(0).epochs[2].test_accuracy > 0.6, "{:?}", course.record(0).epochs);
}

#[test]
fn a_loss_that_is_no_number_keeps_the_last_good_weights() {
    let (digits, networks) = pair();
    let split = digits.split(0).expect("enough samples");
    let wild = CourseSettings { rate: 1e30, optimizer: Optimizer::PLAIN, ..settings() };
    let Ok(mut course) = Course::new(&networks, (&digits, &split), &wild) else { panic!("networks that learn") };
    while !course.is_done() {
        course.advance();
    }
    for learner in 0..2 {
        assert!(matches!(course.record(learner).ended, Some(Ended::Lost { .. })), "{:?}", course.record(learner));
        assert!(course.tensors(learner).values().flatten().flatten().all(|value| value.is_finite()));
    }
}

#[test]
fn a_split_keeps_a_fifth_of_each_class() {
    let digits = data::digits(DIGITS).expect("the page's digits");
    let split = digits.split(7).expect("enough samples");
    let mut all: Vec<u32> = split.train.iter().chain(&split.test).copied().collect();
    all.sort_unstable();
    assert_eq!(all, (0..1797).collect::<Vec<u32>>());
    for class in 0..10 {
        let of_class = |samples: &[u32]| samples.iter().filter(|&&at| digits.labels[at as usize] == class).count();
        assert_eq!(of_class(&split.test), digits.counts()[class as usize] / 5);
    }
    assert_ne!(split, digits.split(8).expect("enough samples"));
}

#[test]
fn vibrations_have_any_shape() {
    for sizes in [&[1_u64, 1, 150][..], &[3, 32, 32], &[2, 64], &[1, 1, 1], &[12]] {
        let shape = Dims::new(sizes).expect("few sizes");
        let made = data::vibration(&shape, 1);
        assert_eq!(made.inputs.len(), made.samples() * made.length());
        assert_eq!(made.counts(), [200, 200, 200]);
        assert!(made.inputs.iter().all(|value| value.is_finite() && value.abs() < 10.0));
    }
}

#[test]
fn tables_are_read_with_their_faults() {
    let read = data::table("label,a,b,c\nb,1,2,3\na,4,5,6\nb,7,8,9\na,1,1,1\n").expect("a table");
    assert_eq!(read.classes, ["a", "b"]);
    assert_eq!(read.labels, [1, 0, 1, 0]);
    assert_eq!(read.shape.sizes(), [1, 1, 3]);
    let mean: f64 = read.inputs.iter().map(|&value| f64::from(value)).sum::<f64>() / 12.0;
    assert!(mean.abs() < 1e-6);
    let ucr = data::table("@data\n1.0,2.0:one\n3.0,4.0:two\n1,1:one\n").expect("a .ts file");
    assert_eq!(ucr.classes, ["one", "two"]);
    let by_number = data::table("10;1\n2;3\n10;4\n2;1").expect("a table");
    assert_eq!(by_number.classes, ["2", "10"]);
    let faults = [
        ("", DataError::Empty),
        ("a,1,2\nb,1", DataError::Ragged { line: 2, expected: 2, found: 1 }),
        ("a,1,2\nb,1,x", DataError::NoNumber { line: 2, text: "x".to_string() }),
        ("a,1\na,2", DataError::OneClass { class: "a".to_string() }),
        ("a,1\nb", DataError::NoValues { line: 2 }),
    ];
    for (text, fault) in faults {
        assert_eq!(data::table(text), Err(fault), "{text:?}");
    }
    let rare = data::table("a,1\na,2\nb,3").expect("a table");
    assert_eq!(rare.split(0), Err(DataError::Rare { class: "b".to_string(), found: 1 }));
}

#[test]
fn samples_take_another_shape() {
    let digits = data::digits(DIGITS).expect("the page's digits");
    let larger = digits.resampled(&Dims::new(&[3, 15, 22]).expect("few sizes"));
    assert_eq!(larger.inputs.len(), 1797 * 3 * 15 * 22);
    // Corners stay.
    let (small, large) = (digits.sample(3), larger.sample(3));
    assert_eq!([small[0], small[7], small[56], small[63]], [large[0], large[21], large[14 * 22], large[15 * 22 - 1]]);
    assert_eq!(digits.resampled(&digits.shape), digits);
}

/// PyTorch draws what the global generator gives next: masks after the initial weights.
#[test]
fn one_generator_serves_weights_and_masks() {
    let (_, networks) = pair();
    let mut generator = Generator::new(0);
    convscope::training::initial_tensors(&networks[0].0, &mut generator);
    assert_ne!(generator.unit_f32(), Generator::new(0).unit_f32());
}
