//! What the command line says of itself.

use super::arguments::Format;
use super::text::{Column, Table};
use crate::cost::units::grouped;
use crate::device::CATALOGUE;

pub(super) const HELP: &str = "\
What convolutional networks cost, whether they fit, and how two of them differ.

usage: convscope MODEL...                     params, MACs, memory of each
       convscope diff A B                     two models, and the difference in words
       convscope fit MODEL... --device ID     exit status 1 where a limit is not kept
       convscope run MODEL                    the forward pass, on seeded weights
       convscope export FORM MODEL          c, c-int8, onnx, pytorch, keras, json, link, safetensors
       convscope weights MODEL FILE           which tensors of a file fit; exit status 1: not all
       convscope devices                      ids and limits of boards

MODEL is a file (PyTorch source, a notebook, .onnx, .tflite, JSON of this program), a link of
the page, the text of a design (1x28x28.c8k3.relu.gap.flat.fc10), or - for standard input;
FILE::NAME is one network of several in a file.

  --input 3x224x224     the input of one sample, in place of what the file says
  --device ID           a board: nano-33-ble, esp32-s3, ...; or own-FLASH-RAM in bytes
  --format FORMAT       table, json, markdown, csv; --json for short (docs/command-line.md)
  --rows                a line for each layer, also of several models
  --batch N             samples at once
  --max-flash 256k      with fit, as --max-ram 64k, --max-macs 5M, --max-params 100k:
                        k, M are powers of 1000, Ki, Mi of 1024
  --seed N --gain G     with run and export: how weights are seeded
  --weights FILE        with run and export: .safetensors, .pt, .pth
  --int8                with run: 8-bit weights and activations
  --values IN.npy       with run: the input; --save OUT.npy: where the output goes
  -o FILE               with export: a file in place of standard output
  -h, --help    -V, --version

Exit status: 0 fine, 1 a limit of fit is not kept, 2 the call or a model is wrong.
";

/// The boards of the catalogue.
pub(super) fn devices(format: Format) -> String {
    let mut table = Table::new(&[
        Column::left("id"),
        Column::left("name"),
        Column::right("flash_bytes"),
        Column::right("ram_bytes"),
        Column::right("clock_hz"),
    ]);
    for device in CATALOGUE {
        let figures = [device.flash.value, device.ram.value, device.clock.value];
        let shown = figures.map(|figure| if format == Format::Table { grouped(figure) } else { figure.to_string() });
        let [flash, ram, clock] = shown;
        table.push(vec![device.id.to_string(), device.name.to_string(), flash, ram, clock]);
    }
    match format {
        Format::Json => {
            let entry = |device: &crate::device::Device| {
                serde_json::json!({
                    "id": device.id, "name": device.name, "flash_bytes": device.flash.value,
                    "ram_bytes": device.ram.value, "clock_hz": device.clock.value,
                })
            };
            let devices: Vec<_> = CATALOGUE.iter().map(entry).collect();
            format!("{}\n", serde_json::json!({ "schema": super::figures::SCHEMA, "devices": devices }))
        }
        _ => table.write(format),
    }
}
