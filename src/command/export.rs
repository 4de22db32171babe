//! `convscope export FORM MODEL`: a model in another form.

use std::fs;

use super::arguments::Call;
use super::open::{Model, open_one};
use super::weights::{tensors, weights_of};
use super::{Outcome, Stopped};
use crate::cost::{Settings, analyze};
use crate::engine::{Numbers, all_tensors};
use crate::files::onnx_write;
use crate::files::weights::write_safetensors;
use crate::workbench::{Content, Design, Workbench};
use crate::{c_code, keras, pytorch, report, share_link};

/// What a model can be written as.
const FORMS: &str = "c, c-int8, onnx, pytorch, keras, safetensors, json, link";

pub(super) fn answer(call: &Call) -> Result<(Vec<u8>, Outcome), Stopped> {
    if call.models.is_empty() {
        return Err(format!("export wants a form and a model; forms are {FORMS}"));
    }
    let write = form(&call.form)?;
    let model = open_one(call)?;
    let bytes = write(call, &model)?;
    match &call.output {
        None => Ok((bytes, Outcome::Fine)),
        Some(path) => {
            fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
            Ok((Vec::new(), Outcome::Fine))
        }
    }
}

type Write = fn(&Call, &Model) -> Result<Vec<u8>, Stopped>;

fn form(name: &str) -> Result<Write, Stopped> {
    Ok(match name {
        "c" => |call, model| c(call, model, Numbers::F32),
        "c-int8" => |call, model| c(call, model, Numbers::Int8),
        "onnx" => |call, model| {
            let weights = all_tensors(&model.network, &weights_of(call, model)?).map_err(|error| error.to_string())?;
            onnx_write::write(&model.network, &weights).map_err(|problem| problem.to_string())
        },
        "safetensors" => |call, model| Ok(write_safetensors(&tensors(&model.network, &weights_of(call, model)?)?)),
        "pytorch" => |_, model| Ok(pytorch::export_module(&model.network).into_bytes()),
        "keras" => {
            |_, model| keras::export(&model.network).map(String::into_bytes).map_err(|problem| problem.to_string())
        }
        "json" => |_, model| {
            let settings = Settings { frozen: model.frozen.clone(), ..Settings::default() };
            Ok(report::Format::Json.write(&model.network, &analyze(&model.network, &settings)).into_bytes())
        },
        "link" => |_, model| {
            let content = Content::Network(model.network.clone().into());
            let designs = vec![Design::new(model.name.clone(), content)];
            let mut workbench = Workbench { designs, ..Workbench::default() };
            workbench.settings.frozen.clone_from(&model.frozen);
            Ok(format!("#{}\n", share_link::encode(&workbench)).into_bytes())
        },
        _ => return Err(format!("there is no form \"{name}\"; forms are {FORMS}")),
    })
}

fn c(call: &Call, model: &Model, numbers: Numbers) -> Result<Vec<u8>, Stopped> {
    let code =
        c_code::export(&model.network, &weights_of(call, model)?, numbers).map_err(|problem| problem.to_string())?;
    Ok(code.whole().into_bytes())
}
