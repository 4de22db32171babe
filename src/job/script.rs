//! A course of training as a PyTorch file: the same data, the same seed, the same loop.

use super::train::{DataTask, OptimizerName, PATIENCE, ScheduleName, TrainSettings};
use crate::model::{Dims, Network};
use crate::pytorch::export_module;
use crate::share_link;
use crate::training::data::{self, DataError};
use crate::training::{fit_to, least_batch};

/// The file that trains a design as [`super::TrainTask`] does; the design is as in a link.
///
/// # Errors
/// Where the design or the data cannot be read, in words.
pub fn training_script(design: &str, data: &DataTask, settings: &TrainSettings) -> Result<String, String> {
    let (network, problems) = share_link::decode_design(design);
    if let Some(problem) = problems.first() {
        return Err(problem.to_string());
    }
    let (shape, classes) = shape_of(data, &network.input).map_err(|error| error.to_string())?;
    let (resampled, target) =
        if settings.resamples && shape != network.input { (true, network.input) } else { (false, shape) };
    let mut fitted = fit_to(&network, &target, classes).network;
    fitted.name = "Net".to_string();
    let least = least_batch(&fitted).map_err(|error| error.to_string())?;
    let mut text = String::from("# Trains a network as Convscope does: the same data, the same seed, the same loop.\n");
    text.push_str(&module(&fitted));
    text.push_str(&head(settings));
    text.push_str(&data_text(data, &network.input));
    if resampled {
        text.push_str(&resampling(&target));
    }
    text.push_str(SPLIT);
    text.push_str(&course(settings, least));
    Ok(text)
}

/// The class, without what makes one of it.
fn module(network: &Network) -> String {
    let text = export_module(network);
    let end = text.find("\n\nif __name__ ==").unwrap_or(text.len());
    text[..end].trim_end().to_string() + "\n"
}

fn shape_of(data: &DataTask, own: &Dims) -> Result<(Dims, usize), DataError> {
    match data {
        DataTask::Digits(_) => Ok((Dims::new(&[1, 8, 8]).unwrap_or(*own), 10)),
        DataTask::Vibration => Ok((*own, data::VIBRATIONS.len())),
        DataTask::Own(text) => data::table(text).map(|table| (table.shape, table.classes.len())),
    }
}

fn head(settings: &TrainSettings) -> String {
    let TrainSettings { epochs, batch_size, lr, seed, .. } = settings;
    format!("\n\ntorch.set_num_threads(1)\nSEED, EPOCHS, BATCH, RATE = {seed}, {epochs}, {batch_size}, {lr:?}\n")
}

fn sizes(shape: &Dims) -> String {
    shape.sizes().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn data_text(data: &DataTask, own: &Dims) -> String {
    match data {
        DataTask::Digits(_) => String::from(
            "\n# 1,797 digits of 8 x 8 pixels (E. Alpaydin, C. Kaynak, 1998, UCI), from scikit-learn.\n\
             from sklearn.datasets import load_digits\n\n\
             digits = load_digits()\n\
             x = (torch.tensor(digits.images, dtype=torch.float32) / 16).reshape(-1, 1, 8, 8)\n\
             y = torch.tensor(digits.target)\n",
        ),
        DataTask::Vibration => {
            let time = own.sizes().last().copied().unwrap_or(1);
            let lines = own.elements().unwrap_or(1) / time.max(1);
            format!(
                "\n# Vibrations made by a formula: even, out of balance, with a knocking bearing.\n\
                 import math\n\n\
                 noises = torch.Generator().manual_seed(0)\n\
                 rows, LINES, TIME = [], {lines}, {time}\n\
                 for sample in range(600):\n    \
                 def drawn(low, high):\n        \
                 return low + (high - low) * torch.rand(1, generator=noises).item()\n\n    \
                 turns, phase, loud = drawn(3.0, 7.0), drawn(0.0, 1.0), drawn(0.7, 1.3)\n    \
                 knocks, ring = drawn(5.0, 9.0), drawn(18.0, 30.0)\n    \
                 noise = torch.empty(LINES * TIME).normal_(0.0, 0.35, generator=noises)\n    \
                 moment = (torch.arange(TIME, dtype=torch.float64) / TIME)[None, :] + torch.arange(LINES, dtype=torch.float64)[:, None] * 0.037\n    \
                 angle = math.tau * (turns * moment + phase)\n    \
                 if sample % 3 == 0:\n        clean = 0.4 * torch.sin(angle)\n    \
                 elif sample % 3 == 1:\n        clean = torch.sin(angle) + 0.5 * torch.sin(2.0 * angle + 0.6)\n    \
                 else:\n        since = torch.frac(knocks * moment + phase) / knocks\n        \
                 clean = 0.4 * torch.sin(angle) + 1.4 * torch.exp(-25.0 * since) * torch.sin(math.tau * ring * since)\n    \
                 rows.append((loud * clean).float().flatten() + noise)\n\
                 x = torch.stack(rows).reshape(-1, {})\n\
                 y = torch.arange(600) % 3\n",
                sizes(own)
            )
        }
        DataTask::Own(_) => String::from(
            "\n# A table: a line is a class and then its values, with commas, semicolons or tabs between them.\n\
             import re\nimport sys\n\n\
             rows = []\n\
             for line in open(sys.argv[1], encoding=\"utf-8-sig\"):\n    \
             line = line.strip()\n    \
             if not line or line[0] in \"#@\":\n        continue\n    \
             if \":\" in line:\n        values, label = line.rsplit(\":\", 1)\n        values = re.split(\"[,:]\", values)\n    \
             else:\n        label, *values = [field.strip() for field in next((line.split(by) for by in \";\\t,\" if by in line), line.split())]\n    \
             try:\n        rows.append((label.strip().strip('\"'), [float(value) for value in values if value.strip()]))\n    \
             except ValueError:\n        assert not rows, line\n\
             names = {label for label, _ in rows}\n\
             try:\n    names = sorted(names, key=float)\n\
             except ValueError:\n    names = sorted(names)\n\
             x = torch.tensor([values for _, values in rows], dtype=torch.float32).double()\n\
             x = ((x - x.mean()) / x.std(correction=0)).float().reshape(len(rows), 1, 1, -1)\n\
             y = torch.tensor([names.index(label) for label, _ in rows])\n",
        ),
    }
}

fn resampling(shape: &Dims) -> String {
    let [channels, height, width] = match *shape.sizes() {
        [channels, height, width] => [channels, height, width],
        [channels, width] => [channels, 1, width],
        _ => [1, 1, shape.elements().unwrap_or(1)],
    };
    format!(
        "\n# Brought to the design's shape: straight lines between values, the last channel again where there are too few.\n\
         x = nn.functional.interpolate(x.double(), size=({height}, {width}), mode=\"bilinear\", align_corners=True)\n\
         x = x[:, [min(channel, x.shape[1] - 1) for channel in range({channels})]].float().reshape(-1, {})\n",
        sizes(shape)
    )
}

/// As [`data::Dataset::split`] has it.
const SPLIT: &str = "
# A fifth of each class is kept to test on.
split = torch.Generator().manual_seed(SEED)
train, test = [], []
for label in range(int(y.max()) + 1):
    own = (y == label).nonzero().flatten()
    own = own[torch.randperm(len(own), generator=split)]
    kept = max(len(own) // 5, 1)
    test.append(own[:kept])
    train.append(own[kept:])
train, test = torch.cat(train).sort().values, torch.cat(test).sort().values
";

fn course(settings: &TrainSettings, least: usize) -> String {
    let TrainSettings { momentum, weight_decay, .. } = settings;
    let optimizer = match settings.optimizer {
        OptimizerName::Sgd => {
            format!("SGD(model.parameters(), lr=RATE, momentum={momentum:?}, weight_decay={weight_decay:?})")
        }
        OptimizerName::Nesterov => format!(
            "SGD(model.parameters(), lr=RATE, momentum={momentum:?}, nesterov={}, weight_decay={weight_decay:?})",
            if *momentum > 0.0 { "True" } else { "False" }
        ),
        OptimizerName::Adam => format!("Adam(model.parameters(), lr=RATE, weight_decay={weight_decay:?})"),
        OptimizerName::AdamW => format!("AdamW(model.parameters(), lr=RATE, weight_decay={weight_decay:?})"),
        OptimizerName::RmsProp => {
            format!("RMSprop(model.parameters(), lr=RATE, momentum={momentum:?}, weight_decay={weight_decay:?})")
        }
    };
    let schedule = match settings.schedule {
        ScheduleName::Constant => "LambdaLR(optimizer, lambda epoch: 1.0)".to_string(),
        ScheduleName::Step => "StepLR(optimizer, step_size=max(-(-EPOCHS // 3), 1), gamma=0.1)".to_string(),
        ScheduleName::Cosine => "CosineAnnealingLR(optimizer, T_max=EPOCHS)".to_string(),
    };
    let patience = if settings.stops_by_itself { PATIENCE } else { 0 };
    let few = match least {
        0 | 1 => String::new(),
        least => {
            format!("        if len(batch) < {least}:  # a batch norm has nothing to go by\n            continue\n")
        }
    };
    format!(
        "
torch.manual_seed(SEED)
model = Net()
optimizer = torch.optim.{optimizer}
scheduler = torch.optim.lr_scheduler.{schedule}
loss_of = nn.CrossEntropyLoss(label_smoothing={:?})
shuffle = torch.Generator().manual_seed(SEED)
losses, lowest, since, PATIENCE = [], float(\"inf\"), 0, {patience}
for epoch in range(EPOCHS):
    model.train()
    for batch in train[torch.randperm(len(train), generator=shuffle)].split(BATCH):
{few}        optimizer.zero_grad()
        loss = loss_of(model(x[batch]), y[batch])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    scheduler.step()
    model.eval()
    with torch.no_grad():
        logits = torch.cat([model(x[batch]) for batch in test.split(BATCH)])
    test_loss = loss_of(logits, y[test]).item()
    right = (logits.argmax(1) == y[test]).sum().item()
    print(f\"epoch {{epoch + 1}}: test loss {{test_loss:.6f}}, {{right}} of {{len(test)}} right ({{right / len(test):.4f}})\")
    since = 0 if test_loss < lowest else since + 1
    lowest = min(lowest, test_loss)
    if PATIENCE and since >= PATIENCE:
        break
print(\"losses\", losses)
",
        settings.label_smoothing
    )
}
