//! No text panics, hangs or takes more than a bounded amount of memory.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use convscope::pytorch::{Import, Options, ProblemKind, import};
use proptest::prelude::*;

/// Cases of the property; `PYTORCH_CASES` sets another number.
fn cases() -> u32 {
    std::env::var("PYTORCH_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(300)
}

/// Runs on a stack as small as a browser's worker has.
fn read(text: &str) -> Import {
    read_on(1 << 20, text)
}

/// Runs on half of it: what nests by itself is not to come near its end.
fn read_on_half(text: &str) -> Import {
    read_on(512 << 10, text)
}

fn read_on(stack: usize, text: &str) -> Import {
    let text = text.to_string();
    let shown: String = text.chars().take(80).collect();
    let thread = std::thread::Builder::new().stack_size(stack);
    thread
        .spawn(move || import(&text, &Options::default()))
        .expect("a thread")
        .join()
        .unwrap_or_else(|_| panic!("panicked: {shown}"))
}

fn says(import: &Import, kind: ProblemKind) -> bool {
    import.problems.iter().any(|problem| problem.kind == kind)
}

#[test]
fn deep_nesting_ends() {
    for (open, close) in
        [("(", ")"), ("[", "]"), ("{", "}"), ("f(", ")"), ("x[", "]"), ("-", ""), ("not ", ""), ("~", "")]
    {
        for depth in [100, 100_000] {
            let nested = format!("x = {}1{}", open.repeat(depth), close.repeat(depth));
            read(&nested);
            read(&format!("class Net(nn.Module):\n    def forward(self, x):\n        return {nested}"));
        }
        read(&open.repeat(300_000));
        read(&close.repeat(300_000));
    }
    for chain in ["x.a", "x()", "x[0]", "x+1", "x**1", "lambda: 1", "x if x else 1", "x and 1", "x < 1", "f\"{x}\""] {
        let tail = &chain[1..];
        read(&format!("y = {chain}{}", tail.repeat(50_000)));
    }
    for chain in ["lambda: ", "1 if 1 else ", "1 ** "] {
        read(&format!("y = {}1", chain.repeat(50_000)));
    }
    let blocks: String = (0..1200).map(|depth| format!("{}if 1:\n", " ".repeat(depth))).collect();
    read(&format!("{blocks}{}x = 1", " ".repeat(1201)));
    read(&"if 1:\nx=1\n".repeat(20_000));
    read(&"class A(nn.Module):\ndef f(self):\n".repeat(10_000));
    read(&"elif x:\n".repeat(20_000));
}

/// What nests within a string that is formatted is nested as well.
#[test]
fn deep_nesting_within_strings_ends() {
    for prefix in ["f", "Rf", "t"] {
        for quote in ["\"", "'", "\"\"\"", "'''"] {
            for piece in ["{1:", "{", "{(", "{[", "{-", "{x + ", "{not ", "{lambda: ", "{x if x else ", "{{{"] {
                let nested = piece.repeat(20_000);
                read_on_half(&format!("x = {prefix}{quote}{nested}{quote}\n"));
                read_on_half(&format!("x = {prefix}{quote}{nested}1{}{quote}\n", "}".repeat(20_000)));
                read_on_half(&format!("x = {prefix}{quote}a{{1:{nested}"));
                let open = &piece[1..];
                read_on_half(&format!("x = {prefix}{quote}{{{}1}}{quote}\n", open.repeat(20_000)));
            }
            let lines = "{x:\n".repeat(20_000);
            read_on_half(&format!("x = {prefix}{quote}{lines}{quote}\n"));
        }
    }
    for quotes in [["\"", "\""], ["\"", "'"], ["\"\"\"", "'"]] {
        let nested: String = (0..20_000).map(|depth| format!("f{}{{", quotes[depth % 2])).collect();
        read_on_half(&format!("x = {nested}"));
        let ends: String = (0..20_000).rev().map(|depth| format!("}}{}", quotes[depth % 2])).collect();
        read_on_half(&format!("x = {nested}1{ends}\n"));
    }
    // As deep as anybody writes is read.
    let found = read_on_half("m = nn.Linear(3, int(f\"{f'{1:>{1}}':>{f'{2}'}}\"))\nm(torch.randn(1, 3))\n");
    assert_eq!(found.models.len(), 1, "{:?}", found.problems);
    let escaped = format!("x = f\"{}\"\nm = nn.Linear(3, 4)\nm(torch.randn(1, 3))\n", "{{}}".repeat(500));
    assert_eq!(read_on_half(&escaped).problems, Vec::new());
}

/// Indentation that fits nothing above it.
#[test]
fn strange_indentation_ends() {
    for count in [100, 2_000] {
        for (first, then) in [(4, 5), (5, 5), (5, 4), (0, 1), (8, 5)] {
            for head in ["class A(nn.Module):\n", "class A:\n    def a(self):\n        pass\n", ""] {
                for body in [
                    "def f(self):\n{deep}x = 1\n",
                    "def f(self):\n{deep}return self.g(1)\n",
                    "if x:\n{deep}pass\n",
                    "x = 1\n",
                ] {
                    let indent = |index: usize| " ".repeat(if index == 0 { first } else { then });
                    let deep = " ".repeat(then + 4);
                    let methods: String =
                        (0..count).map(|index| format!("{}{}", indent(index), body.replace("{deep}", &deep))).collect();
                    read_on_half(&format!("{head}{methods}"));
                }
            }
        }
    }
    let falling: String = (0..2_000).rev().map(|depth| format!("{}def f(self):\n", " ".repeat(depth % 97))).collect();
    read_on_half(&falling);
}

/// Lists that hold themselves.
#[test]
fn endless_lists_end() {
    for class in ["Sequential", "ModuleList", "ModuleDict", "ParameterList"] {
        for (open, close) in [("[", "]"), ("(", ",)"), ("", "")] {
            for made in ["nn.{class}(*l)", "nn.{class}(l)", "nn.{class}(*l, l)", "nn.{class}(nn.{class}(*l), *l)"] {
                let made = made.replace("{class}", class);
                read_on_half(&format!("l = []\nl.append({open}l{close})\nm = {made}\nm(torch.randn(1, 3))\n"));
                read_on_half(&format!("l = [nn.ReLU()]\nl.append({open}l{close})\nl.append(l)\nm = {made}\n"));
            }
        }
    }
    let found = read_on_half("l = []\nl.append(l)\nm = nn.Sequential(*l)\n");
    assert!(says(&found, ProblemKind::TooLong), "{:?}", found.problems);
    let calls = [
        "torch.cat(l)",
        "torch.tensor(l)",
        "x.view(*l)",
        "x.view(l)",
        "x.permute(l)",
        "str(l)",
        "sum(l, [])",
        "max(l)",
        "sorted(l)",
        "tuple(l)",
        "dict(l)",
        "set(l)",
        "l in l",
        "l < l",
        "isinstance(l, l)",
        "nn.Linear(l, l)",
        "nn.Conv2d(3, 3, l)",
        "torch.zeros(l)",
        "F.pad(x, l)",
        "x[l]",
        "print(f'{l}')",
        "copy.deepcopy(l)",
        "range(*l)",
        "nn.Sequential(OrderedDict(l))",
        "torch.stack(l)",
        "x.reshape(l)",
        "F.interpolate(x, l)",
        "np.array(l)",
        "len(l)",
        "any(l)",
        "zip(*l)",
        "list(map(str, l))",
        "hash((l,))",
        "{(l,): 1}",
        "l == [l]",
    ];
    for call in calls {
        read_on_half(&format!("x = torch.randn(1, 3, 8, 8)\nl = []\nl.append(l)\ny = {call}\n"));
        read_on_half(&format!(
            "x = torch.randn(1, 3, 8, 8)\nl = []\nl.append((l, l))\nl.append({{'a': l}})\ny = {call}\n"
        ));
    }
}

#[test]
fn endless_work_is_stopped_and_said() {
    let texts = [
        "while True:\n    x = 1\n",
        "for i in range(10**12):\n    pass\n",
        "x = 2**10**9\n",
        "def f(n):\n    return f(n + 1)\nf(0)\n",
        "x = [0] * 10**12\n",
        "x = list(range(10**12))\n",
        "x = 'a' * 10**12\n",
        "x = [1]\nwhile True:\n    x = x + x\n",
        "x = 'a'\nwhile True:\n    x = x + x\n",
        "t = ()\nfor i in range(10**9):\n    t = (t,)\n",
        "t = ()\nfor i in range(10**9):\n    t = (i, t)\nt = None\n",
        "x = [i for i in range(10**9) for j in range(10**9)]\n",
        // Each turn of these is more work than the one before.
        "while True:\n    from torch.nn import *\n    x = undefined\n",
        "class A(nn.Module): pass\nwhile True:\n    class A(A): pass\n",
        "m = nn.Sequential()\nwhile True:\n    m.append(nn.ReLU())\n    x = m[0:2]\n    y = len(m)\n",
        "m = nn.ModuleList()\nwhile True:\n    m.append(nn.ReLU())\n    x = list(m.named_parameters())\n",
        "m = nn.Sequential()\ni = 0\nwhile True:\n    i += 1\n    setattr(m, f'c{i}', nn.ReLU())\n    m.register_buffer(f'b{i}', torch.zeros(1))\n",
        "x = []\nwhile True:\n    x[0:0] = [1]\n",
        "import functools\np = print\nfor i in range(10**9):\n    p = functools.partial(p, p)\n",
        "import itertools\nx = list(itertools.product(*[range(1000)] * 8))\n",
        "m = nn.ReLU()\nfor i in range(10**6):\n    m = nn.Sequential(m)\n",
        "import copy\nm = nn.ReLU()\nfor i in range(500):\n    m = nn.Sequential(m)\nn = copy.deepcopy(m)\n",
        "l = []\nl.append(l)\nprint(l)\nx = str(l)\ny = l == l\nz = [l] == [l]\nfor a in l:\n    nn.Conv2d(a, l, l)\n",
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.a = A()\na = A()\n",
        "class A(nn.Module):\n    def forward(self, x):\n        while True:\n            x = x + 1\na = A()\n",
        "class A(nn.Module):\n    def __getattr__(self, name):\n        return self.b\na = A()\nx = a.c\n",
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.me = self\n    def forward(self, x):\n        return self.me(x)\na = A()\n",
        "x = f\"{1:>999999999}\"\n",
        "x = '%999999999d' % 3\n",
        "x = int('9' * 5000)\ny = 10**5000\n",
        "x = range(0, 10**30, 10**10)\nlen(x)\nfor i in x: pass\n",
        "def g():\n    while True:\n        yield 1\nx = g()\n",
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.c = nn.Conv2d(3, 10**17, 10**9)\n    def forward(self, x):\n        for i in range(10**9):\n            x = x.chunk(2, 1)[0].expand_as(x)\n        return self.c(x)\na = A()\n",
        "a = nn.Conv2d(9223372036854775807, 9223372036854775807, 9223372036854775807, groups=9223372036854775807)\n",
        "s = nn.Sequential(nn.Conv2d(-1, 0, 0, stride=0), nn.Linear(0, -5), nn.GroupNorm(0, 0), nn.MaxPool2d(0), nn.Upsample(scale_factor=1e300))\n",
    ];
    for text in texts {
        read(text);
    }
    assert!(says(
        &read(
            "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        while True:\n            pass\n    def forward(self, x):\n        return x\na = A()\n"
        ),
        ProblemKind::TooLong
    ));
    assert!(says(&read("while True:\n    pass\n"), ProblemKind::TooLong));
    assert!(says(
        &read(
            "def f():\n    return f()\nclass A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        f()\n    def forward(self, x):\n        return x\na = A()\n"
        ),
        ProblemKind::TooLong
    ));
}

#[test]
fn a_million_characters_end() {
    for piece in [
        "x = 1\n",
        "nn.Conv2d(1, 2, 3)\n",
        "word ",
        "\"",
        "'''",
        "\\\n",
        "\t",
        "#\n",
        "```\n",
        ">>> ",
        "(conv1): Conv2d(1, 2, 3)\n",
        "1 ",
        "\u{201c}",
        "é",
        "self.x = nn.Linear(1, 1\n",
        "In [1]: ",
        "\r",
    ] {
        read(&piece.repeat(1_000_000 / piece.len()));
    }
}

/// Pieces of what people paste, in any order.
fn fragments() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "class Net(nn.Module):\n",
        "    def __init__(self):\n",
        "        super().__init__()\n",
        "        super(Net, self).__init__()\n",
        "        self.conv = nn.Conv2d(1, 8, 3)\n",
        "        self.fc = nn.Linear(8, 10)\n",
        "    def forward(self, x):\n",
        "        x = self.conv(x)\n",
        "        x = x.view(-1, 8)\n",
        "        x = x.view(x.size(0), -1)\n",
        "        return self.fc(x)\n",
        "        self.fc2 = nn.Linear(8, -3)\n",
        "    def forward(x):\n",
        "    def helper(x, y=1):\n",
        "        x = nn.ReLU(x)\n",
        "        x = nn.MaxPool2d(x, 2)\n",
        "        x = self.helper(x) + x\n",
        "        F.relu(x)\n",
        "        y = None\n",
        "y.shape",
        "        return x\n",
        "        x = torch.cat([x, x], 1)\n",
        "        a, b = x.chunk(2, dim=1)\n",
        "        x = x + self.conv(x)\n",
        "        x = x[:, :3, ::2]\n",
        "        for i in range(3):\n",
        "            x = F.relu(x)\n",
        "        if x.size(1) > 2:\n",
        "        else:\n",
        "net = Net()\n",
        "net(torch.randn(1, 1, 28, 28))\n",
        "class Block(Net):\n",
        "layers = [nn.ReLU() for _ in range(4)]\n",
        "model = nn.Sequential(*layers)\n",
        "nn.Sequential(\n",
        ")\n",
        "(",
        ")",
        "[",
        "]",
        "'",
        "\"\"\"\n",
        ",",
        ":",
        "\n",
        "return",
        "lambda x: x",
        "{'a': 1}",
        "**",
        "*",
        "@property\n",
        "    ",
        "\t",
        "x",
        "=",
        "1",
        "-1",
        "0",
        "None",
        "self",
        ".",
        "self.",
        "nn.",
        "F.max_pool2d(x, 2)",
        "try:\n",
        "except:\n",
        "yield x\n",
        "global x\n",
        "del x\n",
        "x, *y = [1, 2, 3]\n",
        "f'{x:>{y}}'",
        "10**18",
        "1e400",
        "x.permute(0, 2, 1)",
        "x.squeeze()",
        "x.unsqueeze(7)",
        "x.reshape(0, -1)",
        "x.mean()",
        "x.expand(-1, 5, 5)",
        "nn.Parameter(torch.zeros(3))",
        "self.register_buffer('b', torch.zeros(2))\n",
        "def f(*a, **k):\n",
        "f(*a, **k)\n",
        "nn.ModuleList([])",
        "nn.ModuleDict({'a': nn.ReLU()})",
        "Net(1, 2, x=3)\n",
        "import torch.nn as nn\n",
        "from torch.nn import *\n",
        "# (N, 3, 32, 32)\n",
        "```\n",
        ">>> ",
        "... ",
        "(0): ReLU()\n",
        "\u{a0}",
        "\u{201c}",
        "\r\n",
    ]);
    // It uses up the budget of steps, so that it takes as long as a hundred other texts.
    let endless = Just("while True:\n");
    let piece = prop_oneof![300 => piece, 1 => endless];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// What `--nocapture` shows: how many texts were read, and each that took longer than all before.
struct Progress {
    texts: u32,
    longest: Duration,
}

static PROGRESS: Mutex<Progress> = Mutex::new(Progress { texts: 0, longest: Duration::from_millis(100) });

impl Progress {
    fn note(&mut self, took: Duration, text: &str) {
        self.texts += 1;
        if self.texts.is_multiple_of(50_000) {
            println!("{} texts", self.texts);
        }
        if took > self.longest {
            self.longest = took;
            println!("{took:?} for\n{text}\n");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_what_people_paste_ends(text in fragments()) {
        let start = Instant::now();
        let found = import(&text, &Options::default());
        PROGRESS.lock().expect("no panic while it is held").note(start.elapsed(), &text);
        prop_assert!(!found.models.is_empty() || !found.problems.is_empty());
        for problem in &found.problems {
            if let Some(fix) = &problem.fix {
                prop_assert!(text.get(fix.range.clone()).is_some());
            }
        }
    }

    #[test]
    fn any_characters_end(text in "(\\PC|[\n\t ()\\[\\]{}:,.=#'\"]){0,200}") {
        import(&text, &Options::default());
    }
}
