//! What `torch.save(model.state_dict(), path)` writes, to the byte: the tensors, and around them a zip file and a
//! pickle with the name of every tensor and module.

mod archive;
mod pickle;

use crate::cost::Report;
use crate::model::{Call, Kind, Network, Node};
use crate::rewrite::{Uses, folds};
use crate::shape::{Fill, ParameterTensor, ParameterTensors, parameter_tensors, uncalled_tensors};

use archive::Archive;
use pickle::Pickle;

/// The bytes of saved state dicts as PyTorch 2.9 writes them to a file whose name has seven letters (`archive`): each
/// letter more takes two bytes for each record, give or take the filling. `None` where they are not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SavedSizes {
    /// Of the model in 32-bit floats.
    pub float32: Option<u64>,
    /// After `quantize_dynamic` of all Linears.
    pub dynamic_int8: Option<u64>,
    /// After fusing, `QuantWrapper` and `convert` with weights quantised by channel. Known for convolutions, batch
    /// norms that fold, ReLUs, pools and Linears in a row.
    pub static_int8: Option<u64>,
}

/// Which of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Float,
    Dynamic,
    Static,
}

/// What numbers a storage holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    Float,
    Double,
    Long,
    Int8,
}

/// A tensor with a storage of its own.
#[derive(Clone, Debug, PartialEq)]
struct Tensor {
    shape: Vec<u64>,
    element: Element,
}

/// What a state dict has under a name.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Tensor(Tensor),
    /// A `Parameter`, wrapped as one.
    Parameter(Tensor),
    /// An int8 tensor, with one scale or one for each channel.
    Quantised(Tensor, Scales),
    /// What a quantised Linear keeps: weight and bias.
    Packed(Tensor, Scales, Option<Tensor>),
    /// The type of the weights.
    Type,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scales {
    One,
    ByChannel,
}

/// Names with values, and the names of all modules, in order.
#[derive(Clone, Debug, Default)]
struct StateDict {
    entries: Vec<(String, Value)>,
    modules: Vec<String>,
}

/// The bytes of the files.
pub fn saved_sizes(network: &Network, report: &Report) -> SavedSizes {
    let size = |form: Form| StateDict::of(network, report, form)?.bytes();
    SavedSizes { float32: size(Form::Float), dynamic_int8: size(Form::Dynamic), static_int8: size(Form::Static) }
}

impl StateDict {
    fn of(network: &Network, report: &Report, form: Form) -> Option<Self> {
        let uses = Uses::of(network);
        let mut dict = Self::default();
        let prefix = if form == Form::Static { "module." } else { "" };
        dict.module("");
        if form == Form::Static {
            dict.tensor("quant.scale", &[1], Element::Float);
            dict.tensor("quant.zero_point", &[1], Element::Long);
            ["quant", "dequant", "module"].into_iter().for_each(|name| dict.module(name));
        }
        for (index, node) in network.nodes.iter().enumerate() {
            let row = &report.rows[index];
            if !row.state.is_counted() {
                return None;
            }
            if row.shared_with.is_some() {
                continue;
            }
            let input = report.wiring.taps(index).first().and_then(|&tap| report.shapes.tap(tap));
            let tensors = parameter_tensors(&node.layer, input);
            let name = format!("{prefix}{}", node.name);
            match form {
                Form::Dynamic if node.layer.kind() == Kind::Linear => dict.linear(&name, &tensors, Scales::One),
                Form::Float | Form::Dynamic => dict.layer(&name, node, &tensors),
                Form::Static => dict.quantised_layer(&name, (network, index), (&uses, &tensors))?,
            }
        }
        for module in &network.uncalled {
            if form == Form::Static {
                return None;
            }
            dict.holders(&module.name);
            dict.module(&module.name);
            dict.tensors(&module.name, &uncalled_tensors(module));
        }
        Some(dict)
    }

    /// `None` where the sizes are too large for the format.
    fn bytes(&self) -> Option<u64> {
        let mut pickle = Pickle::new();
        let mut storages = Vec::new();
        pickle.ordered_dict(&self.entries, |pickle, (name, value)| {
            pickle.text(name);
            value.write(pickle, &mut storages);
        });
        // The attributes of the dictionary: the version of each module.
        pickle.single_dict(|pickle| {
            pickle.shared_text("_metadata");
            pickle.ordered_dict(&self.modules, |pickle, name| {
                pickle.text(name);
                pickle.single_dict(|pickle| {
                    pickle.shared_text("version");
                    pickle.int(1);
                });
            });
        });
        pickle.codes(1);
        let mut archive = Archive::default();
        archive.add("data.pkl", pickle.length());
        archive.add(".format_version", 1);
        archive.add(".storage_alignment", 2);
        archive.add("byteorder", 6);
        for (key, storage) in storages.iter().enumerate() {
            archive.add(&format!("data/{key}"), storage.bytes()?);
        }
        archive.add("version", 2);
        archive.add(".data/serialization_id", 40);
        archive.length()
    }

    /// A layer as it is.
    fn layer(&mut self, name: &str, node: &Node, tensors: &ParameterTensors) {
        self.holders(name);
        if is_module(node) {
            self.module(name);
        }
        self.tensors(name, tensors);
    }

    /// A layer of the quantised model; `None` where that is not known.
    fn quantised_layer(
        &mut self,
        name: &str,
        (network, index): (&Network, usize),
        (uses, tensors): (&Uses, &ParameterTensors),
    ) -> Option<()> {
        let node = &network.nodes[index];
        match node.layer.kind() {
            Kind::Linear => self.linear(name, tensors, Scales::ByChannel),
            Kind::Conv2d => {
                self.holders(name);
                self.module(name);
                let weight = tensors.iter().find(|tensor| tensor.name == "weight")?;
                let norm = uses.only_reader(index).filter(|&norm| folds(network, uses, index, norm));
                let has_bias = norm.is_some() || tensors.iter().any(|tensor| tensor.name == "bias");
                let bias = Tensor { shape: vec![*weight.shape.first()?], element: Element::Float };
                self.push(name, "weight", Value::Quantised(Tensor::int8(weight), Scales::ByChannel));
                self.push(name, "bias", if has_bias { Value::Parameter(bias) } else { Value::None });
                self.tensor(&format!("{name}.scale"), &[], Element::Float);
                self.tensor(&format!("{name}.zero_point"), &[], Element::Long);
            }
            Kind::BatchNorm2d => {
                // In its place stands an Identity.
                let above = uses.only_source(index)?;
                let is_folded = uses.only_reader(above) == Some(index) && folds(network, uses, above, index);
                if !is_folded || network.nodes[above].layer.kind() != Kind::Conv2d {
                    return None;
                }
                self.holders(name);
                self.module(name);
            }
            Kind::ReLU
            | Kind::MaxPool2d
            | Kind::AvgPool2d
            | Kind::AdaptiveAvgPool2d
            | Kind::Dropout
            | Kind::Flatten
            | Kind::Identity
            | Kind::View => self.layer(name, node, tensors),
            _ => return None,
        }
        Some(())
    }

    fn linear(&mut self, name: &str, tensors: &ParameterTensors, scales: Scales) {
        self.holders(name);
        self.module(name);
        self.module(&format!("{name}._packed_params"));
        self.tensor(&format!("{name}.scale"), &[], Element::Float);
        self.tensor(&format!("{name}.zero_point"), &[], Element::Long);
        let find = |wanted: &str| tensors.iter().find(|tensor| tensor.name == wanted);
        if let Some(weight) = find("weight") {
            self.push(name, "_packed_params.dtype", Value::Type);
            let packed = Value::Packed(Tensor::int8(weight), scales, find("bias").map(Tensor::of));
            self.push(name, "_packed_params._packed_params", packed);
        }
    }

    fn tensors(&mut self, name: &str, tensors: &ParameterTensors) {
        for tensor in tensors.iter() {
            match tensor.name {
                "" => self.entries.push((name.to_string(), Value::Tensor(Tensor::of(tensor)))),
                own => self.push(name, own, Value::Tensor(Tensor::of(tensor))),
            }
        }
    }

    fn tensor(&mut self, name: &str, shape: &[u64], element: Element) {
        self.entries.push((name.to_string(), Value::Tensor(Tensor { shape: shape.to_vec(), element })));
    }

    fn push(&mut self, module: &str, name: &str, value: Value) {
        self.entries.push((format!("{module}.{name}"), value));
    }

    /// The modules that hold the one of this name: of `layer1.0.conv1`, `layer1` and `layer1.0`.
    fn holders(&mut self, name: &str) {
        name.match_indices('.').for_each(|(end, _)| self.module(&name[..end]));
    }

    fn module(&mut self, name: &str) {
        if !self.modules.iter().any(|module| module == name) {
            self.modules.push(name.to_string());
        }
    }
}

impl Value {
    fn write(&self, pickle: &mut Pickle, storages: &mut Vec<Tensor>) {
        match self {
            Self::Tensor(tensor) => tensor.write(pickle, storages),
            Self::Parameter(tensor) => tensor.write_parameter(pickle, storages),
            Self::Quantised(weight, scales) => weight.write_quantised(*scales, pickle, storages),
            Self::Packed(weight, scales, bias) => pickle.tuple(2, |pickle| {
                weight.write_quantised(*scales, pickle, storages);
                match bias {
                    Some(bias) => bias.write_parameter(pickle, storages),
                    None => pickle.codes(1),
                }
            }),
            Self::Type => pickle.global("torch", "qint8"),
            Self::None => pickle.codes(1),
        }
    }
}

impl Tensor {
    fn of(tensor: &ParameterTensor) -> Self {
        let element = if tensor.fill == Fill::Counter { Element::Long } else { Element::Float };
        Self { shape: tensor.shape.to_vec(), element }
    }

    fn int8(tensor: &ParameterTensor) -> Self {
        Self { shape: tensor.shape.to_vec(), element: Element::Int8 }
    }

    fn elements(&self) -> u64 {
        self.shape.iter().fold(1, |product: u64, &size| product.saturating_mul(size))
    }

    fn bytes(&self) -> Option<u64> {
        let size = match self.element {
            Element::Float => 4,
            Element::Double | Element::Long => 8,
            Element::Int8 => 1,
        };
        self.elements().checked_mul(size).filter(|&bytes| bytes < u64::from(u32::MAX))
    }

    fn write(&self, pickle: &mut Pickle, storages: &mut Vec<Self>) {
        pickle.global("torch._utils", "_rebuild_tensor_v2");
        pickle.tuple(6, |pickle| {
            self.write_storage(pickle, storages);
            pickle.codes(1);
            write_hooks(pickle);
        });
        pickle.codes(1);
        pickle.number();
    }

    fn write_parameter(&self, pickle: &mut Pickle, storages: &mut Vec<Self>) {
        pickle.global("torch._utils", "_rebuild_parameter");
        pickle.tuple(3, |pickle| {
            self.write(pickle, storages);
            pickle.codes(1);
            write_hooks(pickle);
        });
        pickle.codes(1);
        pickle.number();
    }

    fn write_quantised(&self, scales: Scales, pickle: &mut Pickle, storages: &mut Vec<Self>) {
        pickle.global("torch._utils", "_rebuild_qtensor");
        pickle.tuple(7, |pickle| {
            self.write_storage(pickle, storages);
            match scales {
                Scales::One => pickle.tuple(3, |pickle| {
                    pickle.global("torch", "per_tensor_affine");
                    pickle.float();
                    pickle.int(0);
                }),
                Scales::ByChannel => pickle.tuple(4, |pickle| {
                    pickle.global("torch", "per_channel_affine");
                    let channels = self.shape[..1].to_vec();
                    Self { shape: channels.clone(), element: Element::Double }.write(pickle, storages);
                    Self { shape: channels, element: Element::Long }.write(pickle, storages);
                    pickle.int(0);
                }),
            }
            pickle.codes(1);
            write_hooks(pickle);
        });
        pickle.codes(1);
        pickle.number();
    }

    /// Storage, offset, sizes and strides.
    fn write_storage(&self, pickle: &mut Pickle, storages: &mut Vec<Self>) {
        pickle.tuple(5, |pickle| {
            pickle.shared_text("storage");
            let name = match self.element {
                Element::Float => "FloatStorage",
                Element::Double => "DoubleStorage",
                Element::Long => "LongStorage",
                Element::Int8 => "QInt8Storage",
            };
            pickle.global("torch", name);
            pickle.text(&storages.len().to_string());
            pickle.shared_text("cpu");
            pickle.int(self.elements());
        });
        storages.push(self.clone());
        pickle.codes(1);
        pickle.int(0);
        pickle.ints(&self.shape);
        let mut strides = vec![1_u64; self.shape.len()];
        for index in (1..strides.len()).rev() {
            strides[index - 1] = strides[index].saturating_mul(self.shape[index]);
        }
        pickle.ints(&strides);
    }
}

/// No hooks: an empty dictionary.
fn write_hooks(pickle: &mut Pickle) {
    pickle.ordered_dict::<()>(&[], |_, _| {});
}

/// A module of its own in the class, as it is called.
fn is_module(node: &Node) -> bool {
    node.call == Call::Module && !node.layer.kind().is_function() && node.layer.kind() != Kind::Parameter
}
