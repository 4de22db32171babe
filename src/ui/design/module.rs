//! The line of a module above its rows: its sums, and whether the rows are shown.

use leptos::prelude::*;

use crate::model::NodeId;
use crate::page::format::{grouped, short};
use crate::page::modules::{Module, modules};
use crate::page::totals::qualified;
use crate::ui::studio::Studio;

use super::handle::RowsHandle;

#[component]
pub fn ModuleLine(rows: RowsHandle, id: NodeId) -> impl IntoView {
    let studio = Studio::expect();
    let line = Memo::new(move |_| {
        let first = studio.with_design(rows.design, |state| state.network().position(id)).flatten()?;
        rows.modules.with(|modules| modules.iter().find(|(module, _)| module.first == first).cloned())
    });
    let read = move |read: fn(&Module) -> String| line.with(|line| line.as_ref().map(|(module, _)| read(module)));
    let is_folded = move || line.with(|line| line.as_ref().is_some_and(|(_, is_folded)| *is_folded));
    let toggle = move |_| {
        if let Some((module, is_folded)) = line.get_untracked() {
            studio.folded.update(|folded| {
                if is_folded {
                    folded.remove(&module.name)
                } else {
                    folded.insert(module.name)
                };
            });
        }
    };
    view! {
        <div class="module-line" role="row" data-module=move || read(|module| module.name.clone())>
            <span class="module-name" role="rowheader">
                <button class="button quiet small" aria-expanded=move || (!is_folded()).to_string() on:click=toggle>
                    <span aria-hidden="true">{move || if is_folded() { "▸ " } else { "▾ " }}</span>
                    <b>{move || read(|module| module.name.clone())}</b>
                    {move || read(|module| if module.blocks > 1 { format!(" ×{}", module.blocks) } else { String::new() })}
                </button>
                <small class="muted">{move || read(|module| format!("{} rows", module.end - module.first))}</small>
            </span>
            <span class="row-number params" role="cell" title=move || read(|module| format!("{} params", grouped(module.params)))>
                {move || read(|module| qualified(partly(module), short(module.params)))}
            </span>
            <span class="row-number macs" role="cell" title=move || read(|module| format!("{} MACs", grouped(module.macs)))>
                {move || read(|module| qualified(partly(module), short(module.macs)))}
            </span>
        </div>
    }
}

const fn partly(module: &Module) -> &'static str {
    if module.is_partial { "at least" } else { "" }
}

/// In a design's menu: all modules at once.
#[component]
pub fn FoldModules(design: usize, close: impl Fn() + Copy + Send + 'static) -> impl IntoView {
    let studio = Studio::expect();
    let names = Memo::new(move |_| {
        let of = |state: &crate::page::derived::DesignState| modules(state).into_iter().map(|module| module.name);
        studio.with_design(design, |state| of(state).collect::<Vec<_>>()).unwrap_or_default()
    });
    let are_folded = Memo::new(move |_| {
        names.with(|names| studio.folded.with(|folded| names.iter().all(|name| folded.contains(name))))
    });
    let toggle = move |_| {
        close();
        let fold = !are_folded.get_untracked();
        studio.folded.update(|folded| {
            for name in names.get_untracked() {
                if fold {
                    folded.insert(name)
                } else {
                    folded.remove(&name)
                };
            }
        });
    };
    move || {
        (!names.with(Vec::is_empty)).then(|| {
            view! {
                <button class="button quiet" data-testid=format!("fold-{design}") on:click=toggle>
                    {move || if are_folded.get() { "Unfold modules" } else { "Fold modules" }}
                </button>
            }
        })
    }
}
