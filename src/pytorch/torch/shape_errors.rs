//! Errors of shapes: in PyTorch's words, in plain ones, and the change of the text that mends them.

use super::super::problem::ProblemKind;
use super::super::python::{CallSite, FixWish, Run};
use super::Machine;
use super::module_state::Leaf;
use crate::model::{self, Dims, Layer};
use crate::shape::ShapeError;

impl Machine {
    /// Notes a shape error in PyTorch's words and in plain ones. Gives its index, where it is new.
    pub(crate) fn shape_error(
        &mut self,
        error: &ShapeError,
        layer: &Layer,
        inputs: &[Dims],
        module: Option<&str>,
    ) -> Run<Option<usize>> {
        let input = inputs.first().copied().unwrap_or_default();
        let kind = error_kind(error, &input);
        let message = error.to_string();
        if self.catches(error.class()) {
            self.error(kind, error.class(), message)?;
            return Ok(None);
        }
        let plain = plain_words(error, layer, &input, module);
        let noted = self.note_error(kind, error.class(), message, plain);
        if let Some(index) = noted {
            self.notes.problems[index].module = module.map(str::to_string);
        }
        Ok(noted)
    }

    /// The change of the text that makes a layer take what arrives.
    pub(crate) fn wish_fix(
        &mut self,
        problem: Option<usize>,
        error: &ShapeError,
        leaf: &Leaf,
        input: &Dims,
        site: Option<&CallSite>,
    ) {
        let Some(problem) = problem else { return };
        let made_once = leaf.declared_at.as_ref().is_some_and(|range| self.host.made_at.get(&range.start) == Some(&1));
        let argument = leaf.layer.as_ref().and_then(|layer| layer.kind().inferred_argument());
        let replaced = |found: u64| {
            let (range, argument) = (leaf.declared_at.clone().filter(|_| made_once)?, argument?);
            Some(FixWish {
                problem,
                range,
                label: format!("Change {} to {found}", argument.name),
                replacement: found.to_string(),
                expected: None,
            })
        };
        let fix = match error {
            ShapeError::MatrixShapes { columns, in_features, .. } => {
                let flat = input.without_batch().elements();
                if input.rank() > 2 && flat == Some(*in_features) {
                    match site.and_then(|site| site.positional.first()) {
                        Some(range) => Some(FixWish {
                            problem,
                            range: range.clone(),
                            label: "Flatten before this layer".to_string(),
                            replacement: "(*).flatten(1)".to_string(),
                            expected: None,
                        }),
                        None => leaf.called_at.clone().map(|range| FixWish {
                            problem,
                            range,
                            label: "Put nn.Flatten() before it".to_string(),
                            replacement: "nn.Flatten(),\n*".to_string(),
                            expected: None,
                        }),
                    }
                } else if input.rank() > 2 {
                    None
                } else {
                    replaced(*columns)
                }
            }
            ShapeError::Channels { found, .. }
            | ShapeError::RunningMean { found, .. }
            | ShapeError::NormWeight { found, .. }
            | ShapeError::NumFeatures { found, .. } => match &leaf.layer {
                // The number of groups would have to change, too.
                Some(Layer::Conv2d(conv)) if conv.groups != model::Groups::Count(1) => None,
                Some(Layer::ConvTranspose2d(conv)) if conv.groups != model::Groups::Count(1) => None,
                Some(Layer::Conv1d(conv)) if conv.groups != model::Groups::Count(1) => None,
                Some(Layer::ConvTranspose1d(conv)) if conv.groups != model::Groups::Count(1) => None,
                _ => replaced(*found),
            },
            ShapeError::GroupNormChannels { input, .. } | ShapeError::GroupNormInput { input, .. } => {
                input.get(1).and_then(|&found| replaced(found))
            }
            _ => None,
        };
        self.notes.fixes.extend(fix);
    }
}

/// Which of the mistakes that people make an error is.
pub(crate) fn error_kind(error: &ShapeError, input: &Dims) -> ProblemKind {
    match error {
        ShapeError::GroupsNotPositive
        | ShapeError::GroupsDoNotDivideInput { .. }
        | ShapeError::GroupsDoNotDivideOutput { .. }
        | ShapeError::NumGroups { .. }
        | ShapeError::NumGroupsNotPositive => ProblemKind::GroupsDoNotDivide,
        ShapeError::Channels { .. }
        | ShapeError::RunningMean { .. }
        | ShapeError::NormWeight { .. }
        | ShapeError::NumFeatures { .. }
        | ShapeError::GroupNormChannels { .. }
        | ShapeError::GroupNormInput { .. }
        | ShapeError::PReLUParameters { .. } => ProblemKind::ChannelMismatch,
        ShapeError::MatrixShapes { .. } if input.rank() > 2 => ProblemKind::NotFlattened,
        ShapeError::MatrixShapes { .. } => ProblemKind::LinearInFeatures,
        ShapeError::KernelLargerThanInput { .. }
        | ShapeError::PoolOutputTooSmall { .. }
        | ShapeError::TransposedOutputTooSmall { .. } => ProblemKind::KernelLargerThanInput,
        _ => ProblemKind::Shape,
    }
}

/// The same without tensors' names: who expects what, and what it gets.
fn plain_words(error: &ShapeError, layer: &Layer, input: &Dims, module: Option<&str>) -> Option<String> {
    let who = match module {
        Some(name) => format!("{name} ({})", layer.kind().class()),
        None => layer.kind().class().to_string(),
    };
    Some(match error {
        ShapeError::MatrixShapes { columns, in_features, .. } => {
            let flat = input.without_batch().elements();
            if input.rank() > 2 && flat == Some(*in_features) {
                format!(
                    "{who} expects {in_features} features in one row, but gets {} unflattened: {in_features} is their product. Flatten first.",
                    input.without_batch()
                )
            } else if input.rank() > 2 {
                format!(
                    "{who} expects {in_features} features, but the last dimension of {} has {columns}. Flatten first; that gives {}.",
                    input.without_batch(),
                    flat.map_or_else(|| "too many".to_string(), |flat| flat.to_string())
                )
            } else {
                format!("{who} expects {in_features} features, but {columns} arrive.")
            }
        }
        ShapeError::Channels { expected, found, .. } => {
            format!("{who} expects {expected} channels, but {found} arrive.")
        }
        ShapeError::RunningMean { found, declared }
        | ShapeError::NormWeight { found, declared }
        | ShapeError::NumFeatures { found, declared, .. } => {
            format!("{who} is made for {declared} channels, but {found} arrive.")
        }
        ShapeError::GroupNormChannels { declared, input } => {
            let found = input.get(1).copied().unwrap_or(0);
            format!("{who} is made for {declared} channels, but {found} arrive.")
        }
        ShapeError::KernelLargerThanInput { padded, kernel } => format!(
            "The kernel of {who} is {}x{}, larger than the {}x{} that is left of the image here.",
            kernel.0, kernel.1, padded.0, padded.1
        ),
        ShapeError::PoolOutputTooSmall { input, .. } => {
            format!("{who} would leave nothing of the {}x{} that arrives.", input.1, input.2)
        }
        _ => return None,
    })
}
