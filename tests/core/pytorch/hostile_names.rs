//! No name, class or argument of a network becomes code where it is exported as Python.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use convscope::advice::arsenal;
use convscope::cost::{Settings, analyze};
use convscope::model::{Layer, Network, Parameter, Slice, UncalledModule, Unsupported, literal, presets};
use convscope::pytorch::export_module;
use convscope::share_link;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, Stmt};
use ruff_python_parser::parse_module;

use crate::hostile_text;

/// What an exported text may say.
struct Grammar {
    names: &'static [&'static str],
    /// What may be called by its name alone.
    functions: &'static [&'static str],
    /// What may be called on another value than a module.
    methods: &'static [&'static str],
    modules: &'static [&'static str],
}

const PYTORCH: Grammar = Grammar {
    names: &[
        "torch", "nn", "F", "self", "x", "inputs", "module", "path", "parents", "parent", "name", "value", "model",
        "y", "what", "__name__",
    ],
    functions: &[
        "super",
        "put",
        "hasattr",
        "setattr",
        "getattr",
        "print",
        "float",
        "NotKnown",
        "NotImplementedError",
        "OrderedDict",
        "LayerNorm2d",
        "StochasticDepth",
        "model",
    ],
    methods: &[
        "__init__",
        "add_module",
        "register_parameter",
        "get_submodule",
        "split",
        "size",
        "reshape",
        "view",
        "transpose",
        "permute",
        "contiguous",
        "mean",
        "expand",
        "sum",
        "amax",
        "amin",
        "std",
        "var",
        "norm",
        "prod",
        "logsumexp",
        "repeat",
        "tile",
        "cumsum",
        "flip",
        "roll",
        "clamp",
        "clip",
        "max",
        "min",
        "median",
    ],
    modules: &["torch", "nn", "F"],
};

const KERAS: Grammar = Grammar {
    names: &["keras", "initializers", "layers", "ops", "inputs", "x", "model"],
    functions: &["float"],
    methods: &["summary"],
    modules: &["keras", "initializers", "layers", "ops"],
};

/// Reads an exported text and notes all that is more than it may say.
struct Reader<'a> {
    grammar: &'a Grammar,
    /// Classes that the text defines.
    classes: BTreeSet<String>,
    strings: Vec<String>,
    prints: usize,
    foreign: Vec<String>,
}

impl Reader<'_> {
    fn foreign(&mut self, what: impl std::fmt::Debug) {
        self.foreign.push(format!("{what:?}"));
    }

    /// `x3`, `state2`, `layer_conv1`: variables that are numbered.
    fn is_variable(&self, name: &str) -> bool {
        let numbered = |stem| {
            let number = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
            name.strip_prefix(stem).is_some_and(number)
        };
        numbered("x") || numbered("state") || name.starts_with("layer_")
    }
}

impl<'a> Visitor<'a> for Reader<'_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::ClassDef(class) => {
                self.classes.insert(class.name.to_string());
            }
            Stmt::Expr(statement) if !statement.value.is_call_expr() => self.foreign(statement),
            Stmt::Import(import) => {
                let known = ["torch", "torch.nn", "torch.nn.functional", "keras"];
                for alias in import.names.iter().filter(|alias| !known.contains(&alias.name.as_str())) {
                    self.foreign(alias);
                }
            }
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map_or("", |module| module.as_str());
                let known = ["collections", "torchvision.models.convnext", "torchvision.ops", "keras"];
                if !known.contains(&module) {
                    self.foreign(import);
                }
            }
            Stmt::Expr(_)
            | Stmt::FunctionDef(_)
            | Stmt::Assign(_)
            | Stmt::Return(_)
            | Stmt::If(_)
            | Stmt::For(_)
            | Stmt::Raise(_) => {}
            other => self.foreign(other),
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(name) => {
                let name = name.id.as_str();
                let known = self.grammar.names.contains(&name) || self.grammar.functions.contains(&name);
                if !known && !self.is_variable(name) && !self.classes.contains(name) {
                    self.foreign(expression);
                }
            }
            Expr::StringLiteral(text) => self.strings.push(text.value.to_str().to_string()),
            Expr::Call(call) => match &*call.func {
                Expr::Name(name) => {
                    let name = name.id.as_str();
                    self.prints += usize::from(name == "print");
                    let known = self.grammar.functions.contains(&name) || self.classes.contains(name);
                    if !known && !self.is_variable(name) {
                        self.foreign(call);
                    }
                }
                Expr::Attribute(attribute) => {
                    let of_module = matches!(&*attribute.value,
                        Expr::Name(name) if self.grammar.modules.contains(&name.id.as_str()));
                    let of_self = matches!(&*attribute.value, Expr::Name(name) if name.id == "self");
                    if !of_module && !of_self && !self.grammar.methods.contains(&attribute.attr.as_str()) {
                        self.foreign(call);
                    }
                }
                // `getattr(self, "0")(x)`, `layers.ReLU()(x)`: what was called is looked at below.
                Expr::Call(_) => {}
                other => self.foreign(other),
            },
            Expr::Attribute(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::Tuple(_)
            | Expr::List(_)
            | Expr::ListComp(_)
            | Expr::Subscript(_)
            | Expr::Slice(_)
            | Expr::Starred(_)
            | Expr::BinOp(_)
            | Expr::UnaryOp(_)
            | Expr::Compare(_)
            | Expr::FString(_) => {}
            other => self.foreign(other),
        }
        walk_expr(self, expression);
    }
}

/// What is wrong with an exported text; its strings.
fn read(text: &str, grammar: &Grammar) -> Result<Vec<String>, String> {
    let parsed = parse_module(text).map_err(|error| error.to_string())?;
    let mut reader = Reader { grammar, classes: BTreeSet::new(), strings: Vec::new(), prints: 0, foreign: Vec::new() };
    reader.visit_body(parsed.suite());
    if reader.prints > 1 || !reader.foreign.is_empty() {
        return Err(format!("{} prints, {}", reader.prints, reader.foreign.join("\n")));
    }
    Ok(reader.strings)
}

/// Checks both texts of a network: that they are Python, say what they may, and that every string in PyTorch's is
/// one of the network's or a constant.
fn check(network: &Network) -> Result<(), String> {
    let text = keras_text(network);
    read(&text, &KERAS).map_err(|error| format!("Keras: {error}\n{text}"))?;
    let text = export_module(network);
    let strings = read(&text, &PYTORCH).map_err(|error| format!("{error}\n{text}"))?;
    let own: Vec<String> = network
        .nodes
        .iter()
        .map(|node| (&node.name, &node.layer))
        .chain(network.uncalled.iter().map(|module| (&module.name, &module.layer)))
        .flat_map(|(name, layer)| match layer {
            Layer::Unsupported(layer) => vec![name.clone(), layer.class.clone(), layer.arguments.clone()],
            _ => vec![name.clone()],
        })
        .collect();
    const CONSTANTS: &[&str] = &[".", "__main__", "reflect", "replicate", "row", "batch", "nan", "inf", "-inf"];
    for string in &strings {
        let whole = |own: &String| own.contains(string.as_str());
        let of_class = |own: &[String]| {
            let [class, arguments] = own else { return false };
            *string == format!("{class}({arguments})")
        };
        let is_word = !string.is_empty() && string.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let says_why = string.ends_with(": no shape arrives here");
        let known = CONSTANTS.contains(&string.as_str()) || is_word || says_why;
        if !known && !own.iter().any(whole) && !own.windows(2).any(of_class) {
            return Err(format!("{string:?} is no text of the network\n{text}"));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, max_shrink_iters: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_becomes_code(network in hostile_text::network()) {
        prop_assert_eq!(check(&network), Ok(()));
    }

    /// What the advice says about quantisation names layers, too.
    #[test]
    fn names_in_advice_are_strings(names in prop::collection::vec(hostile_text::text(), 3)) {
        let mut network = presets::find("seed_standard").expect("the seed's").network();
        for (node, name) in network.nodes.iter_mut().zip(&names) {
            node.name = name.clone();
        }
        let report = analyze(&network, &Settings::default());
        let techniques = arsenal(&network, &report);
        let code = techniques.iter().find(|technique| technique.id == "static-int8").map(|technique| &technique.code);
        let code = code.expect("the seed runs");
        let grammar = Grammar {
            names: &["torch", "model", "calibration", "x"],
            functions: &["model"],
            methods: &["eval", "fuse_modules", "QuantWrapper", "get_default_qconfig", "prepare", "inference_mode", "convert"],
            modules: &["torch"],
        };
        // `with` stands for no other statement here.
        let strings = read(&code.replace("with torch.inference_mode():", "if torch.inference_mode():"), &grammar);
        let strings = strings.map_err(|error| TestCaseError::fail(format!("{error}\n{code}")))?;
        let named: Vec<&String> = strings.iter().filter(|string| *string != "fbgemm").collect();
        let expected: Vec<&String> = network.nodes.iter().map(|node| &node.name).collect();
        prop_assert!(!named.is_empty(), "nothing is fused: {}", code);
        for name in named {
            prop_assert!(expected.contains(&name), "{:?} in\n{}", name, code);
        }
    }
}

/// Links that once put `print("INJECTED")` into the text.
#[test]
fn links_put_no_code_into_the_export() {
    let links = [
        "v=1&a=1x8x8.c2k3.tr2to3~FN_a~0A~20~20~20~20~20~20~20~20print~28~22INJECTED~22~29~0A~20~20~20~20~20~20~20~20~23",
        "v=1&a=1x8x8.par1x2x6x6_a~3Dprint~28~22INJECTED~22~29~3Bb.c2k3~IN.add~1~2",
        "v=1&a=1x8x8.c2k3.tr2to3_a~0D~20~20~20~20~20~20~20~20print~281~29",
        "v=1&a=1x8x8.c2k3.add~1~2_a~0Aimport~20os",
        "v=1&a=1x8x8.c4k3_a~22~5D~5D~29~3Bprint~281~29~23.bn_b~22.relu_c~22",
    ];
    for link in links {
        let (workbench, _) = share_link::decode(link);
        for design in workbench.resolve().iter() {
            assert_eq!(check(&design.network), Ok(()), "{link}");
        }
    }
}

fn of_layers(layers: impl IntoIterator<Item = (String, Layer)>) -> Network {
    Network::chain("Net", "1x8x8".parse().expect("a shape"), layers)
}

/// Nothing that is written grows with the numbers in a network, or with the square of its names.
#[test]
fn numbers_and_names_do_not_blow_up_the_text() {
    for dim in [1_000_000_000, i64::MAX, -1_000_000_000, i64::MIN, 6, -7] {
        let network = of_layers([("s".to_string(), Slice { dim, ..Slice::default() }.into())]);
        assert_eq!(check(&network), Ok(()), "{dim}");
        assert!(export_module(&network).len() < 2_000);
    }
    let long = ["a".repeat(100_000), "a.".repeat(50_000) + "b", "\n".repeat(50_000), "\"".repeat(50_000)];
    for name in long {
        let network = of_layers([
            (name.clone(), Layer::from(convscope::model::ReLU::default())),
            (name, Parameter::default().into()),
        ]);
        assert_eq!(check(&network), Ok(()));
        assert!(export_module(&network).len() < 3_000_000);
        assert!(keras_text(&network).len() < 3_000_000);
    }
}

/// What is never called is registered, and says what it is where it is not known.
#[test]
fn modules_never_called_are_in_the_text() {
    let mut network = of_layers([("relu".to_string(), Layer::from(convscope::model::ReLU::default()))]);
    let unknown = Unsupported { class: "Swin".to_string(), arguments: "f(1)".to_string(), ..Unsupported::default() };
    let known = Unsupported { class: "LSTM".to_string(), arguments: "3, 4".to_string(), ..Unsupported::default() };
    let parameter = Parameter { shape: vec![2, 3] };
    for (name, layer) in [("a", unknown.into()), ("b.c", known.into()), ("d e", Layer::from(parameter))] {
        network.uncalled.push(UncalledModule { name: name.to_string(), layer, declared: Vec::new() });
    }
    let text = export_module(&network);
    for line in [
        "        self.a = NotKnown(\"Swin(f(1))\")\n",
        "        put(self, \"b.c\", nn.LSTM(3, 4))\n",
        "        self.register_parameter(\"d e\", nn.Parameter(torch.randn(2, 3)))\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
    assert_eq!(check(&network), Ok(()));
}

/// Python itself reads what the parser of this test reads.
#[test]
fn python_reads_what_is_exported() {
    let python = Command::new("python3").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !python.is_ok_and(|status| status.success()) {
        return;
    }
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile");
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut runner = TestRunner::deterministic();
    let networks = hostile_text::network();
    let mut files = Vec::new();
    for number in 0..200 {
        let network = networks.new_tree(&mut runner).expect("a network").current();
        for (kind, text) in [("torch", export_module(&network)), ("keras", keras_text(&network))] {
            let file = folder.join(format!("{number}_{kind}.py"));
            std::fs::write(&file, text).expect("a file");
            files.push(file);
        }
    }
    let compiled = Command::new("python3").args(["-m", "py_compile"]).args(&files).output().expect("python3 runs");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
}

/// The network's Keras code; where Keras has no equal, a comment that says so.
fn keras_text(network: &Network) -> String {
    convscope::keras::export(network)
        .unwrap_or_else(|problem| format!("# {}\n", literal::comment(&problem.to_string())))
}
