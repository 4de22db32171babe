//! What a call asks for, read from its arguments.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt};

use super::Stopped;
use crate::cost::units::read_amount;
use crate::device::{self, Device};
use crate::model::Dims;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Count,
    Diff,
    Fit,
    Run,
    Export,
    Weights,
    Devices,
    Help,
    Version,
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Table,
    Json,
    Markdown,
    Csv,
}

/// What a network may take at most; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Limits {
    pub flash: Option<u64>,
    pub ram: Option<u64>,
    pub macs: Option<u64>,
    pub params: Option<u64>,
}

/// A call of the command line.
#[derive(Debug)]
pub(super) struct Call {
    pub verb: Verb,
    /// What an export writes: `c`, `pytorch`.
    pub form: String,
    /// Files, links, texts of designs.
    pub models: Vec<OsString>,
    /// The input of one sample, in place of what a file says.
    pub input: Option<Dims>,
    pub device: Option<Device>,
    pub format: Format,
    /// A line for each layer, also of several models.
    pub rows: bool,
    pub limits: Limits,
    pub batch: u64,
    pub seed: u64,
    pub gain: f64,
    pub int8: bool,
    /// A file to write in place of standard output.
    pub output: Option<PathBuf>,
    /// A file of weights, in place of seeded ones.
    pub weights: Option<PathBuf>,
    /// The input's values, `.npy`.
    pub values: Option<PathBuf>,
    /// Where the output's values go, `.npy`.
    pub save: Option<PathBuf>,
}

/// An option, the verbs that it is of (all of them where none is named), and what its value is.
struct Known {
    name: &'static str,
    verbs: &'static [Verb],
}

const fn of(name: &'static str, verbs: &'static [Verb]) -> Known {
    Known { name, verbs }
}

const OPTIONS: &[Known] = &[
    of("input", &[Verb::Count, Verb::Diff, Verb::Fit, Verb::Run, Verb::Export, Verb::Weights]),
    of("device", &[Verb::Count, Verb::Fit]),
    of("format", &[Verb::Count, Verb::Diff, Verb::Fit, Verb::Run, Verb::Weights, Verb::Devices]),
    of("json", &[Verb::Count, Verb::Diff, Verb::Fit, Verb::Run, Verb::Weights, Verb::Devices]),
    of("rows", &[Verb::Count]),
    of("batch", &[Verb::Count, Verb::Diff, Verb::Run]),
    of("max-flash", &[Verb::Fit]),
    of("max-ram", &[Verb::Fit]),
    of("max-macs", &[Verb::Fit]),
    of("max-params", &[Verb::Fit]),
    of("seed", &[Verb::Run, Verb::Export]),
    of("gain", &[Verb::Run, Verb::Export]),
    of("int8", &[Verb::Run]),
    of("weights", &[Verb::Run, Verb::Export]),
    of("values", &[Verb::Run]),
    of("save", &[Verb::Run]),
    of("output", &[Verb::Export]),
];

impl Verb {
    const fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Diff => "diff",
            Self::Fit => "fit",
            Self::Run => "run",
            Self::Export => "export",
            Self::Weights => "weights",
            Self::Devices => "devices",
            Self::Help => "help",
            Self::Version => "version",
        }
    }

    fn named(text: &str) -> Option<Self> {
        const SAID: &[Verb] = &[
            Verb::Count,
            Verb::Diff,
            Verb::Fit,
            Verb::Run,
            Verb::Export,
            Verb::Weights,
            Verb::Devices,
            Verb::Help,
            Verb::Version,
        ];
        SAID.iter().copied().find(|verb| verb.name() == text)
    }
}

impl Call {
    /// The call of this process.
    ///
    /// # Errors
    /// Names the argument and what it may be.
    pub(super) fn from_environment() -> Result<Self, Stopped> {
        Self::read(Parser::from_env())
    }

    fn read(mut parser: Parser) -> Result<Self, Stopped> {
        let mut call = Self {
            verb: Verb::Count,
            form: String::new(),
            models: Vec::new(),
            input: None,
            device: None,
            format: Format::Table,
            rows: false,
            limits: Limits::default(),
            batch: 1,
            seed: 0,
            gain: 1.0,
            int8: false,
            output: None,
            weights: None,
            values: None,
            save: None,
        };
        let mut given: Vec<String> = Vec::new();
        let mut verb_said = false;
        let words = |error: lexopt::Error| format!("{error}. See convscope --help");
        while let Some(argument) = parser.next().map_err(words)? {
            match argument {
                Arg::Short('h') | Arg::Long("help") => return Ok(Self { verb: Verb::Help, ..call }),
                Arg::Short('V') | Arg::Long("version") => return Ok(Self { verb: Verb::Version, ..call }),
                Arg::Value(value) => {
                    let said = value.to_str().and_then(Verb::named).filter(|_| !verb_said && call.models.is_empty());
                    match said {
                        Some(verb) => {
                            call.verb = verb;
                            verb_said = true;
                        }
                        None if call.verb == Verb::Export && call.form.is_empty() => {
                            call.form = value.to_string_lossy().into_owned();
                        }
                        None => call.models.push(value),
                    }
                }
                Arg::Short('o') => {
                    given.push("output".to_string());
                    call.output = Some(parser.value().map_err(words)?.into());
                }
                Arg::Short(letter) => return Err(format!("there is no option -{letter}. See convscope --help")),
                Arg::Long(name) => {
                    let name = name.to_string();
                    call.option(&name, &mut parser)?;
                    given.push(name);
                }
            }
        }
        let takes = |name: &str, verb| OPTIONS.iter().any(|known| known.name == name && known.verbs.contains(&verb));
        if let Some(name) = given.iter().find(|name| !takes(name, call.verb)) {
            let of = OPTIONS.iter().filter(|known| known.name == name).flat_map(|known| known.verbs);
            let of: Vec<&str> = of.map(|verb| verb.name()).collect();
            return Err(format!("--{name} is an option of {}, not of {}", of.join(", "), call.verb.name()));
        }
        match call.verb {
            Verb::Help | Verb::Version | Verb::Devices => Ok(call),
            _ if call.models.is_empty() => Err(format!(
                "{} wants a file, a link or the text of a design. See convscope --help",
                if verb_said { call.verb.name() } else { "convscope" }
            )),
            _ => Ok(call),
        }
    }

    fn option(&mut self, name: &str, parser: &mut Parser) -> Result<(), Stopped> {
        let mut text = || {
            let value = parser.value().map_err(|error| error.to_string())?;
            value.string().map_err(|_| format!("the value of --{name} is no text"))
        };
        match name {
            "input" => {
                let text = text()?;
                self.input = Some(text.parse().map_err(|error| format!("--input: {error}"))?);
            }
            "device" => self.device = Some(found_device(&text()?)?),
            "format" => self.format = Format::named(&text()?)?,
            "json" => self.format = Format::Json,
            "rows" => self.rows = true,
            "batch" => {
                let text = text()?;
                let batch = text.parse().ok().filter(|&batch: &u64| (1..=1_000_000_000).contains(&batch));
                self.batch = batch.ok_or_else(|| format!("--batch is a whole number from 1, not \"{text}\""))?;
            }
            "max-flash" => self.limits.flash = Some(amount(name, &text()?)?),
            "max-ram" => self.limits.ram = Some(amount(name, &text()?)?),
            "max-macs" => self.limits.macs = Some(amount(name, &text()?)?),
            "max-params" => self.limits.params = Some(amount(name, &text()?)?),
            "seed" => {
                let text = text()?;
                self.seed = text.parse().map_err(|_| format!("--seed is a whole number from 0, not \"{text}\""))?;
            }
            "gain" => {
                let text = text()?;
                let gain = text.parse().ok().filter(|gain: &f64| gain.is_finite() && *gain > 0.0);
                self.gain = gain.ok_or_else(|| format!("--gain is a number above 0, not \"{text}\""))?;
            }
            "int8" => self.int8 = true,
            "weights" => self.weights = Some(text()?.into()),
            "values" => self.values = Some(text()?.into()),
            "save" => self.save = Some(text()?.into()),
            "output" => self.output = Some(text()?.into()),
            _ => {
                let near = OPTIONS.iter().map(|known| known.name).find(|known| known.starts_with(name));
                let near = near.map_or(String::new(), |known| format!("; did you mean --{known}?"));
                return Err(format!("there is no option --{name}{near} See convscope --help"));
            }
        }
        Ok(())
    }
}

impl Format {
    fn named(text: &str) -> Result<Self, Stopped> {
        match text {
            "table" => Ok(Self::Table),
            "json" => Ok(Self::Json),
            "markdown" | "md" => Ok(Self::Markdown),
            "csv" => Ok(Self::Csv),
            _ => Err(format!("--format is table, json, markdown or csv, not \"{text}\"")),
        }
    }
}

/// The device of an id, or the only one with such a name.
fn found_device(text: &str) -> Result<Device, Stopped> {
    if let Some(device) = device::find(text) {
        return Ok(device);
    }
    let called: Vec<&Device> = device::called(text).collect();
    match called.as_slice() {
        [one] => Ok(**one),
        [] => Err(format!("--device: no device is called \"{text}\"; convscope devices lists them")),
        several => {
            let ids: Vec<&str> = several.iter().map(|device| device.id).collect();
            Err(format!("--device: \"{text}\" may be {}; say which", ids.join(", ")))
        }
    }
}

/// As [`read_amount`] reads it.
fn amount(name: &str, text: &str) -> Result<u64, Stopped> {
    read_amount(text).ok_or_else(|| {
        format!("--{name} is a number with k, M (of 1000) or Ki, Mi (of 1024), such as 256k, not \"{text}\"")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_of_another_verb_is_named() {
        let read = |line: &str| Call::read(Parser::from_args(line.split(' ')));
        assert!(read("a.py --max-ram 1k").unwrap_err().contains("--max-ram is an option of fit, not of count"));
        assert!(read("fit").unwrap_err().contains("wants a file"));
        assert!(read("a.py --formt json").unwrap_err().contains("no option --formt"));
        let call = read("export c-int8 a.py -o b.c").unwrap();
        assert_eq!((call.form.as_str(), call.models.len()), ("c-int8", 1));
        // A verb behind a model is a file of that name.
        assert_eq!(read("a.py diff").unwrap().models.len(), 2);
    }
}
