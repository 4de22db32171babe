//! `convscope fit MODEL...`: whether models keep limits.

use serde::Serialize;

use super::arguments::{Call, Format};
use super::device_fit::{DeviceFit, Kept};
use super::figures::{Figures, SCHEMA};
use super::open::{Opened, open_all};
use super::text::{Column, Table};
use super::{Outcome, Stopped};
use crate::cost::Report;
use crate::cost::units::grouped;
use crate::model::Network;

/// One limit of a model.
#[derive(Debug, Serialize)]
struct Limit {
    what: &'static str,
    /// At least so much, where the verdict is `unknown`.
    found: Option<u64>,
    most: u64,
    verdict: Kept,
}

#[derive(Debug, Serialize)]
struct Checked {
    file: String,
    name: String,
    fits: bool,
    limits: Vec<Limit>,
}

#[derive(Debug, Serialize)]
struct Answer<'a> {
    schema: &'static str,
    models: &'a [Checked],
}

pub(super) fn answer(call: &Call) -> Result<(String, Outcome), Stopped> {
    let limits = &call.limits;
    if call.device.is_none() && [limits.flash, limits.ram, limits.macs, limits.params].iter().all(Option::is_none) {
        return Err("fit wants a limit: --device, --max-flash, --max-ram, --max-macs or --max-params".to_string());
    }
    let opened = open_all(call);
    let mut checked = Vec::new();
    let mut is_wrong = opened.iter().any(Opened::is_wrong);
    for one in &opened {
        one.tell();
        for model in &one.models {
            let (figures, report) = Figures::of(one, model, 1);
            is_wrong |= figures.tell_of_rows(one);
            let limits = of_model(call, &figures, &model.network, &report);
            let fits = limits.iter().all(|limit| limit.verdict.is_kept());
            checked.push(Checked { file: figures.file, name: figures.name, fits, limits });
        }
    }
    let outcome = match (is_wrong, checked.iter().all(|one| one.fits)) {
        (true, _) => Outcome::Wrong,
        (false, true) => Outcome::Fine,
        (false, false) => Outcome::No,
    };
    Ok((written(call.format, &checked)?, outcome))
}

fn of_model(call: &Call, figures: &Figures, network: &Network, report: &Report) -> Vec<Limit> {
    let mut limits = Vec::new();
    if let Some(device) = &call.device {
        let fit = DeviceFit::of(device, network, report);
        limits.push(Limit {
            what: "device flash",
            found: fit.flash_bytes,
            most: device.flash.value,
            verdict: fit.flash,
        });
        limits.push(Limit { what: "device RAM", found: fit.ram_bytes, most: device.ram.value, verdict: fit.ram });
    }
    let completeness = &report.totals.completeness;
    let params_exact = completeness.params_qualifier().is_empty();
    let exact = completeness.is_exact();
    let given = [
        ("flash, int8", Some(figures.flash_int8_bytes), call.limits.flash, params_exact && exact),
        ("RAM, int8", figures.ram_int8_bytes, call.limits.ram, exact),
        ("MACs", Some(figures.macs), call.limits.macs, exact),
        ("params", Some(figures.params), call.limits.params, params_exact),
    ];
    for (what, found, most, is_exact) in given {
        let Some(most) = most else { continue };
        let verdict = match found {
            Some(found) if found > most => Kept::TooLarge,
            Some(_) if is_exact => Kept::Fits,
            _ => Kept::Unknown,
        };
        limits.push(Limit { what, found, most, verdict });
    }
    limits
}

fn written(format: Format, checked: &[Checked]) -> Result<String, Stopped> {
    if format == Format::Json {
        let answer = Answer { schema: SCHEMA, models: checked };
        return Ok(serde_json::to_string(&answer).map_err(|error| error.to_string())? + "\n");
    }
    let mut table = Table::new(&[
        Column::left("file"),
        Column::left("name"),
        Column::left("limit"),
        Column::right("found"),
        Column::right("most"),
        Column::left("verdict"),
    ]);
    let number = |number: u64| if format == Format::Csv { number.to_string() } else { grouped(number) };
    for one in checked {
        for limit in &one.limits {
            table.push(vec![
                one.file.clone(),
                one.name.clone(),
                limit.what.to_string(),
                limit.found.map_or_else(|| "?".to_string(), number),
                number(limit.most),
                limit.verdict.words().to_string(),
            ]);
        }
    }
    Ok(table.write(format))
}
