//! Published measurements: timings by network, device and software, and planned arenas.
//!
//! The workloads are those of the networks as their papers describe them; tests build each and count again.

use super::source::Source;
use super::workload::Workload;

/// The timings of one device with one software stack.
#[derive(Clone, Copy, Debug)]
pub struct Timings {
    /// The id of the device in the catalogue.
    pub device: &'static str,
    /// The software that ran them.
    pub stack: Stack,
    /// The clock at which the timings were taken, in Hz.
    pub clock: u64,
    /// The clock that times are given for, in Hz: the device's own where it was timed at a higher one.
    pub shown_clock: u64,
    /// Where they were published.
    pub source: Source,
    /// What the fit can tell apart.
    pub terms: Terms,
    /// Cycles for each MAC of a Linear, where the stack was seen to run them otherwise than convolutions.
    pub linear: Option<f64>,
    /// One for each network.
    pub runs: &'static [Timing],
}

/// A software stack: the same device differs threefold between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stack {
    /// As its maker writes it.
    pub name: &'static str,
    /// The numbers it was timed with.
    pub numbers: &'static str,
}

/// What cycles are summed from: as much as the timings can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terms {
    /// Dense, pointwise and depthwise MACs, and outputs.
    Four,
    /// All MACs, and outputs.
    Two,
    /// All MACs and outputs in the proportion that all devices with this stack have in common, times what the device's
    /// own timings give.
    Pooled,
}

/// One network on one device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// With its width and resolution, as published.
    pub network: &'static str,
    /// What is left out together when the fit is judged: "MobileNetV1".
    pub family: &'static str,
    /// Of one run.
    pub milliseconds: f64,
    /// What was counted of it.
    pub workload: Workload,
}

/// An arena that a vendor's planner gave, beside the one planned here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Planned {
    /// With its width and resolution, as published.
    pub network: &'static str,
    /// Activations with input and output, in KiB, as published.
    pub published_kib: f64,
    /// Planned here, in bytes.
    pub arena: u64,
}

/// STM32 model zoo, MobileNetV1, MobileNetV2 and ResNet cards at commit 6f10965e (STM32Cube.AI 10.0.0), SqueezeNet
/// card at 7f3764d5 (ST Edge AI Core 3.0.0).
pub(super) const MODEL_ZOO: Source = Source {
    title: "STM32 model zoo, image classification: reference MCU inference time",
    address: "https://github.com/STMicroelectronics/stm32ai-modelzoo/tree/6f10965e6a40e2a28abd9c181f43cac4de4111c5/image_classification",
};

const MLPERF_TINY_0_5: Source = Source {
    title: "MLPerf Tiny v0.5 results (median inferences per second, converted)",
    address: "https://github.com/mlcommons/tiny_results_v0.5",
};

const MLPERF_TINY_1_0: Source = Source {
    title: "MLPerf Tiny v1.0 results (median inferences per second, converted)",
    address: "https://github.com/mlcommons/tiny_results_v1.0",
};

const MLTK: Source = Source {
    title: "Silicon Labs MLTK, reference models of MLPerf Tiny (profiler on the EFR32xG24 with MVP)",
    address: "https://siliconlabs.github.io/mltk/",
};

const SLIM: Source = Source {
    title: "TensorFlow-Slim MobileNetV2 checkpoints, mobile CPU of a Pixel 1",
    address: "https://github.com/tensorflow/models/blob/0ba83cf0211401a8505505276c59418f15338d31/research/slim/nets/mobilenet/README.md",
};

/// Apache-2.0. The whole-millisecond rows of the three larger networks; without those that the table marks as to be
/// confirmed, and the AT32F403A's, whose largest network runs in another mode of its memory.
const TINYMAIX: Source = Source {
    title: "TinyMaix, benchmark.md: time of one inference in ms",
    address: "https://github.com/sipeed/TinyMaix/blob/0532eceb92097dc97fb39b1d01a41f6736eb51bb/benchmark.md",
};

/// MIT.
const MCUFIT: Source = Source {
    title: "mcufit-bench, results.jsonl and layers.jsonl: medians of 30 runs, and of each operator",
    address: "https://github.com/avionicharshit-byte/mcufit-bench/tree/88f8d23f2b0b7c77d9e6c031213d8624770098f6/results",
};

const INT8: &str = "int8";

const fn timing(family: &'static str, network: &'static str, milliseconds: f64, counts: [u64; 4]) -> Timing {
    let [dense_macs, pointwise_macs, depthwise_macs, outputs] = counts;
    let workload = Workload { dense_macs, pointwise_macs, linear_macs: 0, depthwise_macs, outputs };
    Timing { network, family, milliseconds, workload }
}

/// The four networks of MLPerf Tiny, by their times in ms: anomaly detection, image classification, keyword
/// spotting, visual wake words.
const fn mlperf_tiny(milliseconds: [f64; 4]) -> [Timing; 4] {
    let [anomaly, image, keyword, wake] = milliseconds;
    [
        timing("Autoencoder", "Autoencoder 640 (AD)", anomaly, [0, 264_192, 0, 1_672]),
        timing("ResNet", "ResNet-8 32 (IC)", image, [12_238_848, 262_784, 0, 86_026]),
        timing("DS-CNN", "DS-CNN 49x10 (KWS)", keyword, [320_000, 2_048_768, 288_000, 72_012]),
        timing("MobileNetV1", "MobileNetV1 0.25-96 (VWW)", wake, [497_664, 6_193_664, 798_336, 231_554]),
    ]
}

const V1: &str = "MobileNetV1";
const V2: &str = "MobileNetV2";

static STM32H747_CUBE_AI: [Timing; 13] = [
    timing(V1, "MobileNetV1 0.25-224 (1000)", 166.75, [2_709_504, 33_974_272, 4_346_496, 1_261_672]),
    timing(V1, "MobileNetV1 0.5-224 (1000)", 504.37, [5_419_008, 135_385_088, 8_692_992, 2_522_344]),
    timing(V1, "MobileNetV1 1.0-224 (1000)", 1641.84, [10_838_016, 540_516_352, 17_385_984, 5_043_688]),
    timing(V1, "MobileNetV1 0.25-96 (5)", 29.94, [497_664, 6_194_432, 798_336, 231_557]),
    timing(V2, "MobileNetV2 0.35-128 (5)", 94.34, [1_769_472, 14_369_024, 2_808_576, 934_789]),
    timing(V2, "MobileNetV2 0.35-224 (5)", 290.75, [5_419_008, 43_991_936, 8_601_264, 2_862_781]),
    timing(V2, "MobileNetV2 0.35-128 (1000)", 116.13, [1_769_472, 15_642_624, 2_808_576, 935_784]),
    timing(V2, "MobileNetV2 0.35-224 (1000)", 313.92, [5_419_008, 45_265_536, 8_601_264, 2_863_776]),
    timing(V2, "MobileNetV2 1.0-224 (1000)", 1106.64, [10_838_016, 269_219_840, 20_716_416, 6_679_112]),
    timing(V2, "MobileNetV2 1.4-224 (1000)", 2010.66, [16_257_024, 536_367_104, 29_571_696, 9_574_424]),
    timing("ResNet", "ResNet-8 32 (10)", 28.67, [12_238_848, 262_784, 0, 86_026]),
    timing("SqueezeNet", "SqueezeNet1.1-128 (5)", 218.97, [63_959_040, 16_477_696, 0, 767_541]),
    timing("SqueezeNet", "SqueezeNet1.1-224 (5)", 704.22, [209_055_744, 54_386_176, 0, 2_435_469]),
];

static PIXEL_1_TFLITE: [Timing; 10] = [
    timing(V2, "MobileNetV2 1.4-224 (1001)", 138.0, [16_257_024, 536_368_896, 29_571_696, 9_574_425]),
    timing(V2, "MobileNetV2 1.0-224 (1001)", 73.8, [10_838_016, 269_221_120, 20_716_416, 6_679_113]),
    timing(V2, "MobileNetV2 1.0-160 (1001)", 40.2, [5_529_600, 137_985_280, 10_569_600, 3_408_201]),
    timing(V2, "MobileNetV2 1.0-96 (1001)", 17.6, [1_990_656, 50_494_720, 3_805_056, 1_227_593]),
    timing(V2, "MobileNetV2 0.75-224 (1001)", 55.8, [8_128_512, 183_457_792, 17_484_768, 5_856_305]),
    timing(V2, "MobileNetV2 0.75-128 (1001)", 21.9, [2_654_208, 60_767_488, 5_709_312, 1_912_937]),
    timing(V2, "MobileNetV2 0.5-224 (1001)", 28.7, [5_419_008, 80_509_184, 11_204_928, 3_641_113]),
    timing(V2, "MobileNetV2 0.5-128 (1001)", 9.9, [1_769_472, 27_151_616, 3_658_752, 1_189_609]),
    timing(V2, "MobileNetV2 0.35-224 (1001)", 19.7, [5_419_008, 45_266_816, 8_601_264, 2_863_777]),
    timing(V2, "MobileNetV2 0.35-96 (1001)", 4.5, [995_328, 9_360_256, 1_579_824, 526_817]),
];

static L4R5_TFLM: [Timing; 4] = mlperf_tiny([10.05, 704.2, 181.9, 600.6]);
static L4R5_CUBE_AI: [Timing; 4] = mlperf_tiny([7.58, 226.9, 75.1, 230.5]);
static L4R5_PLUMERAI: [Timing; 4] = mlperf_tiny([5.57, 173.2, 71.7, 208.6]);
static L4R5_MICROTVM: [Timing; 4] = mlperf_tiny([8.61, 389.6, 99.8, 301.2]);
static H7A3_CUBE_AI: [Timing; 4] = mlperf_tiny([1.83, 54.3, 16.8, 50.7]);
static U575_CUBE_AI: [Timing; 4] = mlperf_tiny([4.85, 139.7, 44.2, 133.4]);
static NRF5340_SUBMITTED: [Timing; 4] = mlperf_tiny([6.27, 316.2, 76.1, 232.0]);
static F746_PLUMERAI: [Timing; 4] = mlperf_tiny([2.30, 64.8, 19.1, 57.0]);
static XG24_MVP: [Timing; 4] = mlperf_tiny([6.9, 118.9, 36.5, 123.2]);

const fn tiny(
    device: &'static str,
    stack: &'static str,
    clock: u64,
    (source, runs): (Source, &'static [Timing; 4]),
) -> Timings {
    let stack = Stack { name: stack, numbers: INT8 };
    Timings { device, stack, clock, shown_clock: clock, source, terms: Terms::Two, linear: None, runs }
}

/// Person detection, a MobileNetV1 0.25 of 96 x 96 grey pixels; keyword spotting; image classification.
const fn mcufit([person, keyword, image]: [f64; 3]) -> [Timing; 3] {
    [
        timing("MobileNetV1", "MobileNetV1 0.25-96 grey (person)", person, [165_888, 6_193_664, 798_336, 231_554]),
        timing("DS-CNN", "DS-CNN 49x10 (KWS)", keyword, [320_000, 2_048_768, 288_000, 72_012]),
        timing("ResNet", "ResNet-8 32 (IC)", image, [12_238_848, 262_784, 0, 86_026]),
    ]
}

static NRF52840_TFLM: [Timing; 3] = mcufit([655.145, 224.553, 1_241.774]);
static ESP32_TFLM: [Timing; 3] = mcufit([474.220, 162.334, 724.457]);

/// Medians of 30 runs. The autoencoder, which has no convolution, tells what a Linear takes: by its own operators
/// 22,092 us on the nRF52840 and 49,059 us on the ESP32, for 264,192 MACs.
const fn measured_by_mcufit(
    (device, stack): (&'static str, &'static str),
    clock: u64,
    linear: f64,
    runs: &'static [Timing; 3],
) -> Timings {
    let stack = Stack { name: stack, numbers: INT8 };
    Timings { device, stack, clock, shown_clock: clock, source: MCUFIT, terms: Terms::Two, linear: Some(linear), runs }
}

const MBNET: [u64; 4] = [884_736, 11_266_048, 1_419_264, 412_648];
const VWW: [u64; 4] = [497_664, 6_193_664, 798_336, 231_554];
const CIFAR: [u64; 4] = [3_072_000, 10_240, 0, 11_274];

/// The networks of TinyMaix that take milliseconds.
const fn tinymaix([mbnet, vww, cifar]: [f64; 3]) -> [Timing; 3] {
    [
        timing("MobileNetV1", "MobileNetV1 0.25-128 (1000)", mbnet, MBNET),
        timing("MobileNetV1", "MobileNetV1 0.25-96 (VWW)", vww, VWW),
        timing("CIFAR", "TinyMaix cifar 32 (10)", cifar, CIFAR),
    ]
}

/// Where the largest does not fit.
const fn tinymaix_small([vww, cifar]: [f64; 2]) -> [Timing; 2] {
    [
        timing("MobileNetV1", "MobileNetV1 0.25-96 (VWW)", vww, VWW),
        timing("CIFAR", "TinyMaix cifar 32 (10)", cifar, CIFAR),
    ]
}

static H750_TINYMAIX: [Timing; 3] = tinymaix([94.0, 64.0, 15.0]);
static F411_TINYMAIX: [Timing; 3] = tinymaix([558.0, 366.0, 75.0]);
static L496_TINYMAIX: [Timing; 3] = tinymaix([809.0, 695.0, 162.0]);
static G474_TINYMAIX: [Timing; 2] = tinymaix_small([195.0, 43.0]);
static ESP32_TINYMAIX: [Timing; 3] = tinymaix([755.0, 476.0, 132.0]);
static ESP32_S3_TINYMAIX: [Timing; 3] = tinymaix([610.0, 381.0, 86.0]);
static ESP32_C3_TINYMAIX: [Timing; 3] = tinymaix([2_370.0, 1_430.0, 127.0]);
static RP2040_TINYMAIX: [Timing; 3] = tinymaix([1_211.0, 716.0, 200.0]);
static CH32V307_TINYMAIX: [Timing; 2] = tinymaix_small([357.0, 64.0]);
static XR806_TINYMAIX: [Timing; 3] = tinymaix([712.0, 453.0, 104.0]);
static W801_TINYMAIX: [Timing; 3] = tinymaix([606.0, 364.0, 52.0]);
static BK7256_TINYMAIX: [Timing; 3] = tinymaix([1_036.0, 678.0, 186.0]);

/// In times of the clock that it ran at: the RP2040 and the STM32F411 were overclocked.
const fn measured_by_tinymaix(
    device: &'static str,
    (clock, shown_clock): (u64, u64),
    runs: &'static [Timing],
) -> Timings {
    let stack = Stack { name: "TinyMaix", numbers: INT8 };
    Timings { device, stack, clock, shown_clock, source: TINYMAIX, terms: Terms::Pooled, linear: None, runs }
}

const MHZ: u64 = 1_000_000;

/// All devices and stacks with published timings.
pub static TIMINGS: &[Timings] = &[
    Timings {
        device: "stm32h747",
        stack: Stack { name: "STM32Cube.AI 10 / ST Edge AI Core 3", numbers: INT8 },
        clock: 400_000_000,
        shown_clock: 400_000_000,
        source: MODEL_ZOO,
        linear: None,
        terms: Terms::Four,
        runs: &STM32H747_CUBE_AI,
    },
    measured_by_mcufit(("nano-33-ble", "TensorFlow Lite Micro, CMSIS-NN"), 64 * MHZ, 5.35, &NRF52840_TFLM),
    measured_by_mcufit(("esp32", "TensorFlow Lite Micro, ESP-NN"), 240 * MHZ, 44.57, &ESP32_TFLM),
    measured_by_tinymaix("esp32", (240 * MHZ, 240 * MHZ), &ESP32_TINYMAIX),
    measured_by_tinymaix("esp32-s3", (240 * MHZ, 240 * MHZ), &ESP32_S3_TINYMAIX),
    measured_by_tinymaix("esp32-c3", (160 * MHZ, 160 * MHZ), &ESP32_C3_TINYMAIX),
    measured_by_tinymaix("pico", (280 * MHZ, 133 * MHZ), &RP2040_TINYMAIX),
    measured_by_tinymaix("stm32f411", (150 * MHZ, 100 * MHZ), &F411_TINYMAIX),
    measured_by_tinymaix("stm32l496", (80 * MHZ, 80 * MHZ), &L496_TINYMAIX),
    measured_by_tinymaix("stm32g474", (170 * MHZ, 170 * MHZ), &G474_TINYMAIX),
    measured_by_tinymaix("stm32h750", (480 * MHZ, 480 * MHZ), &H750_TINYMAIX),
    measured_by_tinymaix("ch32v307", (144 * MHZ, 144 * MHZ), &CH32V307_TINYMAIX),
    measured_by_tinymaix("xr806", (160 * MHZ, 160 * MHZ), &XR806_TINYMAIX),
    measured_by_tinymaix("w801", (240 * MHZ, 240 * MHZ), &W801_TINYMAIX),
    measured_by_tinymaix("bk7256", (320 * MHZ, 320 * MHZ), &BK7256_TINYMAIX),
    tiny("stm32l4r5", "X-CUBE-AI 7.3", 120_000_000, (MLPERF_TINY_1_0, &L4R5_CUBE_AI)),
    tiny("stm32l4r5", "TensorFlow Lite Micro, reference kernels", 120_000_000, (MLPERF_TINY_0_5, &L4R5_TFLM)),
    tiny("stm32l4r5", "Plumerai", 120_000_000, (MLPERF_TINY_1_0, &L4R5_PLUMERAI)),
    tiny("stm32l4r5", "microTVM with CMSIS-NN", 120_000_000, (MLPERF_TINY_1_0, &L4R5_MICROTVM)),
    tiny("stm32h7a3", "X-CUBE-AI", 280_000_000, (MLPERF_TINY_1_0, &H7A3_CUBE_AI)),
    tiny("stm32u575", "X-CUBE-AI", 160_000_000, (MLPERF_TINY_1_0, &U575_CUBE_AI)),
    tiny("nrf5340", "as submitted to MLPerf Tiny", 128_000_000, (MLPERF_TINY_1_0, &NRF5340_SUBMITTED)),
    tiny("stm32f746", "Plumerai", 216_000_000, (MLPERF_TINY_1_0, &F746_PLUMERAI)),
    tiny("efr32mg24", "TensorFlow Lite Micro with the MVP accelerator", 78_000_000, (MLTK, &XG24_MVP)),
    Timings {
        device: "pixel-1",
        stack: Stack { name: "TensorFlow Lite, one large core", numbers: "float32" },
        clock: 2_150_000_000,
        shown_clock: 2_150_000_000,
        source: SLIM,
        linear: None,
        terms: Terms::Two,
        runs: &PIXEL_1_TFLITE,
    },
];

/// Activation memory on ST's model cards (the same sources as the timings).
pub static PLANNED: &[Planned] = &[
    Planned { network: "MobileNetV1 0.25-224 (1000)", published_kib: 272.96, arena: 351_232 },
    Planned { network: "MobileNetV1 0.5-224 (1000)", published_kib: 431.07, arena: 602_112 },
    Planned { network: "MobileNetV1 1.0-224 (1000)", published_kib: 1331.13, arena: 1_204_224 },
    Planned { network: "MobileNetV1 0.25-96 (5)", published_kib: 66.96, arena: 64_512 },
    Planned { network: "MobileNetV2 0.35-128 (5)", published_kib: 237.32, arena: 245_760 },
    Planned { network: "MobileNetV2 0.35-224 (1000)", published_kib: 832.64, arena: 752_640 },
    Planned { network: "MobileNetV2 1.0-224 (1000)", published_kib: 1727.02, arena: 1_505_280 },
    Planned { network: "MobileNetV2 1.4-224 (1000)", published_kib: 2332.2, arena: 2_257_920 },
    Planned { network: "ResNet-8 32 (10)", published_kib: 62.51, arena: 49_152 },
    Planned { network: "SqueezeNet1.1-128 (5)", published_kib: 271.84, arena: 323_648 },
    Planned { network: "SqueezeNet1.1-224 (5)", published_kib: 829.09, arena: 996_416 },
];
