//! Texts as people publish them: what is around the network does not change it.

use convscope::cost::{Settings, analyze};
use convscope::pytorch::{Import, Options, Severity, import};

fn imported(text: &str) -> Import {
    import(text, &Options::default())
}

/// The parameters of each network.
fn params(found: &Import) -> Vec<Option<u64>> {
    found.models.iter().map(|model| model.totals.params).collect()
}

fn errors(found: &Import) -> Vec<&str> {
    let errors = found.problems.iter().filter(|problem| problem.severity == Severity::Error);
    errors.map(|problem| problem.message.as_str()).collect()
}

const NET: &str = "
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
    def forward(self, x):
        return self.conv(x)
";

/// A session or fenced code in a docstring is no part of the text's own.
#[test]
fn examples_in_docstrings_are_no_code() {
    let examples = [
        ">>> net = Net(1)\n    >>> net(torch.rand(1, 3, 8, 8)).shape\n    torch.Size([1, 8, 6, 6])",
        "Use::\n\n        >>> for i in range(3):\n        ...     print(i)\n        0\n    ",
        "```python\n    net = nn.Sequential(nn.Conv2d(1, 1, 1))\n    ```",
        ">>> nn.Linear(2, 2)  # it's\n    'quoted \\\"\\\"\\\" not closed'\n    ",
    ];
    for (quotes, prefix) in [("\"\"\"", ""), ("'''", ""), ("\"\"\"", "r")] {
        for example in examples {
            let text = NET.replacen(
                "    def",
                &format!("    {prefix}{quotes}A net.\n    {example}\n    {quotes}\n    def"),
                1,
            );
            let found = imported(&text);
            assert_eq!((params(&found), errors(&found)), (vec![Some(224)], vec![]), "{text}");
        }
    }
    // A session that defines one is still a session.
    let lines = NET.trim().lines().enumerate();
    let session: String =
        lines.map(|(index, line)| format!("{} {line}\n", if index == 0 { ">>>" } else { "..." })).collect();
    let found = imported(&format!("It's \"\"\" odd:\n{session}>>> Net()\nNet(\n  (conv): Conv2d(3, 8)\n)\n"));
    assert_eq!(params(&found), [Some(224)]);
}

/// Sizes that were tried and do not fit leave no error behind.
#[test]
fn what_a_tried_input_raises_is_not_told() {
    let text = "
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.up = nn.ConvTranspose2d(4, 4, 16, 16)
    def join(self, a, b):
        if a.shape == b.shape:
            return torch.cat((a, b), 1)
        raise ValueError('shapes differ')
    def forward(self, x):
        x = self.conv(x)
        return self.join(x, self.up(self.pool(self.pool(self.pool(self.pool(x))))))
";
    let found = imported(text);
    assert_eq!((params(&found), errors(&found)), (vec![Some(4140)], vec![]));
    assert_eq!(found.models[0].network.input.sizes(), [1, 32, 32]);
    assert!(analyze(&found.models[0].network, &Settings::default()).totals.completeness.is_exact());
}
