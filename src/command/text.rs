//! Tables of text: aligned for a terminal, Markdown, CSV.

use super::arguments::Format;
use crate::report;

/// The head of a column, and on which side its cells stand.
#[derive(Clone, Debug)]
pub(super) struct Column {
    title: &'static str,
    is_right: bool,
}

/// Rows of cells below their columns.
#[derive(Clone, Debug)]
pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl Column {
    pub(super) const fn left(title: &'static str) -> Self {
        Self { title, is_right: false }
    }

    pub(super) const fn right(title: &'static str) -> Self {
        Self { title, is_right: true }
    }
}

impl Table {
    pub(super) fn new(columns: &[Column]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    pub(super) fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    pub(super) fn write(&self, format: Format) -> String {
        match format {
            Format::Markdown => self.markdown(),
            Format::Csv => {
                let header: Vec<String> = self.columns.iter().map(|column| column.title.to_string()).collect();
                report::csv(&header, &self.rows)
            }
            Format::Table | Format::Json => self.aligned(),
        }
    }

    fn aligned(&self) -> String {
        let rows = || std::iter::once(self.titles()).chain(self.rows.iter().map(|row| cells(row, visible)));
        let widths = self.widths(rows());
        let mut text = String::new();
        for row in rows() {
            let line: Vec<String> = self.padded(&row, &widths);
            text.push_str(line.join("  ").trim_end());
            text.push('\n');
        }
        text
    }

    fn markdown(&self) -> String {
        let rows: Vec<Vec<String>> = std::iter::once(self.titles())
            .chain(self.rows.iter().map(|row| cells(row, report::markdown_cell)))
            .collect();
        let widths: Vec<usize> = self.widths(rows.iter().cloned()).into_iter().map(|width| width.max(3)).collect();
        let mut text = String::new();
        for (index, row) in rows.iter().enumerate() {
            text.push_str(&format!("| {} |\n", self.padded(row, &widths).join(" | ")));
            if index == 0 {
                let rule = |(column, &width): (&Column, &usize)| match column.is_right {
                    true => format!("{}:", "-".repeat(width - 1)),
                    false => "-".repeat(width),
                };
                let rules: Vec<String> = self.columns.iter().zip(&widths).map(rule).collect();
                text.push_str(&format!("| {} |\n", rules.join(" | ")));
            }
        }
        text
    }

    fn titles(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.title.to_string()).collect()
    }

    fn widths(&self, rows: impl Iterator<Item = Vec<String>>) -> Vec<usize> {
        let mut widths = vec![0; self.columns.len()];
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(&row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        widths
    }

    fn padded(&self, row: &[String], widths: &[usize]) -> Vec<String> {
        let cell = |((column, &width), cell): ((&Column, &usize), &String)| match column.is_right {
            true => format!("{cell:>width$}"),
            false => format!("{cell:<width$}"),
        };
        self.columns.iter().zip(widths).zip(row).map(cell).collect()
    }
}

/// A text in one line, without what would move a terminal's cursor.
pub(super) fn visible(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

fn cells(row: &[String], cell: fn(&str) -> String) -> Vec<String> {
    row.iter().map(|text| cell(text)).collect()
}
