"""Torchvision's models as the import reads them: its own files without documentation, weights and annotations.

    python tests/oracle/zoo.py src/pytorch/torch/stand_ins

writes a file for each of torchvision's (0.24.1), and `torchvision_names.txt` with what each defines.
"""

import ast
import sys
from pathlib import Path

import importlib.util

FILES = [
    "alexnet", "convnext", "densenet", "efficientnet", "googlenet", "inception", "maxvit", "mnasnet", "mobilenetv2",
    "mobilenetv3", "regnet", "resnet", "shufflenetv2", "squeezenet", "swin_transformer", "vgg", "vision_transformer",
    "segmentation/fcn", "segmentation/deeplabv3", "segmentation/lraspp",
]
DROPPED_CALLS = {"_log_api_usage_once", "register_model", "handle_legacy_interface", "warnings.warn"}
LICENCE = """# After torchvision 0.24.1 (https://github.com/pytorch/vision), shortened; its licence is in torchvision.LICENSE:
# BSD 3-Clause License, Copyright (c) Soumith Chintala 2016, All rights reserved.
"""


def called(node):
    function = node.func if isinstance(node, ast.Call) else node
    return ast.unparse(function)


class Shorter(ast.NodeTransformer):
    def body(self, body):
        kept = []
        for statement in body:
            is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            is_log = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
            is_log = is_log and (called(statement.value) in DROPPED_CALLS or ".init." in called(statement.value))
            text = ast.unparse(statement)
            simple = not isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.If, ast.For))
            loads = simple and any(word in text for word in ("load_state_dict", ".meta[", ".verify(weights", "get_state_dict"))
            empty = isinstance(statement, ast.If) and all(isinstance(one, ast.Pass) for one in statement.body) and not statement.orelse
            if is_text or is_log or loads or empty or isinstance(statement, (ast.Assert,)):
                continue
            kept.append(statement)
        return kept or [ast.Pass()]

    def visit_FunctionDef(self, node):
        if any("_overload" in called(decorator) for decorator in node.decorator_list):
            return None
        if node.name in ("_load_from_state_dict", "_load_state_dict", "reset_parameters", "init_weights"):
            return None
        node.decorator_list = [one for one in node.decorator_list if called(one) in ("staticmethod", "classmethod", "property")]
        node.returns = None
        defaults = node.args.defaults + [one for one in node.args.kw_defaults if one]
        for default in defaults:
            if "_Weights" in ast.unparse(default):
                default.__class__ = ast.Constant
                default.__dict__.update(value=None, kind=None)
        made = [argument.arg for argument in node.args.kwonlyargs]
        if "weights" in made and not node.name.startswith("_"):
            # The same by place, and by the names of before.
            node.args.args, node.args.defaults = node.args.args + node.args.kwonlyargs, node.args.defaults + node.args.kw_defaults
            node.args.kwonlyargs, node.args.kw_defaults = [], []
            before = ast.parse("kwargs.pop('pretrained_backbone', None)\nif kwargs.pop('pretrained', False):\n    weights = True")
            node.body = before.body + node.body
        for argument in node.args.args + node.args.kwonlyargs + node.args.posonlyargs:
            argument.annotation = None
        for argument in (node.args.vararg, node.args.kwarg):
            if argument:
                argument.annotation = None
        self.generic_visit(node)
        node.body = self.body(node.body)
        return node

    def visit_ClassDef(self, node):
        if any("WeightsEnum" in ast.unparse(base) for base in node.bases):
            return None
        node.decorator_list = [one for one in node.decorator_list if called(one) == "dataclass"]
        self.generic_visit(node)
        node.body = self.body(node.body)
        return node

    def visit_AnnAssign(self, node):
        self.generic_visit(node)
        if node.value is None:
            return node
        return node if isinstance(node.target, ast.Name) and "field" in ast.unparse(node.value) else ast.Assign(targets=[node.target], value=node.value, lineno=0)

    def visit_If(self, node):
        text = ast.unparse(node.test)
        if text == "init_weights":
            return None
        if "torch.jit.is_scripting()" in text:
            kept = node.body if text.startswith("not ") else node.orelse
            return [self.visit(one) for one in kept] or None
        self.generic_visit(node)
        node.body = self.body(node.body)
        return node

    def visit_For(self, node):
        if "self.modules()" in ast.unparse(node.iter):
            return None
        self.generic_visit(node)
        node.body = self.body(node.body)
        return node


def shorter(source, place):
    tree = ast.parse(source)
    kept = []
    for statement in tree.body:
        text = ast.unparse(statement)
        if isinstance(statement, ast.ImportFrom) and (statement.level or "torchvision" in statement.module):
            above = ["torchvision", "models", *place[:-1]]
            above = above[: len(above) - statement.level + 1] if statement.level else []
            statement.module = ".".join(above + ([statement.module] if statement.module else []))
            statement.level = 0
            statement.names = [one for one in statement.names if not one.name.endswith("_Weights") and one.name not in ("_log_api_usage_once", "handle_legacy_interface")]
            if any(word in statement.module for word in ("_api", "_meta", "transforms", "utils._", "torchvision.utils")) or not statement.names:
                continue
            if "_utils" in statement.module and statement.module.endswith(".utils"):
                continue
        if text.startswith("from typing") and "cast" in text:
            statement.names = [one for one in statement.names if one.name == "cast"]
        elif isinstance(statement, (ast.Import, ast.ImportFrom)) and any(
            word in text for word in ("typing", "warnings", "collections.abc", "annotations", "torch.utils.checkpoint")
        ):
            continue
        if isinstance(statement, ast.Assign) and any(word in text for word in ("_META", "__all__", "_COMMON", "_SWAG", "GoogLeNetOutputs.__ann", "InceptionOutputs.__ann", "_GoogLeNetOutputs", "_InceptionOutputs")):
            continue
        kept.append(statement)
    tree.body = kept
    shortener = Shorter()
    tree = shortener.visit(tree)
    tree.body = shortener.body(tree.body)
    return ast.unparse(ast.fix_missing_locations(tree))


def main():
    folder = Path(sys.argv[1])
    models = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(importlib.util.find_spec("torchvision").origin).parent / "models"
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for name in FILES:
        text = shorter((models / f"{name}.py").read_text(), name.split("/"))
        defined = [node.name for node in ast.parse(text).body if isinstance(node, (ast.ClassDef, ast.FunctionDef))]
        short = name.split("/")[-1]
        (folder / f"{short}.py").write_text(LICENCE + text + "\n")
        lines.append(f"{short}: {' '.join(defined)}")
    (folder / "torchvision_names.txt").write_text("\n".join(lines) + "\n")


main()
