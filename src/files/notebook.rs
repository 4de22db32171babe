//! Jupyter notebooks: the code of their cells.

use serde_json::Value;

use super::problem::FileProblem;

/// The code cells, one below the other, a blank line between them. Lines that are the notebook's own (`%matplotlib inline`,
/// `!pip install`) become comments, so that line numbers stay.
///
/// # Errors
/// Where the text is no JSON, or has no cells.
pub fn code_cells(text: &str) -> Result<String, FileProblem> {
    let refuse = |why: &str| FileProblem::Notebook(why.to_string());
    let notebook: Value = serde_json::from_str(text).map_err(|error| FileProblem::BrokenNotebook(error.to_string()))?;
    // Notebooks before version 4 have their cells in worksheets.
    let sheets = notebook.get("worksheets").and_then(Value::as_array).into_iter().flatten();
    let in_sheets = sheets.filter_map(|sheet| sheet.get("cells"));
    let cells: Vec<&Value> =
        notebook.get("cells").into_iter().chain(in_sheets).filter_map(Value::as_array).flatten().collect();
    if cells.is_empty() {
        return Err(refuse("its JSON has no \"cells\""));
    }
    let code: Vec<String> = cells.into_iter().filter_map(source).collect();
    if code.is_empty() {
        return Err(refuse("it has no cell of code"));
    }
    Ok(code.join("\n\n"))
}

fn source(cell: &Value) -> Option<String> {
    if cell.get("cell_type").and_then(Value::as_str) != Some("code") {
        return None;
    }
    let text = match cell.get("source").or_else(|| cell.get("input"))? {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    // `%%bash` makes the whole cell something else.
    let foreign = text.trim_start().starts_with("%%")
        && !["%%time", "%%capture"].iter().any(|magic| text.trim_start().starts_with(magic));
    let line = |line: &str| {
        let is_magic = line.trim_start().starts_with(['%', '!']);
        if foreign || is_magic { format!("# {line}") } else { line.to_string() }
    };
    Some(text.split('\n').map(line).collect::<Vec<_>>().join("\n"))
}
