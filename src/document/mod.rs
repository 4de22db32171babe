//! The whole comparison as one HTML file that needs nothing else: to attach to a mail or an issue, or to print.

mod pictures;

pub use pictures::OverLayers;

use std::fmt::Write;

use crate::advice::{Finding, diagnose};
use crate::chart::{Scale, Theme};
use crate::compare::headline_of_one;
use crate::cost::{self, Settings};
use crate::device::Device;
use crate::page::derived::{Derived, DesignState};
use crate::page::format::{bytes, grouped, percent, time};
use crate::page::summary::{Counts, OnDevice, Role};
use crate::page::totals::qualified;
use crate::page::train::Learned;
use crate::report::{Format, html_text};

/// Of charts, in CSS pixels: what a page of paper takes.
const WIDTH: f64 = 720.0;

const STYLE: &str = include_str!("document.css");

/// What a document is made of.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// The designs, costed.
    pub derived: &'a Derived,
    /// The index of the design that the others are compared with.
    pub baseline: usize,
    /// What RAM, flash and time are of.
    pub device: Option<&'a Device>,
    /// Of each design, what it has learned; may be shorter.
    pub learned: &'a [Option<Learned>],
    /// The address at which all of it can be edited.
    pub link: &'a str,
}

impl Document<'_> {
    /// The file's text.
    pub fn html(&self) -> String {
        let headline = match &self.derived.comparison {
            Some(comparison) => Some(comparison.headline()),
            None => self.derived.designs.first().map(|design| headline_of_one(&design.side())),
        };
        let (title, text) = headline.map_or_else(Default::default, |headline| (headline.title, headline.text));
        let mut body = format!("<h1>{}</h1>\n<p>{}</p>\n", html_text(&title), html_text(&text));
        body.push_str(&self.summary());
        for over in OverLayers::ALL {
            if let Some(picture) = over.picture(self.derived, Scale::Linear) {
                let svg = picture.to_svg(WIDTH, &Theme::light());
                let title = html_text(picture.title());
                let _ = writeln!(
                    body,
                    "<figure><figcaption>{title}</figcaption><div role=\"img\" aria-label=\"{title}\">{svg}</div></figure>"
                );
            }
        }
        for design in &self.derived.designs {
            body.push_str(&section(design));
        }
        body.push_str(CONVENTIONS);
        let link = html_text(self.link);
        let _ = writeln!(
            body,
            "<footer>Convscope {}. <a href=\"{link}\">Open and edit it</a>: the link holds all of it.</footer>",
            env!("CARGO_PKG_VERSION")
        );
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n\
             <title>{}</title>\n<style>{STYLE}</style>\n<main>\n{body}</main>\n</html>\n",
            html_text(&title)
        )
    }

    /// A row for each design.
    fn summary(&self) -> String {
        let with_accuracy = self.learned.iter().any(Option::is_some);
        let mut text =
            "<table>\n<thead><tr><th>design</th><th>params</th><th>MACs</th><th>RAM</th><th>flash</th><th>time</th>"
                .to_string();
        text.push_str(if with_accuracy { "<th>accuracy</th>" } else { "" });
        text.push_str("<th>fits</th></tr></thead>\n");
        for (index, design) in self.derived.designs.iter().enumerate() {
            let Some(base) = self.derived.designs.get(self.baseline) else { break };
            let counts = Counts::of(design, base, Role::of(index, self.baseline, self.derived.pair));
            let on_device = self.device.and_then(|device| OnDevice::of(device, design));
            let changed = |text: String, change: &Option<String>| match change {
                Some(change) => format!("{text} <small>{}</small>", html_text(change)),
                None => text,
            };
            let [params, macs] = &counts.changes;
            let totals = &counts.totals;
            let told = |read: fn(&OnDevice) -> String| on_device.as_ref().map_or_else(|| "?".to_string(), read);
            let mut cells = vec![
                changed(qualified(totals.params_qualifier, grouped(totals.params)), params),
                changed(qualified(totals.qualifier, grouped(totals.macs)), macs),
                told(|on_device| bytes(on_device.ram)),
                told(|on_device| bytes(on_device.flash)),
                told(|on_device| {
                    let words = on_device.time.map_or_else(|| "–".to_string(), time);
                    format!("{words} <small>{}</small>", on_device.time_note)
                }),
            ];
            if with_accuracy {
                let learned = self.learned.get(index).and_then(Option::as_ref);
                cells.push(learned.map_or_else(|| "–".to_string(), |learned| percent(learned.accuracy)));
            }
            cells.push(told(|on_device| if on_device.fits { "fits" } else { "too large" }.to_string()));
            let _ = write!(text, "<tr><th scope=\"row\"><bdi>{}</bdi></th>", html_text(&counts.name));
            cells.iter().for_each(|cell| text.push_str(&format!("<td>{cell}</td>")));
            text.push_str("</tr>\n");
        }
        let device = self.device.map_or_else(String::new, |device| {
            format!("<p class=\"note\">RAM, flash and time are of: {}.</p>\n", html_text(device.name))
        });
        format!("{text}</table>\n{device}")
    }
}

/// One design: its layers, and what to change.
fn section(design: &DesignState) -> String {
    let network = design.network();
    let mut text = format!("<section>\n<h2><bdi>{}</bdi></h2>\n", html_text(&design.name));
    let _ = writeln!(text, "<p class=\"note\">Input {}, channels x height x width.</p>", network.input);
    text.push_str(&Format::Html.write(network, &design.report));
    // What helps is told in the sizes of one sample in floats, whatever the page counts with.
    let findings = diagnose(network, &cost::analyze(network, &Settings::default()));
    if !findings.is_empty() {
        text.push_str("<h3>What to change</h3>\n<ul>\n");
        findings.iter().for_each(|finding| text.push_str(&item(finding)));
        text.push_str("</ul>\n");
    }
    text + "</section>\n"
}

fn item(finding: &Finding) -> String {
    let mut text = format!("<li><p>{}</p>", html_text(&finding.message));
    for remedy in &finding.remedies {
        let _ = write!(
            text,
            "<p class=\"remedy\"><b>{}</b>: params {} to {}, MACs {} to {}.{}</p>",
            html_text(&remedy.title),
            grouped(remedy.before.params),
            grouped(remedy.after.params),
            grouped(remedy.before.macs),
            grouped(remedy.after.macs),
            remedy.warning().map_or_else(String::new, |warning| format!(" {}", html_text(warning))),
        );
    }
    text + "</li>\n"
}

const CONVENTIONS: &str = "<section>\n<h2>How it is counted</h2>\n<p>Params are elements of parameters as PyTorch's \
<code>numel</code> counts them, buffers apart. MACs are multiply-accumulates of one pass of one batch; FLOPs are about \
twice as many. RAM and flash are of int8 tensors and weights as an interpreter on a microcontroller keeps them; a time is \
fitted to published measurements.</p>\n</section>\n";
