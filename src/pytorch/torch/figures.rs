//! Rows without a kind of their own whose figures are known: functions of elements, sums, products of matrices.

use std::rc::Rc;

use super::super::python::Run;
use super::tensor::Tensor;
use super::{Machine, Value};
use crate::model::{self, Dims, Layer};

/// What is known of a row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    pub arguments: String,
    /// With the batch.
    pub dims: Option<Dims>,
    /// Multiply-accumulates of one run; `None`: not known.
    pub macs: Option<u64>,
    pub parameters: Option<u64>,
    pub buffers: u64,
}

/// The sizes of a tensor, the first one taken to grow with the batch.
pub(crate) fn by_sample(dims: &Dims) -> Vec<i64> {
    let signed = |&size: &u64| i64::try_from(size).unwrap_or(i64::MAX);
    let mut sizes: Vec<i64> = dims.iter().map(signed).collect();
    if let Some(first) = sizes.first_mut() {
        *first = -*first;
    }
    sizes
}

impl Figures {
    /// The layer of a row that gets this input first.
    pub(crate) fn layer(self, class: &str, input: Option<&Dims>) -> Layer {
        let whole = |count: u64| i64::try_from(count).ok();
        let (class, arguments) = (class.to_string(), self.arguments);
        let parameters = self.parameters.and_then(whole);
        let Some((macs, dims)) = self.macs.and_then(whole).zip(self.dims) else {
            let shape = self.dims.map(|dims| dims.without_batch().iter().filter_map(|&size| whole(size)).collect());
            return model::Unsupported { class, arguments, shape, parameters, ..model::Unsupported::default() }.into();
        };
        // What is repeated to a batch has its sizes from elsewhere.
        let known = macs == 0 && input == Some(&dims) && class != "expand";
        let buffers = whole(self.buffers).filter(|&buffers| buffers > 0);
        let mut layer =
            model::Unsupported { class, arguments, parameters, macs: Some(macs), buffers, ..Default::default() };
        if !known {
            layer.input = Some(input.map(by_sample).unwrap_or_default());
            layer.shape = Some(by_sample(&dims));
        }
        layer.into()
    }
}

impl Machine {
    /// A function whose output and multiply-accumulates are known; where its shape is not, neither is the rest.
    pub(crate) fn figured(
        &mut self,
        function: &str,
        inputs: &[Rc<Tensor>],
        dims: Option<Dims>,
        macs: u64,
    ) -> Run<Value> {
        let Some(dims) = dims.filter(|dims| dims.elements().is_some()) else {
            return self.unsupported(function, inputs, None);
        };
        let written = self.host.written.take().filter(|(name, _)| **name == *function);
        let arguments = written.map(|(_, arguments)| arguments).unwrap_or_default();
        let flowing = flowing(inputs);
        let figures =
            Figures { arguments, dims: Some(dims), macs: Some(macs), parameters: Some(0), ..Figures::default() };
        let layer = figures.layer(function, flowing.first().and_then(|tensor| tensor.dims.as_ref()));
        self.apply_with(function, layer, &flowing, Some(dims))
    }
}

/// What flows in, and what the text made beside it: those first that the network computes.
pub(crate) fn flowing(inputs: &[Rc<Tensor>]) -> Vec<Rc<Tensor>> {
    inputs.iter().filter(|tensor| Machine::flows(tensor)).cloned().collect()
}
