//! The two files.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::function::{Functions, number};
use super::problem::CProblem;
use super::schedule::Schedule;
use super::step::{Form, Kernel, Place, Step, To, Weights};
use super::{Code, kernel};
use crate::engine::{Kernels, Numbers, Plan, PlanOptions, Seeding, WeightSource, seeded_input};
use crate::lifetime::arena::{self, Interval};
use crate::model::{Network, literal};

/// Bytes of the table of one call on a machine of 32 bits.
const TABLE: u64 = 68;

/// Writes both files.
pub(super) fn write(
    network: &Network,
    weights: &WeightSource,
    numbers: Numbers,
    schedule: &Schedule,
) -> Result<Code, CProblem> {
    let (offsets, arena) = place(schedule)?;
    let functions = Functions::of(&schedule.steps)?;
    let mut source = String::from(START);
    let mut constants = 0_u64;
    let mut tables = String::new();
    for (index, step) in schedule.steps.iter().enumerate() {
        let (arrays, bytes) = arrays(index, step);
        source.push_str(&arrays);
        constants += bytes + TABLE;
        tables.push_str(&table(index, step, &functions)?);
    }
    source.push_str(STRUCT);
    let _ = write!(source, "static const layer layers[] = {{\n{tables}}};\n\n");
    let _ = write!(source, "static union {{ float aligned; int8_t bytes[{arena}]; }} arena;\n\n", arena = arena.max(4));
    let has_bytes = schedule.steps.iter().any(|step| step.to == To::Bytes || step.kernel == Kernel::Quantize);
    if functions.use_exp() || schedule.steps.iter().any(|step| step.kernel == Kernel::Softmax) {
        source.push_str(&kernel::helper("exp_of"));
        source.push('\n');
    }
    if has_bytes {
        source.push_str(&kernel::helper("rounded"));
        source.push('\n');
    }
    source.push_str(&functions.text());
    let kernels: BTreeSet<(Kernel, bool)> =
        schedule.steps.iter().map(|step| (step.kernel, step.form == Form::Bytes)).collect();
    if kernels.iter().any(|(kernel, _)| *kernel == Kernel::Convolution) {
        source.push_str(if has_bytes { PUT } else { PUT_FLOATS });
    }
    for &(each, bytes) in &kernels {
        let form = if bytes { Form::Bytes } else { Form::Floats };
        source.push_str(&kernel::text(each, form).replace("unchanged(l, best)", "best"));
        source.push('\n');
    }
    source.push_str(&run(schedule, &offsets));
    source.push_str(&self_test(network, weights, numbers, schedule)?);
    let code = code_bytes(&kernels, &functions, schedule);
    let header = header(network, numbers, schedule, arena, constants + code);
    Ok(Code { header, source, arena: arena.max(4), constants, flash: constants + code })
}

/// The offset of each buffer, and the bytes of all.
fn place(schedule: &Schedule) -> Result<(Vec<u64>, u64), CProblem> {
    let last = schedule.steps.len() as u32;
    let mut intervals: Vec<Interval> = schedule
        .buffers
        .iter()
        .map(|buffer| {
            let each = if buffer.form == Form::Floats { 4 } else { 1 };
            Interval { size: buffer.elements.saturating_mul(each), first: u32::MAX, last: 0 }
        })
        .collect();
    for (step, index) in schedule.steps.iter().zip(0..) {
        let reads = step.inputs.iter().chain(&step.residual).filter_map(|place| match place {
            Place::Buffer(buffer) => Some(*buffer),
            Place::Input => None,
        });
        for buffer in reads.chain([step.output]) {
            intervals[buffer].first = intervals[buffer].first.min(index);
            intervals[buffer].last = intervals[buffer].last.max(index);
        }
    }
    intervals[schedule.output].last = last;
    let arena = arena::plan(&intervals, 4).ok_or(CProblem::Memory)?;
    Ok((arena.offsets, arena.total))
}

/// Functions stay functions, so that their size is known before.
const START: &str = "#include \"model.h\"

#if defined(__GNUC__) && !defined(__clang__)
#define KERNEL static __attribute__((noinline, noclone))
#else
#define KERNEL static
#endif

";

const STRUCT: &str = "/* One call: sizes are rows, columns, channels; pointers are 0 where there is nothing. */
typedef struct {
    const void *weight;
    const float *scale, *bias;
    float low, high, factor, residual, mean;
    int16_t in_h, in_w, in_c, out_h, out_w, out_c;
    int16_t kh, kw, sh, sw, dh, dw, ph, pw, groups;
    int8_t function, to;
} layer;

enum { TO_FLOATS, TO_BYTES, TO_MEAN };

";

const PUT: &str = "KERNEL void put(const layer *l, void *out, int32_t at, float v)
{
    if (l->to == TO_BYTES) ((int8_t *)out)[at] = rounded(v * l->factor);
    else ((float *)out)[at] = v;
}

";

const PUT_FLOATS: &str = "KERNEL void put(const layer *l, void *out, int32_t at, float v)
{
    (void)l;
    ((float *)out)[at] = v;
}

";

fn lines(values: impl Iterator<Item = String>) -> String {
    let values: Vec<String> = values.collect();
    values.chunks(12).map(|chunk| format!("    {},\n", chunk.join(", "))).collect()
}

/// The arrays of a call, and their bytes.
fn arrays(index: usize, step: &Step) -> (String, u64) {
    let mut text = String::new();
    let mut bytes = 0;
    let numbers = &step.numbers;
    match &numbers.weight {
        Weights::None => {}
        Weights::Floats(values) => {
            let _ = write!(
                text,
                "static const float weight_{index}[] = {{\n{}}};\n",
                lines(values.iter().map(|&v| number(v)))
            );
            bytes += 4 * values.len() as u64;
        }
        Weights::Bytes(values) => {
            let _ = write!(
                text,
                "static const int8_t weight_{index}[] = {{\n{}}};\n",
                lines(values.iter().map(i8::to_string))
            );
            bytes += (values.len() as u64).next_multiple_of(4);
        }
    }
    for (name, values) in [("scale", &numbers.scale), ("bias", &numbers.bias)] {
        if !values.is_empty() {
            let _ = write!(
                text,
                "static const float {name}_{index}[] = {{\n{}}};\n",
                lines(values.iter().map(|&v| number(v)))
            );
            bytes += 4 * values.len() as u64;
        }
    }
    if text.is_empty() {
        return (text, bytes);
    }
    (format!("/* {} */\n{text}\n", comment(&step.name)), bytes)
}

/// A name within a comment of C.
fn comment(name: &str) -> String {
    literal::comment(name).replace("*/", "* /").replace("/*", "/ *")
}

fn table(index: usize, step: &Step, functions: &Functions) -> Result<String, CProblem> {
    let numbers = &step.numbers;
    let sizes = numbers.input.iter().chain(&numbers.output).chain(&numbers.kernel).chain(&numbers.stride);
    let mut sizes = sizes.chain(&numbers.dilation).chain(&numbers.padding);
    if let Some(&size) = sizes.find(|&&size| size > 32_767) {
        return Err(CProblem::Size { name: step.name.clone(), size });
    }
    let pointer = |is_there: bool, name: &str| if is_there { format!("{name}_{index}") } else { "0".to_string() };
    let [low, high] = numbers.bounds.unwrap_or([f32::NEG_INFINITY, f32::INFINITY]).map(number);
    let ([h, w, c], [oh, ow, oc]) = (numbers.input, numbers.output);
    let pair = |[first, second]: [usize; 2]| format!("{first}, {second}");
    let to = match step.to {
        To::Floats => "TO_FLOATS",
        To::Bytes => "TO_BYTES",
        To::Mean => "TO_MEAN",
    };
    Ok(format!(
        "    {{{}, {}, {}, {low}, {high}, {}, {}, {},\n     {h}, {w}, {c}, {oh}, {ow}, {oc}, {}, {}, {}, {}, {}, {}, {to}}}, /* {} */\n",
        pointer(numbers.weight != Weights::None, "weight"),
        pointer(!numbers.scale.is_empty(), "scale"),
        pointer(!numbers.bias.is_empty(), "bias"),
        number(numbers.factor),
        number(numbers.residual),
        number(numbers.mean),
        pair(numbers.kernel),
        pair(numbers.stride),
        pair(numbers.dilation),
        pair(numbers.padding),
        numbers.groups,
        numbers.function.map_or(0, |function| functions.number(&function)),
        comment(&step.name),
    ))
}

/// The calls in order.
fn run(schedule: &Schedule, offsets: &[u64]) -> String {
    let place = |place: Place, form: &str| match place {
        Place::Input => "input".to_string(),
        Place::Buffer(buffer) if form == "float" => format!("FLOATS({})", offsets[buffer]),
        Place::Buffer(buffer) => format!("BYTES({})", offsets[buffer]),
    };
    let mut text = String::from(
        "#define FLOATS(offset) ((float *)(void *)(arena.bytes + (offset)))\n#define BYTES(offset) (arena.bytes + (offset))\n\nconst float *model_run(const float *input)\n{\n",
    );
    if !schedule.steps.iter().any(|step| step.inputs.contains(&Place::Input)) {
        text.push_str("    (void)input;\n");
    }
    for (index, step) in schedule.steps.iter().enumerate() {
        let form = if step.form == Form::Bytes { "int8_t" } else { "float" };
        let inputs: Vec<String> = step.inputs.iter().map(|&input| place(input, form)).collect();
        let residual = match (step.kernel, step.residual) {
            (Kernel::Convolution, Some(residual)) => format!(", {}", place(residual, form)),
            (Kernel::Convolution, None) => format!(", (const {form} *)0"),
            _ => String::new(),
        };
        let written = &schedule.buffers[step.output];
        let to = if written.form == Form::Floats { "float" } else { "int8_t" };
        let function = kernel::name(step.kernel, step.form);
        let output = place(Place::Buffer(step.output), to);
        let _ = writeln!(text, "    {function}(&layers[{index}], {}{residual}, {output});", inputs.join(", "));
    }
    let _ = write!(text, "    return FLOATS({});\n}}\n", offsets[schedule.output]);
    text
}

/// One input by the engine's rule, and what the engine makes of it.
fn self_test(
    network: &Network,
    weights: &WeightSource,
    numbers: Numbers,
    schedule: &Schedule,
) -> Result<String, CProblem> {
    let seed = match weights {
        WeightSource::Seeded(Seeding { seed, .. }) => *seed,
        WeightSource::Given(_) => 0,
    };
    // Sums of floats are in 64 bits there.
    let kernels = if numbers == Numbers::F32 { Kernels::Reference } else { Kernels::Fast };
    let options = PlanOptions { numbers, kernels, ..PlanOptions::default() };
    let mut plan = Plan::new(network, weights, &options)?;
    let input = seeded_input(seed, 0, plan.input_mut().len(), 1.0);
    plan.set_input(&input)?;
    plan.run();
    let [height, width, channels] = schedule.output_sizes;
    let output = plan.output();
    let places =
        (0..height * width).flat_map(|pixel| (0..channels).map(move |channel| channel * height * width + pixel));
    let values = places.map(|place| number(output.get(place).copied().unwrap_or(0.0)));
    // Bits are the engine's own where nothing but 8-bit kernels and sums in its order come before.
    let exact = numbers == Numbers::Int8 && schedule.steps.iter().all(|step| step.kernel != Kernel::Softmax);
    let [in_height, in_width, in_channels] = schedule.input;
    let twist = twist(seed);
    Ok(SELF_TEST
        .replace("$VALUES", &lines(values))
        .replace("$TWIST", &format!("{twist}u"))
        .replace("$HEIGHT", &in_height.to_string())
        .replace("$WIDTH", &in_width.to_string())
        .replace("$CHANNELS", &in_channels.to_string())
        .replace("$ALLOWED", if exact { "0.0f" } else { "MODEL_TOLERANCE" }))
}

/// SplitMix64's finalizer of the seed, which changes the keys of the engine's seeded values.
const fn twist(seed: u64) -> u64 {
    let z = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

const SELF_TEST: &str = "
#ifdef MODEL_SELF_TEST
#ifndef MODEL_TOLERANCE
#define MODEL_TOLERANCE 1e-5f
#endif
static float test_input[MODEL_INPUTS];
static const float test_output[MODEL_OUTPUTS] = {
$VALUES};

/* The value of a place in the order channels, rows, columns: in -1..1, from its number alone. */
static float test_value(uint64_t place)
{
    uint64_t z = (((uint64_t)1 << 63) + place) ^ (uint64_t)$TWIST;
    z += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z = (z ^ (z >> 31)) >> 40;
    return ((float)(int32_t)z - 8388608.0f) / 8388608.0f;
}

int model_self_test(void)
{
    const float *output;
    float largest = 0.0f;
    int wrong = 0;
    for (int32_t y = 0; y < $HEIGHT; y++)
        for (int32_t x = 0; x < $WIDTH; x++)
            for (int32_t c = 0; c < $CHANNELS; c++)
                test_input[(y * $WIDTH + x) * $CHANNELS + c] = test_value((uint64_t)((c * $HEIGHT + y) * $WIDTH + x));
    output = model_run(test_input);
    for (int32_t i = 0; i < MODEL_OUTPUTS; i++) {
        const float size = test_output[i] < 0.0f ? -test_output[i] : test_output[i];
        largest = size > largest ? size : largest;
    }
    for (int32_t i = 0; i < MODEL_OUTPUTS; i++) {
        const float off = output[i] - test_output[i];
        wrong += !((off < 0.0f ? -off : off) <= $ALLOWED * largest);
    }
    return wrong;
}
#endif
";

fn header(network: &Network, numbers: Numbers, schedule: &Schedule, arena: u64, flash: u64) -> String {
    let [height, width, channels] = schedule.input;
    let [out_height, out_width, out_channels] = schedule.output_sizes;
    let form = match numbers {
        Numbers::F32 => "32-bit floats",
        Numbers::Int8 => "8-bit weights and activations",
    };
    format!(
        "/* {name}: {form}. No allocation, no library, one static arena.\n   Flash: some {flash} bytes on a Cortex-M4 at -Os, without the self-test. */\n#ifndef MODEL_H\n#define MODEL_H\n\n#include <stdint.h>\n\n/* Rows, columns and channels, the channels innermost. */\n#define MODEL_INPUTS ({height} * {width} * {channels})\n#define MODEL_OUTPUTS ({out_height} * {out_width} * {out_channels})\n/* Bytes of RAM that the tensors take; the caller's input is not among them. */\n#define MODEL_ARENA {arena}\n/* What sums of floats are kept in: double for a check, float for speed. */\n#ifndef MODEL_SUM\n#define MODEL_SUM float\n#endif\n\n/* Runs the network on MODEL_INPUTS values; gives MODEL_OUTPUTS values, which stay until the next run. */\nconst float *model_run(const float *input);\n\n#ifdef MODEL_SELF_TEST\n/* How many outputs of one input are not what they should be. */\nint model_self_test(void);\n#endif\n\n#endif\n",
        name = comment(&network.name),
        arena = arena.max(4),
    )
}

/// Bytes of code on a Cortex-M4 at -Os with gcc 12, as its symbols have them: of each function, and for each call.
fn code_bytes(kernels: &BTreeSet<(Kernel, bool)>, functions: &Functions, schedule: &Schedule) -> u64 {
    let of = |&(kernel, bytes): &(Kernel, bool)| match (kernel, bytes) {
        (Kernel::Convolution, false) => 615,
        (Kernel::Convolution, true) => 635,
        (Kernel::MaxPool, false) => 252,
        (Kernel::MaxPool, true) => 214,
        (Kernel::AveragePool, _) => 293,
        (Kernel::GlobalMean, _) => 151,
        (Kernel::Combine, _) => 110,
        (Kernel::PerChannel, _) => 114,
        (Kernel::Concatenate, _) => 74,
        (Kernel::Quantize, _) => 48,
        (Kernel::Softmax, _) => 108,
    };
    let steps = || schedule.steps.iter();
    let rounds = steps().any(|step| step.to == To::Bytes || step.kernel == Kernel::Quantize);
    let convolves = steps().any(|step| step.kernel == Kernel::Convolution);
    let put = match (convolves, rounds) {
        (false, _) => 0,
        (true, false) => 10,
        (true, true) => 36,
    };
    let uses_exp = functions.use_exp() || steps().any(|step| step.kernel == Kernel::Softmax);
    let helpers = put + if rounds { 80 } else { 0 } + if uses_exp { 208 } else { 0 };
    let run = 12 + schedule.steps.len() as u64 * 31 / 2;
    kernels.iter().map(of).sum::<u64>() + helpers + functions.bytes() + run
}
