//! What to change so that a layer can take its input: the way out beside PyTorch's words.

use super::ShapeError;

impl ShapeError {
    /// A sentence with the numbers of the case; `None` where the words say it all.
    pub fn way_out(&self) -> Option<String> {
        Some(match self {
            Self::KernelLargerThanInput { padded, kernel } => format!(
                "Here {} x {} pixels arrive, padding included: use a smaller kernel_size or dilation, more padding, or fewer pools above{}.",
                padded.0,
                padded.1,
                if kernel.0 > padded.0 && kernel.1 > padded.1 {
                    ""
                } else {
                    " (kernel_size may be two numbers: height, width)"
                }
            ),
            Self::KernelLongerThanInput { padded, .. } => format!(
                "Here {padded} values arrive, padding included: use a smaller kernel_size or dilation, more padding, or fewer pools above."
            ),
            Self::MaxPoolLineOutput(_) => "Use a smaller kernel_size or stride, or fewer pools above.".to_string(),
            Self::MaxPoolLineNotPositive { argument, .. } => format!("Use a {argument} from 1."),
            Self::MaxPoolLinePaddingNegative(_) => "Use a padding from 0.".to_string(),
            Self::MaxPoolLinePaddingTooLarge { .. } => "Use less padding or a larger kernel_size.".to_string(),
            Self::LineRank { .. } | Self::MaxPoolLineRank { .. } | Self::PoolLineRank { .. } => {
                "It takes lines (channels x length): give the network such an input, or flatten from dimension 2."
                    .to_string()
            }
            Self::GroupsDoNotDivideInput { channels, groups } => format!(
                "{channels} channels arrive, which {groups} does not divide: use {} as groups.",
                divisors(*channels)
            ),
            Self::GroupsDoNotDivideOutput { channels, groups } => {
                format!("Make out_channels a multiple of {groups} (now {channels}).")
            }
            Self::GroupsNotPositive => "Use 1, or in_channels for a depthwise convolution.".to_string(),
            Self::SamePaddingWithStride => "Use stride 1, or padding in numbers.".to_string(),
            Self::PoolPaddingTooLarge { .. } => "Use less padding or a larger kernel_size.".to_string(),
            Self::PoolOutputTooSmall { input, .. } => format!(
                "Only {} x {} pixels arrive: use a smaller kernel_size or stride, or fewer pools above.",
                input.1, input.2
            ),
            Self::PoolStrideZero => "Use a stride from 1; where there is none, it is the kernel_size.".to_string(),
            Self::PoolStrideNotPositive { .. } | Self::StrideNotPositive => "Use a stride from 1.".to_string(),
            Self::KernelNotPositive { .. } | Self::PoolKernelNotPositive { .. } => {
                "Use a kernel_size from 1.".to_string()
            }
            Self::DilationNotPositive { .. } | Self::PoolDilationNotPositive { .. } => {
                "Use a dilation from 1.".to_string()
            }
            Self::NegativePadding | Self::PoolPaddingNegative(_) => "Use a padding from 0.".to_string(),
            Self::ConvolutionRank { .. }
            | Self::MaxPoolRank
            | Self::AvgPoolRank { .. }
            | Self::AdaptiveAvgPoolRank { .. }
            | Self::AdaptiveMaxPoolRank { .. }
            | Self::UpsampleNoMap { .. }
            | Self::UpsampleRank { .. }
            | Self::PadRank { .. } => {
                "It takes maps (channels x height x width): put it above the flatten.".to_string()
            }
            Self::NormRank { expected: "4D", found: 3 } => {
                "It takes maps (channels x height x width); over lines use the 1d layer.".to_string()
            }
            Self::NormRank { expected, .. } if *expected == "4D" => {
                "It takes maps (channels x height x width); after a flatten use BatchNorm1d.".to_string()
            }
            Self::NumGroups { channels, .. } => {
                format!("{channels} channels arrive: use {} as num_groups.", divisors(*channels))
            }
            Self::OneSpatialElement { .. } | Self::OneValuePerChannel { .. } | Self::OneValuePerGroup { .. } => {
                "One value has no spread: normalise before the map has shrunk to 1 x 1, or track running statistics."
                    .to_string()
            }
            Self::Broadcast { .. } => "Both inputs need the same channels and size here, or 1.".to_string(),
            Self::CatSize { .. } => "All inputs need the same size but for that dimension.".to_string(),
            Self::ShuffleGroups { channels, .. } => format!("Use {} as groups.", divisors(*channels)),
            Self::Inputs { .. } => "Open the row's details and name the rows it takes.".to_string(),
            Self::InputMissing(_) | Self::InputNotAbove(_) => {
                "Open the row's details and name a row above that it takes.".to_string()
            }
            Self::TooLarge => "Use fewer channels, a smaller input or a smaller batch.".to_string(),
            Self::UpsampleNeither => {
                "Type a scale_factor behind the ×, such as 2; or a size, in the details.".to_string()
            }
            Self::WrapsMoreThanOnce | Self::ReflectionTooLarge { .. } => {
                "Use less padding, or padding_mode zeros.".to_string()
            }
            _ => return None,
        })
    }
}

/// The divisors of a number of channels, for a sentence: `1, 2, 4 or 8`.
fn divisors(number: u64) -> String {
    const MOST: usize = 8;
    let divisors: Vec<String> = (1..=number.min(4096))
        .filter(|divisor| number.is_multiple_of(*divisor))
        .map(|divisor| divisor.to_string())
        .collect();
    match divisors.as_slice() {
        [] => "1".to_string(),
        [one] => one.clone(),
        many if many.len() > MOST => format!("{}, ... or {number}", many[..MOST].join(", ")),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}
