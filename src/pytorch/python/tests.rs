//! The interpreter by itself: Python's own rules, below a host that knows nothing.

use super::tree::Name;
use super::value::Arguments;
use super::{Host, HostTypes, Interpreter, Run, Spent, Stop, Value, parse};

/// A library that writes down what it is called with.
#[derive(Clone, Debug, Default)]
struct Journal;

impl HostTypes for Journal {
    type Tensor = ();
    type Module = ();
    type State = Vec<String>;

    fn number((): &()) -> Option<f64> {
        None
    }

    fn is_known((): &()) -> bool {
        false
    }

    fn class_of((): &()) -> Name {
        Name::from("journal.Thing")
    }
}

impl Host for Journal {
    fn member(_: &mut Interpreter<Self>, module: &Name, name: &str) -> Run<Value<Self>> {
        Ok(Value::Library(Name::from(format!("{module}.{name}"))))
    }

    fn call(machine: &mut Interpreter<Self>, callee: &Value<Self>, arguments: Arguments<Self>) -> Run<Value<Self>> {
        let mut entry = machine.shown(callee)?;
        for argument in arguments.all() {
            entry.push(' ');
            entry.push_str(&machine.shown(argument)?);
        }
        machine.host.push(entry);
        Ok(Value::unknown("a result"))
    }
}

/// What a program writes into the journal.
fn journal(program: &str) -> Vec<String> {
    let mut machine = Interpreter::<Journal>::new();
    let tree = parse::parse(program);
    assert!(tree.errors.is_empty(), "{program}");
    machine.block(&tree.body).unwrap_or_else(|stop| panic!("{stop:?} in\n{program}"));
    machine.host
}

#[test]
fn python_runs_as_python_does() {
    let programs: [(&str, &[&str]); 12] = [
        (
            "import j\nfor i in range(0, 7, 3):\n    j.note(i)\nelse:\n    j.note('end')\n",
            &["j.note 0", "j.note 3", "j.note 6", "j.note end"],
        ),
        (
            "import j\ndef f(a, *b, c=3, **d):\n    return a, b, c, d['e']\nj.note(f(1, 2, 4, e=5))\n",
            &["j.note (1, (2, 4), 3, 5)"],
        ),
        (
            "import j\nclass A:\n    def f(self):\n        return 'A'\nclass B(A):\n    def f(self):\n        return 'B' + super().f()\nj.note(B().f())\n",
            &["j.note BA"],
        ),
        ("import j\nj.note([x * y for x in range(3) for y in (1, 2) if x])\n", &["j.note [1, 2, 2, 4]"]),
        (
            "import j\na, *b = 1, 2, 3\nb[0] += 10\nj.note(a, b, -7 // 2, -7 % 3, 2 ** 5)\n",
            &["j.note 1 [12, 3] -4 2 32"],
        ),
        ("import j\nx = 3\nj.note(f'{x:03d} {x / 2:.2f} {x!r}')\n", &["j.note 003 1.50 3"]),
        (
            "import j\ndef f():\n    for i in range(3):\n        yield i * i\nj.note(list(f()), sum(f()))\n",
            &["j.note [0, 1, 4] 5"],
        ),
        (
            "import j\ndef outer():\n    n = 0\n    def inner():\n        nonlocal n\n        n += 1\n        return n\n    inner()\n    return inner()\nj.note(outer())\n",
            &["j.note 2"],
        ),
        (
            "import j\nclass P:\n    def __init__(self):\n        self._x = 2\n    @property\n    def x(self):\n        return self._x * 2\n    @staticmethod\n    def s(a):\n        return a + 1\nj.note(P().x, P.s(1))\n",
            &["j.note 4 2"],
        ),
        (
            "import j\nd = {'a': 1}\nd.update(b=2)\nj.note(sorted(d), d.get('c', 9), 'b' in d, len(d))\n",
            &["j.note ['a', 'b'] 9 True 2"],
        ),
        ("import j\nj.note('a,b'.split(','), '-'.join(['x', 'y']), 'ab'.upper())\n", &["j.note ['a', 'b'] x-y AB"]),
        (
            "import j\ni = 0\nwhile True:\n    i += 1\n    if i == 2:\n        continue\n    if i > 3:\n        break\n    j.note(i)\n",
            &["j.note 1", "j.note 3"],
        ),
    ];
    for (program, expected) in programs {
        assert_eq!(journal(program), expected, "{program}");
    }
}

/// What only a host knows stays unknown, and what is made of it. Shown as texts no two of them are the same: names made
/// of them never fall together.
#[test]
fn unknown_values_flow_on() {
    let program = "import j\nx = j.made()\ny = x.part[0] + 1\nj.note(y, x == 2)\nif x:\n    j.note('taken')\n";
    let journal = journal(program);
    let [made, note] = journal.as_slice() else { panic!("{journal:?}") };
    assert_eq!(made, "j.made");
    let (sum, comparison) = note.strip_prefix("j.note ").and_then(|rest| rest.split_once("> ")).expect("two values");
    assert!(sum.starts_with("<unknown") && comparison.starts_with("<unknown"), "{note}");
    assert_ne!(format!("{sum}>"), comparison);
}

#[test]
fn budgets_end_what_does_not_end() {
    let spent = |program: &str| {
        let mut machine = Interpreter::<Journal>::new();
        let tree = parse::parse(program);
        match machine.with_budget(|machine| machine.block(&tree.body).map(drop)) {
            Err(Stop::Spent(spent)) => spent,
            other => panic!("{other:?} in\n{program}"),
        }
    };
    assert_eq!(spent("while True:\n    pass\n"), Spent::Steps);
    assert_eq!(spent("x = [1]\nwhile True:\n    x = x + x\n"), Spent::Values);
    assert_eq!(spent("l = []\nl.append(l)\nx = str(l)\n"), Spent::Depth);
}
