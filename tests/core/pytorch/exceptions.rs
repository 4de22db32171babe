//! `try`, `except`, `finally` and `raise`: which handler runs, and what the network is then.

use convscope::model::Layer;
use convscope::pytorch::{Import, Options, Severity, import};

fn imported(text: &str) -> Import {
    import(text, &Options::default())
}

/// The widths of the Linears that a text puts into `layers`, in order.
fn widths(body: &str) -> Vec<i64> {
    let text = format!(
        "import torch.nn as nn\nlayers = [nn.Linear(4, 4)]\ndef put(n):\n    layers.append(nn.Linear(4, n))\n    layers.append(nn.Linear(n, 4))\n{body}\nnet = nn.Sequential(*layers)\n"
    );
    let found = imported(&text);
    let errors: Vec<_> = found.problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:?} in\n{text}");
    let network = &found.models.last().expect("a network").network;
    let width = |layer: &Layer| match layer {
        Layer::Linear(linear) => linear.out_features,
        other => panic!("{other:?}"),
    };
    network.nodes.iter().map(|node| width(&node.layer)).skip(1).step_by(2).collect()
}

#[test]
fn except_chooses_by_class() {
    let cases: [(&str, &[i64]); 14] = [
        ("try:\n    raise ValueError('a')\nexcept KeyError:\n    put(1)\nexcept ValueError:\n    put(2)\n", &[2]),
        ("try:\n    raise KeyError('a')\nexcept (TypeError, LookupError):\n    put(1)\nexcept:\n    put(2)\n", &[1]),
        ("try:\n    raise IndexError\nexcept ArithmeticError:\n    put(1)\nexcept Exception as e:\n    put(2)\n", &[2]),
        ("try:\n    put(1)\nexcept ValueError:\n    put(2)\nelse:\n    put(3)\n", &[1, 3]),
        ("try:\n    {}['a']\nexcept ValueError:\n    put(1)\nexcept KeyError:\n    put(2)\n", &[2]),
        (
            "class A(ValueError):\n    pass\nclass B(A):\n    pass\ntry:\n    raise B('b')\nexcept A:\n    put(1)\n",
            &[1],
        ),
        (
            "class A(ValueError):\n    pass\ntry:\n    raise A('b')\nexcept KeyError:\n    put(1)\nexcept ValueError:\n    put(2)\n",
            &[2],
        ),
        (
            "class A(Exception):\n    pass\ntry:\n    raise A\nexcept ValueError:\n    put(1)\nexcept A:\n    put(2)\n",
            &[2],
        ),
        // One within another: the outer one catches what the inner one does not.
        (
            "try:\n    try:\n        raise ValueError('a')\n    except KeyError:\n        put(1)\nexcept ValueError:\n    put(2)\n",
            &[2],
        ),
        // `raise` alone raises the same again.
        (
            "try:\n    try:\n        raise ValueError('a')\n    except ValueError:\n        put(1)\n        raise\nexcept ValueError:\n    put(2)\n",
            &[1, 2],
        ),
        (
            "try:\n    try:\n        raise ValueError('a')\n    except ValueError as e:\n        raise e\nexcept KeyError:\n    put(1)\nexcept ValueError:\n    put(2)\n",
            &[2],
        ),
        ("try:\n    import timm\nexcept ImportError:\n    timm = None\nput(3)\n", &[3]),
        ("try:\n    raise OSError\nexcept IOError:\n    put(1)\n", &[1]),
        ("try:\n    raise NotImplementedError\nexcept RuntimeError:\n    put(1)\n", &[1]),
    ];
    for (body, expected) in cases {
        assert_eq!(widths(body), expected, "{body}");
    }
}

#[test]
fn finally_runs_whatever_happens() {
    let cases: [(&str, &[i64]); 7] = [
        ("try:\n    put(1)\nfinally:\n    put(2)\n", &[1, 2]),
        (
            "try:\n    try:\n        raise ValueError('a')\n    finally:\n        put(1)\nexcept ValueError:\n    put(2)\n",
            &[1, 2],
        ),
        (
            "try:\n    try:\n        raise ValueError('a')\n    except KeyError:\n        put(1)\n    finally:\n        put(2)\nexcept ValueError:\n    put(3)\n",
            &[2, 3],
        ),
        (
            "try:\n    try:\n        raise ValueError('a')\n    except ValueError:\n        raise KeyError('b')\n    finally:\n        put(1)\nexcept KeyError:\n    put(2)\n",
            &[1, 2],
        ),
        ("def f():\n    try:\n        return 1\n    finally:\n        put(5)\nput(f())\n", &[5, 1]),
        ("def f():\n    try:\n        raise ValueError('a')\n    finally:\n        return 3\nput(f())\n", &[3]),
        (
            "for i in range(3):\n    try:\n        if i == 1:\n            break\n    finally:\n        put(i + 1)\n",
            &[1, 2],
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(widths(body), expected, "{body}");
    }
}

/// What a `try` around does not catch is told as it is told without one, and the rest goes on.
#[test]
fn what_is_not_caught_is_told() {
    let text = |around: &str| {
        format!(
            "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.a = nn.Conv2d(3, 8, 3)\n        self.b = nn.Linear(3, 4)\n    def forward(self, x):\n        x = self.a(x)\n        try:\n            x = self.b(x)\n        except {around}:\n            x = torch.relu(x)\n        return x\nnet = Net()\nnet(torch.randn(1, 3, 32, 32))\n"
        )
    };
    let names = |found: &Import| -> Vec<String> {
        found.models[0].network.nodes.iter().map(|node| node.name.clone()).collect()
    };
    let caught = imported(&text("RuntimeError"));
    assert!(!caught.problems.iter().any(|problem| problem.severity == Severity::Error), "{:?}", caught.problems);
    assert_eq!(names(&caught), ["a", "relu"]);
    let told = imported(&text("KeyError"));
    assert!(told.problems.iter().any(|problem| problem.severity == Severity::Error), "{:?}", told.problems);
    assert_eq!(names(&told), ["a", "b"]);
}
