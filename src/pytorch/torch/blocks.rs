//! What libraries make of PyTorch's layers: their Python, shortened, run when a text first wants one of its names.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::super::python::{Frame, Run, parse as syntax};
use super::{Machine, Value, signature};

/// Python that stands in for files of libraries.
struct StandIn {
    text: &'static str,
    /// The paths of the modules that have its names; torchvision's own files name each other relatively.
    modules: &'static [&'static str],
    names: &'static str,
}

/// timm's files name each other relatively.
const TIMM_LAYERS: &[&str] = &["timm.layers", "timm.models.layers", "layers"];
const TIMM_BLOCKS: &[&str] = &[
    "_efficientnet_blocks",
    "_efficientnet_builder",
    "efficientnet_blocks",
    "efficientnet_builder",
    "timm.models._efficientnet_blocks",
    "timm.models._efficientnet_builder",
];
const TIMM_MODELS: &[&str] = &[
    "timm.models",
    "timm.models.registry",
    "timm.models.helpers",
    "timm.models._builder",
    "timm.models._registry",
    "timm.models._manipulate",
    "timm.models._features",
    "timm.data",
    "timm.data.constants",
    "_builder",
    "_registry",
    "_features",
    "_features_fx",
    "_manipulate",
    "_input",
    "helpers",
    "registry",
];

const STAND_INS: &[StandIn] = &[
    StandIn {
        text: include_str!("stand_ins/torchvision_ops.py"),
        modules: &["torchvision.ops", "torchvision.ops.misc", "ops.misc"],
        names: "ConvNormActivation Conv2dNormActivation SqueezeExcitation MLP Permute FrozenBatchNorm2d",
    },
    StandIn {
        text: include_str!("stand_ins/torchvision_ops.py"),
        modules: &["torchvision.models._utils", "_utils", "torchvision.models.segmentation._utils"],
        names: "_make_divisible _ovewrite_named_param _ovewrite_value_param IntermediateLayerGetter _SimpleSegmentationModel",
    },
    StandIn {
        text: include_str!("stand_ins/torch_nn.py"),
        modules: &["torch.nn", "torch.nn.modules", "torch.nn.modules.transformer"],
        names: "TransformerEncoderLayer TransformerDecoderLayer TransformerEncoder TransformerDecoder Transformer",
    },
    StandIn {
        text: include_str!("stand_ins/torch_nn.py"),
        modules: &[
            "torch.quantization",
            "torch.ao.quantization",
            "torch.nn.quantized",
            "torch.ao.nn.quantized",
            "torch.quantization.stubs",
            "torch.ao.nn.quantized.modules",
        ],
        names: "QuantStub DeQuantStub FloatFunctional",
    },
    StandIn {
        text: include_str!("stand_ins/einops_layers.py"),
        modules: &["einops.layers.torch"],
        names: "Rearrange Reduce",
    },
    StandIn {
        text: include_str!("stand_ins/timm_norms.py"),
        modules: TIMM_LAYERS,
        names: "Linear PadType LayerType to_ntuple to_1tuple to_2tuple to_3tuple to_4tuple trunc_normal_ \
                lecun_normal_ variance_scaling_ trunc_normal_tf_ init_weight_vit init_weight_jax drop_path \
                DropBlock2d PatchDropout use_fused_attn is_exportable is_scriptable is_fast_norm set_fused_attn \
                get_device_dtype get_act_layer create_act_layer get_act_fn LayerNorm LayerNorm2d LayerNormExp2d \
                LayerNormFp32 LayerNorm2dFp32 GroupNorm GroupNorm1 RmsNorm RmsNorm2d SimpleNorm SimpleNorm2d \
                _NormAct BatchNormAct2d GroupNormAct GroupNorm1Act LayerNormAct LayerNormAct2d get_norm_layer \
                create_norm_layer get_norm_act_layer create_norm_act_layer resample_abs_pos_embed \
                resample_abs_pos_embed_nhwc resample_patch_embed resize_rel_pos_bias_table_levit \
                resize_rel_pos_bias_table",
    },
    StandIn {
        text: include_str!("stand_ins/timm_layers_1.py"),
        modules: TIMM_LAYERS,
        names: "get_same_padding pad_same conv2d_same Conv2dSame is_static_pad get_padding get_padding_value \
                create_conv2d_pad calculate_drop_path_rates DiffAttention maybe_add_mask resolve_self_attn_mask \
                Attention Mlp AttentionPoolLatent AvgPool2dSame BlurPool2d adaptive_pool_feat_mult Format \
                get_spatial_dim FastAdaptiveAvgPool FastAdaptiveMaxPool",
    },
    StandIn {
        text: include_str!("stand_ins/timm_layers_2.py"),
        modules: TIMM_LAYERS,
        names: "FastAdaptiveAvgMaxPool get_channel_dim FastAdaptiveCatAvgMaxPool adaptive_avgmax_pool2d \
                AdaptiveAvgMaxPool2d adaptive_catavgmax_pool2d AdaptiveCatAvgMaxPool2d SelectAdaptivePool2d \
                _create_pool _create_fc create_classifier ClassifierHead ConvMlp _normalize_aa_layer \
                _underlying_cls _is_blurpool create_aa CondConv2d _split_channels MixedConv2d create_conv2d",
    },
    StandIn {
        text: include_str!("stand_ins/timm_layers_3.py"),
        modules: TIMM_LAYERS,
        names: "ConvNormAct GatedMlp GlobalResponseNorm GlobalResponseNormMlp GluMlp LayerScale LayerScale2d \
                NormMlpClassifierHead ClNormMlpClassifierHead nchw_to PatchEmbed make_divisible SEModule \
                SqueezeExcite _kernel_valid",
    },
    StandIn {
        text: include_str!("stand_ins/timm_layers_4.py"),
        modules: TIMM_LAYERS,
        names: "SelectiveKernelAttn SelectiveKernel SeparableConvNormAct RadixSoftmax SplitAttn SwiGLU get_attn \
                create_attn MaxPool2dSame create_pool2d EcaModule ConvBnAct ndgrid EffectiveSEModule ChannelAttn \
                SpatialAttn",
    },
    StandIn {
        text: include_str!("stand_ins/timm_layers_5.py"),
        modules: TIMM_LAYERS,
        names: "CbamModule StdConv2d ScaledStdConv2d ConvNormActAa MultiQueryAttention2d Attention2d CecaModule",
    },
    StandIn {
        text: include_str!("stand_ins/timm_blocks_1.py"),
        modules: TIMM_BLOCKS,
        names: "efficientnet_init_weights num_groups DepthwiseSeparableConv InvertedResidual \
                UniversalInvertedResidual MobileAttention CondConvResidual EdgeResidual _DEBUG_BUILDER \
                round_channels _log_info_if",
    },
    StandIn {
        text: include_str!("stand_ins/timm_blocks_2.py"),
        modules: TIMM_BLOCKS,
        names: "EfficientNetBuilder _parse_ksize _decode_block_str _scale_stage_depth decode_arch_def \
                resolve_act_layer resolve_bn_args BN_EPS_TF_DEFAULT BN_MOMENTUM_TF_DEFAULT SqueezeExcite \
                ConvBnAct",
    },
    StandIn {
        text: include_str!("stand_ins/timm_models.py"),
        modules: TIMM_MODELS,
        names: "IMAGENET_DEFAULT_MEAN IMAGENET_DEFAULT_STD IMAGENET_INCEPTION_MEAN IMAGENET_INCEPTION_STD \
                IMAGENET_DPN_MEAN IMAGENET_DPN_STD OPENAI_CLIP_MEAN OPENAI_CLIP_STD DEFAULT_CROP_PCT \
                register_model register_notrace_module register_notrace_function register_model_deprecations \
                _cfg MATCH_PREV_GROUP checkpoint checkpoint_seq named_apply flatten_modules reparameterize_model \
                adapt_input_conv update_model_args update_model_input_size feature_take_indices FeatureInfo \
                FeatureHooks generate_default_cfgs resolve_pretrained_cfg get_pretrained_cfg \
                pretrained_cfg_for_features build_model_with_cfg",
    },
    StandIn {
        text: include_str!("stand_ins/glue.py"),
        modules: &["torchaudio.transforms"],
        names: "Spectrogram MelScale MelSpectrogram AmplitudeToDB MFCC",
    },
    StandIn {
        text: include_str!("stand_ins/glue.py"),
        modules: &["gym.spaces", "gymnasium.spaces", "gym.spaces.box", "gymnasium.spaces.box"],
        names: "Box Discrete",
    },
    StandIn {
        text: include_str!("stand_ins/glue.py"),
        modules: &["stable_baselines3.common.torch_layers", "stable_baselines3.common.preprocessing"],
        names: "BaseFeaturesExtractor get_flattened_obs_dim",
    },
];

/// Layers that a printed model may have more or less than torchvision's, as its head is somebody's own.
const MOST_LAYERS_OFF: usize = 8;

/// Torchvision's models, by their files.
const TORCHVISION: &[(&str, &str)] = &[
    ("alexnet", include_str!("stand_ins/alexnet.py")),
    ("convnext", include_str!("stand_ins/convnext.py")),
    ("densenet", include_str!("stand_ins/densenet.py")),
    ("efficientnet", include_str!("stand_ins/efficientnet.py")),
    ("googlenet", include_str!("stand_ins/googlenet.py")),
    ("inception", include_str!("stand_ins/inception.py")),
    ("maxvit", include_str!("stand_ins/maxvit.py")),
    ("mnasnet", include_str!("stand_ins/mnasnet.py")),
    ("mobilenetv2", include_str!("stand_ins/mobilenetv2.py")),
    ("mobilenetv3", include_str!("stand_ins/mobilenetv3.py")),
    ("regnet", include_str!("stand_ins/regnet.py")),
    ("resnet", include_str!("stand_ins/resnet.py")),
    ("shufflenetv2", include_str!("stand_ins/shufflenetv2.py")),
    ("squeezenet", include_str!("stand_ins/squeezenet.py")),
    ("swin_transformer", include_str!("stand_ins/swin_transformer.py")),
    ("vgg", include_str!("stand_ins/vgg.py")),
    ("vision_transformer", include_str!("stand_ins/vision_transformer.py")),
    ("fcn", include_str!("stand_ins/fcn.py")),
    ("deeplabv3", include_str!("stand_ins/deeplabv3.py")),
    ("lraspp", include_str!("stand_ins/lraspp.py")),
];

/// The file of each of their names; the first that has it.
static TORCHVISION_NAMES: LazyLock<FxHashMap<&str, Vec<&str>>> = LazyLock::new(|| {
    let mut files: FxHashMap<&str, Vec<&str>> = FxHashMap::default();
    for line in include_str!("stand_ins/torchvision_names.txt").lines() {
        if let Some((file, names)) = line.split_once(": ") {
            for name in names.split_whitespace() {
                files.entry(name).or_default().push(file);
            }
        }
    }
    files
});

/// A model of torchvision by its name alone, as `torch.hub` has it.
pub(crate) fn is_torchvision_model(name: &str) -> bool {
    TORCHVISION_NAMES.contains_key(name)
}

/// How many layers and parameters each of torchvision's models has, by the function that makes it: `resnet18 52 11689512`.
pub(crate) const TORCHVISION_LAYERS: &str = include_str!("stand_ins/torchvision_layers.txt");

/// The models of a class of torchvision's that have about so many layers, the nearest first, by parameters where
/// layers are as many: module and function.
pub(crate) fn models_of_class(class: &str, layers: usize, params: u64) -> Vec<(String, &'static str)> {
    let file_of = match class {
        "Inception3" => "inception".to_string(),
        class => class.to_lowercase(),
    };
    let mut lines = include_str!("stand_ins/torchvision_names.txt").lines().filter_map(|line| line.split_once(": "));
    let Some((file, names)) = lines.find(|(file, _)| file.replace('_', "") == file_of) else { return Vec::new() };
    let segments = matches!(file, "fcn" | "deeplabv3" | "lraspp");
    let module = format!("torchvision.models{}.{file}", if segments { ".segmentation" } else { "" });
    let names: Vec<&str> = names.split_whitespace().collect();
    let about = TORCHVISION_LAYERS.lines().filter_map(|line| {
        let (name, count) = line.split_once(' ').filter(|(name, _)| names.contains(name))?;
        let (count, own) = count.split_once(' ')?;
        let off = count.parse::<usize>().ok()?.abs_diff(layers);
        (off <= MOST_LAYERS_OFF).then_some(((off, own.parse::<u64>().ok()?.abs_diff(params)), name))
    });
    let mut about: Vec<((usize, u64), &str)> = about.collect();
    about.sort_by_key(|(off, _)| *off);
    about.into_iter().map(|(_, name)| (module.clone(), name)).collect()
}

fn stand_in(module: &str, name: &str) -> Option<&'static str> {
    // What is a layer here needs nobody to stand in.
    if signature::is_known_class(name) {
        return None;
    }
    if let Some(file) = module.strip_prefix("torchvision.models") {
        let file = file.trim_start_matches('.').trim_start_matches("segmentation").trim_start_matches('.');
        let files = TORCHVISION_NAMES.get(name).map(Vec::as_slice).unwrap_or_default();
        // `torchvision.models` itself has what is no helper.
        let found = match file {
            "" => files.first().filter(|_| !name.starts_with('_')),
            "mobilenet" => files.first(),
            file => files.iter().find(|other| **other == file),
        };
        if let Some(found) = found {
            return TORCHVISION.iter().find(|(file, _)| file == found).map(|(_, text)| *text);
        }
    }
    let has = |stand_in: &&StandIn| {
        // `timm.layers.mlp` has a part of what `timm.layers` has.
        let part = |own: &&str| own.starts_with("timm.") && own.ends_with("layers") && module.starts_with(own);
        (stand_in.modules.contains(&module) || stand_in.modules.iter().any(part))
            && stand_in.names.split_whitespace().any(|other| other == name)
    };
    STAND_INS.iter().find(has).map(|stand_in| stand_in.text)
}

impl Machine {
    /// What a library's module has under this name, if it is known here.
    pub(crate) fn library_block(&mut self, module: &str, name: &str) -> Run<Option<Value>> {
        let Some(text) = stand_in(module, name) else { return Ok(None) };
        let at = text.as_ptr() as usize;
        let scope = match self.host.blocks.get(&at) {
            Some(scope) => *scope,
            None => {
                let scope = self.new_scope(None)?;
                // A name that is wanted meanwhile is one of another file.
                self.host.blocks.insert(at, scope);
                let line = self.line;
                self.frames.push(Frame { scope, class: None, receiver: None, yielded: None });
                let result = self.with_whole_budget(|machine| machine.block(&syntax::parse_unplaced(text).body));
                self.frames.pop();
                self.line = line;
                result?;
                scope
            }
        };
        Ok(self.heap.scopes[scope].variables.get(name).cloned())
    }
}
