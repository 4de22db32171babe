//! Channels last, as the file has its maps, and channels first, as PyTorch does.

use super::message::Graph;

/// How tensors of each rank are turned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// Whether tensors of three dimensions are lines with channels.
    pub lines: bool,
}

impl Layout {
    /// Lines are those that become maps of one row, or come of them: converters have convolutions over lines so.
    pub(super) fn of(graph: &Graph) -> Self {
        const RESHAPE: i32 = 22;
        const SQUEEZE: i32 = 43;
        const EXPAND_DIMS: i32 = 70;
        let is_line = |line: &[u64], map: &[u64]| {
            line.len() == 3
                && map.len() == 4
                && map[3] > 1
                && ((map[1] == 1 && line == [map[0], map[2], map[3]])
                    || (map[2] == 1 && line == [map[0], map[1], map[3]]))
        };
        let lines =
            graph.operators.iter().filter(|one| matches!(one.code, RESHAPE | SQUEEZE | EXPAND_DIMS)).any(|one| {
                let (Some(Some(input)), Some(output)) = (one.inputs.first(), one.outputs.first()) else { return false };
                let (input, output) = (&graph.tensors[*input].dims, &graph.tensors[*output].dims);
                is_line(input, output) || is_line(output, input)
            });
        Self { lines }
    }

    /// The file's dimensions in PyTorch's order: dimension `i` here is `order[i]` there.
    pub(super) fn order(self, rank: usize) -> Vec<usize> {
        match rank {
            4 => vec![0, 3, 1, 2],
            3 if self.lines => vec![0, 2, 1],
            _ => (0..rank).collect(),
        }
    }

    /// Where a dimension of the file's is here; negative ones count from the end.
    pub(super) fn axis(self, axis: i64, rank: usize) -> Option<usize> {
        let axis = usize::try_from(if axis < 0 { axis + rank as i64 } else { axis }).ok()?;
        self.order(rank).iter().position(|&one| one == axis)
    }

    /// Sizes as they are here.
    pub(super) fn dims(self, dims: &[u64]) -> Vec<u64> {
        turned(dims, &self.order(dims.len()))
    }

    /// Whether a tensor of one shape, as it is here, becomes another without moving any number.
    pub(super) fn keeps_order(self, from: &[u64], to: &[u64]) -> bool {
        // What has only one place moves nothing.
        let places = |dims: &[u64]| -> (Vec<u64>, Vec<usize>) {
            let kept: Vec<usize> = (0..dims.len()).filter(|&at| dims[at] != 1).collect();
            let order = self.order(dims.len());
            let here = order.iter().filter_map(|one| kept.iter().position(|at| at == one)).collect();
            (kept.into_iter().map(|at| dims[at]).collect(), here)
        };
        let is_plain = |here: &[usize]| here.is_sorted();
        let ((from, here), (to, there)) = (places(from), places(to));
        (from == to && here == there) || (is_plain(&here) && is_plain(&there))
    }
}

/// A list in another order.
pub(super) fn turned<T: Copy>(list: &[T], order: &[usize]) -> Vec<T> {
    order.iter().filter_map(|&at| list.get(at).copied()).collect()
}
