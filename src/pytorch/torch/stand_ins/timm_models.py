# What texts use of timm, after timm 1.0.31 (https://github.com/huggingface/pytorch-image-models), shortened:
# Apache License 2.0, Copyright 2019 Ross Wightman.

IMAGENET_DEFAULT_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEFAULT_STD = (0.229, 0.224, 0.225)
IMAGENET_INCEPTION_MEAN = (0.5, 0.5, 0.5)
IMAGENET_INCEPTION_STD = (0.5, 0.5, 0.5)
IMAGENET_DPN_MEAN = (124 / 255, 117 / 255, 104 / 255)
IMAGENET_DPN_STD = tuple([1 / (0.0167 * 255)] * 3)
OPENAI_CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
OPENAI_CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
DEFAULT_CROP_PCT = 0.875


def register_model(function):
    return function
register_notrace_module = register_notrace_function = register_model


def register_model_deprecations(module_name, deprecation_map):
    pass


def _cfg(url='', **kwargs):
    return {'url': url, 'num_classes': 1000, 'input_size': (3, 224, 224), **kwargs}
MATCH_PREV_GROUP = (99999,)


def checkpoint(function, *args, use_reentrant=None, **kwargs):
    return function(*args, **kwargs)


def checkpoint_seq(functions, x, every=1, flatten=False, skip_last=False, use_reentrant=None):
    for function in functions:
        x = function(x)
    return x


def named_apply(fn, module, name='', depth_first=True, include_root=False):
    return module


def flatten_modules(named_modules, depth=1, prefix='', module_types='sequential'):
    return named_modules


def reparameterize_model(model, inplace=False):
    return model


def adapt_input_conv(in_chans, conv_weight):
    return conv_weight


def update_model_args(*args, **kwargs):
    pass


def update_model_input_size(*args, **kwargs):
    pass


def feature_take_indices(num_features, indices=None, as_set=False):
    if indices is None:
        indices = num_features
    if isinstance(indices, int):
        indices = [num_features - indices + i for i in range(indices)]
    take = [num_features + i if i < 0 else i for i in indices]
    return (take, max(take))


class FeatureInfo:
    def __init__(self, feature_info, out_indices):
        self.info = feature_info


class FeatureHooks:
    def __init__(self, hooks, named_modules, out_map=None, default_hook_type='forward'):
        self.hooks = hooks
_CFGS = {}


def generate_default_cfgs(cfgs):
    found, sure = ({}, set())
    for name, cfg in cfgs.items():
        model, _, tag = name.partition('.')
        weights = bool(cfg.get('url') or cfg.get('hf_hub_id') or cfg.get('file'))
        first = weights and (not tag) or (tag.endswith('*') and model not in sure)
        if model not in found or first or (weights and (not found[model][1])):
            found[model] = (cfg, weights or (model in found and found[model][1]))
        if first:
            sure.add(model)
    made = {model: cfg for model, (cfg, _) in found.items()}
    _CFGS.update(made)
    return made


def resolve_pretrained_cfg(variant, pretrained_cfg=None, pretrained_cfg_overlay=None):
    cfg = pretrained_cfg if isinstance(pretrained_cfg, dict) else _CFGS.get(variant, {})
    return {'num_classes': 1000, 'input_size': (3, 224, 224), **cfg, **(pretrained_cfg_overlay or {})}
get_pretrained_cfg = resolve_pretrained_cfg


def pretrained_cfg_for_features(pretrained_cfg):
    return pretrained_cfg


def build_model_with_cfg(
    model_cls, variant, pretrained=False, pretrained_cfg=None, pretrained_cfg_overlay=None, model_cfg=None,
    feature_cfg=None, pretrained_strict=True, pretrained_filter_fn=None, cache_dir=None, kwargs_filter=None,
    pretrained_model_args=None, **kwargs
):
    kwargs.pop('pruned', False)
    features = kwargs.pop('features_only', False)
    cfg = resolve_pretrained_cfg(variant, pretrained_cfg, pretrained_cfg_overlay)
    if cfg.get('fixed_input_size', False):
        kwargs.setdefault('img_size', cfg['input_size'][-2:])
    kwargs.setdefault('in_chans', cfg['input_size'][0])
    if cfg['num_classes'] is not None and cfg['num_classes'] >= 0:
        kwargs.setdefault('num_classes', cfg['num_classes'])
    if cfg.get('global_pool') is not None:
        kwargs.setdefault('global_pool', cfg['global_pool'])
    for name in kwargs_filter or ():
        kwargs.pop(name, None)
    if features:
        raise NotImplementedError('features_only')
    model = model_cls(**kwargs) if model_cfg is None else model_cls(cfg=model_cfg, **kwargs)
    model.pretrained_cfg = cfg
    model.default_cfg = cfg
    return model
