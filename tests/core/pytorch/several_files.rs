//! Several files in one text: each has names of its own, and imports find them as Python's do.

use convscope::cost::{Settings, analyze};
use convscope::pytorch::{Import, Options, Severity, files_of, import, join, place};

const BLOCKS: &str = "import torch.nn as nn

__all__ = ['Block', 'WIDTH']
WIDTH = 16


def helper(a, b):
    return nn.Conv2d(a, b, 3, padding=1, bias=False)


class Block(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.conv = helper(a, b)
        self.bn = nn.BatchNorm2d(b)

    def forward(self, x):
        return self.bn(self.conv(x)).relu()
";

const HEAD: &str = "from torch import nn
from .blocks import Block as Unit


# Not the one of blocks.py.
def helper(a, b):
    return nn.Linear(a, b)


class Head(nn.Module):
    def __init__(self, a, classes):
        super().__init__()
        self.unit = Unit(a, a)
        self.fc = helper(a, classes)

    def forward(self, x):
        return self.fc(self.unit(x).mean((2, 3)))
";

/// 3 to 16 to 16 channels and 10 classes: 432 + 32, 2,304 + 32, 170 parameters.
const PARAMS: u64 = 432 + 32 + 2304 + 32 + 170;

fn project(files: &[(&str, &str)]) -> String {
    let files: Vec<(String, String)> = files.iter().map(|(path, text)| (path.to_string(), text.to_string())).collect();
    join(&files)
}

fn read(text: &str) -> Import {
    import(text, &Options { input: "3x8x8".parse().ok() })
}

fn expect(files: &[(&str, &str)]) -> Import {
    let text = project(files);
    let found = read(&text);
    let errors: Vec<_> = found.problems.iter().filter(|problem| problem.severity != Severity::Note).collect();
    assert!(errors.is_empty(), "{errors:?}\n{text}");
    assert_eq!(found.models.len(), 1, "{:?}\n{text}", found.models);
    assert_eq!(found.models[0].totals.params, Some(PARAMS), "{text}");
    let totals = analyze(&found.models[0].network, &Settings::default()).totals;
    assert!(totals.completeness.is_exact(), "{text}");
    assert_eq!(found.models[0].outputs, vec!["1x10".parse().unwrap()], "{text}");
    found
}

/// A network of both files, and how its script imports them.
fn net(imports: &str, block: &str, head: &str, width: &str) -> String {
    format!(
        "import torch.nn as nn
{imports}

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = {block}(3, {width})
        self.head = {head}({width}, 10)

    def forward(self, x):
        return self.head(self.stem(x))


model = Net()
"
    )
}

#[test]
fn imports_of_all_forms_find_the_files() {
    let forms = [
        ("from models.blocks import Block, WIDTH\nfrom models.head import Head", "Block", "Head", "WIDTH"),
        ("import models.blocks as b\nimport models.head as h", "b.Block", "h.Head", "b.WIDTH"),
        ("import models.blocks\nimport models.head", "models.blocks.Block", "models.head.Head", "models.blocks.WIDTH"),
        ("from models import blocks, head as h", "blocks.Block", "h.Head", "blocks.WIDTH"),
        ("from models.blocks import *\nfrom models.head import *", "Block", "Head", "WIDTH"),
        ("from models import *", "Block", "Head", "WIDTH"),
        ("from models import Block, Head, WIDTH", "Block", "Head", "WIDTH"),
        ("import models", "models.Block", "models.Head", "models.WIDTH"),
        ("import models as m", "m.Block", "m.Head", "m.blocks.WIDTH"),
    ];
    for (imports, block, head, width) in forms {
        let net = net(imports, block, head, width);
        expect(&[
            ("models/__init__.py", "from .blocks import *\nfrom .head import Head\nfrom . import blocks\n"),
            ("models/blocks.py", BLOCKS),
            ("models/head.py", HEAD),
            ("train.py", &net),
        ]);
    }
}

#[test]
fn relative_imports_go_up() {
    let net = net("from ..blocks import Block\nfrom ..parts.head import Head", "Block", "Head", "16");
    let head = HEAD.replace("from .blocks", "from ..blocks");
    expect(&[("lib/nets/net.py", &net), ("lib/blocks.py", BLOCKS), ("lib/parts/head.py", &head)]);
}

#[test]
fn files_given_without_their_folders_are_found() {
    let net = net("from models.blocks import Block\nfrom models.head import Head", "Block", "Head", "16");
    expect(&[("net.py", &net), ("blocks.py", BLOCKS), ("head.py", HEAD)]);
    expect(&[("repo/code/net.py", &net), ("repo/models/blocks.py", BLOCKS), ("repo/models/head.py", HEAD)]);
}

#[test]
fn a_circle_of_imports_that_python_survives_is_survived() {
    let net = net("from blocks import Block\nfrom head import Head", "Block", "Head", "16");
    let blocks = format!("import head\n{BLOCKS}\ndef whole(a):\n    return head.Head(a, 10)\n");
    let head = HEAD.replace("from .blocks import Block as Unit", "import blocks").replace("Unit(", "blocks.Block(");
    expect(&[("net.py", &net), ("blocks.py", &blocks), ("head.py", &head)]);
}

#[test]
fn a_text_outranks_a_file_of_a_library_name_only_where_it_is_relative() {
    let net = net("from .torch import Block\nfrom .head import Head", "Block", "Head", "16");
    let head = HEAD.replace("from .blocks", "from .torch");
    expect(&[("net.py", &net), ("torch.py", BLOCKS), ("head.py", &head)]);
}

#[test]
fn globals_are_those_of_the_file() {
    let counter = "count = 0\n\ndef width():\n    global count\n    count += 1\n    return 8 * count\n";
    let main = "import torch.nn as nn\nfrom counter import width\ncount = 100\nmodel = nn.Sequential(nn.Conv2d(3, width(), 1), nn.Conv2d(8, width(), 1))\n";
    let found = read(&project(&[("main.py", main), ("counter.py", counter)]));
    assert_eq!(found.models[0].totals.params, Some(32 + 8 * 16 + 16), "{:?}", found.problems);
}

#[test]
fn a_file_that_is_missing_is_a_note() {
    let net = net("from .blocks import Block\nfrom .missing import Head", "Block", "Head", "16");
    let found = read(&project(&[("m/net.py", &net), ("m/blocks.py", BLOCKS)]));
    assert!(found.problems.iter().all(|problem| problem.severity != Severity::Error), "{:?}", found.problems);
    let note = found.problems.iter().find(|problem| problem.message.contains("module .missing")).expect("a note");
    assert_eq!((note.severity, note.line), (Severity::Note, Some(4)));
    let model = &found.models[0];
    assert!(!analyze(&model.network, &Settings::default()).totals.completeness.is_exact());
    assert_eq!(model.totals.params, None);
}

#[test]
fn what_is_not_opened_first_is_not_offered() {
    let other = "import torch.nn as nn\n\nclass Other(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(4, 4)\n    def forward(self, x):\n        return self.fc(x)\n\nstandard = Other()\n";
    let blocks = format!("{BLOCKS}\n{}", other.trim_start_matches("import torch.nn as nn\n"));
    let net = net("from blocks import Block\nfrom head import Head", "Block", "Head", "16");
    let found = expect(&[("net.py", &net), ("blocks.py", &blocks), ("head.py", HEAD), ("other.py", other)]);
    assert_eq!(found.models[0].variable.as_deref(), Some("model"));
}

#[test]
fn where_the_first_file_has_no_network_the_others_are_offered() {
    let text = format!("# file: run.py\nprint('training')\n# file: blocks.py\n{BLOCKS}\n# file: net.py\n")
        + &net("from blocks import Block\nfrom head import Head", "Block", "Head", "16")
        + &format!("# file: head.py\n{HEAD}");
    let found = read(&text);
    let net = found.models.iter().find(|model| model.name == "Net").expect("the network");
    assert_eq!(net.totals.params, Some(PARAMS));
}

#[test]
fn a_line_knows_its_file() {
    let net = net("from blocks import Block\nfrom head import Head", "Block", "Head", "16");
    let text = project(&[("blocks.py", BLOCKS), ("head.py", HEAD), ("net.py", &net)]);
    let found = read(&text);
    let line = found.models[0].line.expect("a line");
    assert_eq!(place(&text, line), Some(("net.py", 5)));
    let conv = found.models[0].executed.iter().find(|call| call.class == "Conv2d").expect("a convolution");
    assert_eq!(place(&text, conv.line.expect("its line")), Some(("blocks.py", 18)));
    assert_eq!(place(&text, 1), None, "a mark is no line of a file");
    assert_eq!(place(&net, 5), None, "a text by itself has no files");
}

#[test]
fn an_error_in_another_file_has_its_line() {
    let blocks = BLOCKS.replace("BatchNorm2d(b)", "BatchNorm2d(b + 1)");
    let net = net("from blocks import Block\nfrom head import Head", "Block", "Head", "16");
    let text = project(&[("blocks.py", &blocks), ("head.py", HEAD), ("net.py", &net)]);
    let found = read(&text);
    let error = found.problems.iter().find(|problem| problem.severity == Severity::Error).expect("an error");
    assert_eq!(place(&text, error.line.expect("a line")), Some(("blocks.py", 18)), "{error:?}");
}

#[test]
fn the_file_that_uses_the_others_is_joined_first() {
    let net = net("from models.blocks import Block\nfrom models.head import Head", "Block", "Head", "16");
    let files = [
        ("setup.py", "from setuptools import setup\nfrom train import model\n"),
        ("README.py", "print('hello')\n"),
        ("models/__init__.py", ""),
        ("models/blocks.py", BLOCKS),
        ("models/head.py", HEAD),
        ("test_net.py", "import torch.nn as nn\nfrom net import Net\n"),
        ("net.py", &net),
    ];
    let text = project(&files);
    let paths: Vec<&str> = files_of(&text).iter().map(|file| file.path).collect();
    assert_eq!(
        paths,
        ["net.py", "models/blocks.py", "models/head.py", "setup.py", "README.py", "models/__init__.py", "test_net.py"]
    );
    for file in files_of(&text) {
        let (_, own) = files.iter().find(|(path, _)| *path == file.path).expect("its text");
        let lines: Vec<&str> = text
            .split('\n')
            .skip(file.first_line as usize - 1)
            .take((file.last_line + 1 - file.first_line) as usize)
            .collect();
        assert_eq!(lines.join("\n"), *own, "{}", file.path);
    }
    assert_eq!(project(&[("net.py", &net)]), net, "one file stays as it is");
    assert_eq!(join(&[]), "");
}

#[test]
fn text_before_the_first_mark_is_a_file_and_odd_marks_do_no_harm() {
    let text = format!("\nfrom blocks import Block\nmodel = Block(3, 16)\n# file: blocks.py\n{BLOCKS}");
    let found = read(&text);
    assert_eq!(found.models[0].totals.params, Some(432 + 32), "{:?}", found.problems);
    assert_eq!(place(&text, 2), None);
    for text in [
        "# file: ",
        "# file: a.py",
        "# file: a.py\n# file: a.py\n",
        "# file: ../..\nimport a\n# file: .\nfrom . import *\n# file: ...\nfrom ....x import y",
        "# file: a.py\nfrom a import *\nfrom . import a\nimport a.a.a as b\nb.c\n# file: a/__init__.py\nfrom . import *\nfrom .a import a\n",
    ] {
        let found = read(text);
        assert!(found.models.is_empty(), "{text}");
    }
}
