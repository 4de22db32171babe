//! What is not known is said: it makes no error and no total that looks certain.

use convscope::cost::{Settings, analyze};
use convscope::pytorch::{Import, Options, Severity, import};

/// A network whose constructor and `forward` have these lines; `settings` is of another file.
fn network(init: &str, forward: &str) -> Import {
    let text = format!(
        "import torch
import torch.nn as nn
from project import settings

class Net(nn.Module):
    def __init__(self, kind, widths=(8,)):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
{init}
    def forward(self, x):
        x = self.conv(x)
{forward}
        return x

model = Net(settings.kind)
"
    );
    import(&text, &Options { input: "3x16x16".parse().ok() })
}

fn errors(found: &Import) -> Vec<&str> {
    let errors = found.problems.iter().filter(|problem| problem.severity == Severity::Error);
    errors.map(|problem| problem.message.as_str()).collect()
}

fn is_certain(found: &Import) -> bool {
    let model = found.models.iter().find(|model| model.variable.as_deref() == Some("model")).expect("a model");
    analyze(&model.network, &Settings::default()).totals.completeness.is_exact()
}

#[test]
fn what_hangs_on_an_unknown_condition_is_uncertain() {
    let inits = [
        "        if kind == 'wide':\n            self.conv = nn.Conv2d(3, 16, 3)",
        "        if kind in ('a', 'b'):\n            self.act = nn.ReLU()\n        else:\n            raise ValueError(kind)",
        "        table = {'relu': nn.ReLU}\n        if kind not in table.keys():\n            raise NotImplementedError(kind)\n        else:\n            self.act = table[kind]()",
        "        self.conv = nn.Conv2d(3, 8 if kind == 'small' else 16, 3)",
        "        while kind.more:\n            self.conv = nn.Conv2d(3, 16, 3)",
    ];
    for init in inits {
        let found = network(init, "");
        assert_eq!((errors(&found), is_certain(&found)), (vec![], false), "{init}: {:?}", found.problems);
    }
    let found =
        network("        self.kind = kind", "        if self.kind == 'twice':\n            x = x + self.conv(x)");
    assert_eq!((errors(&found), is_certain(&found)), (vec![], false));
}

/// Only words hang on it.
#[test]
fn what_is_only_said_is_certain() {
    let inits = [
        "        if kind == 'wide':\n            print('wide')",
        "        if kind is None:\n            raise ValueError('no kind')",
        "        if kind == 'odd':\n            raise ValueError(f'{kind} is odd')",
    ];
    for init in inits {
        let found = network(init, "");
        assert_eq!((errors(&found), is_certain(&found)), (vec![], true), "{init}: {:?}", found.problems);
    }
}

/// How many items something unknown has is not known: not none.
#[test]
fn something_unknown_has_no_items_that_are_missed() {
    let forwards = [
        "        q, k, v = map(lambda t: t, settings.split(x))\n        x = q + k + v",
        "        q, k, v = [t for t in settings.split(x)]\n        x = q + k + v",
        "        q, k, v = (*settings.split(x), x)\n        x = q + k + v",
    ];
    for forward in forwards {
        let found = network("", forward);
        assert_eq!((errors(&found), is_certain(&found)), (vec![], false), "{forward}: {:?}", found.problems);
    }
}
