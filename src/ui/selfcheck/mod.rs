//! The running build against published figures, in a dialog of its own (`#selfcheck` opens it).

use leptos::html::Dialog;
use leptos::prelude::*;

use crate::selfcheck::{self, Check, Verdict};
use crate::ui::table::Table;

/// The address that opens the dialog.
pub const FRAGMENT: &str = "selfcheck";

/// The line at the foot of the page, with what it opens.
#[component]
pub fn SelfCheck() -> impl IntoView {
    let dialog = NodeRef::<Dialog>::new();
    let checks = RwSignal::new(None::<Vec<Check>>);
    let open = move || {
        checks.update(|checks| {
            checks.get_or_insert_with(selfcheck::run);
        });
        if let Some(dialog) = dialog.get_untracked() {
            let _ = dialog.show_modal();
        }
    };
    let asked_for = || window().location().hash().is_ok_and(|hash| hash.strip_prefix('#') == Some(FRAGMENT));
    Effect::new(move |_| {
        if dialog.get().is_some() && asked_for() {
            open();
        }
    });
    let handle = window_event_listener(leptos::ev::hashchange, move |_| {
        if asked_for() {
            open();
        }
    });
    on_cleanup(move || handle.remove());
    let close = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    view! {
        <footer class="page-foot">
            <button class="button quiet" data-testid="selfcheck-open" on:click=move |_| open()>"Self-check against published figures"</button>
        </footer>
        <dialog node_ref=dialog aria-label="Self-check" data-testid="selfcheck">
            <div class="dialog-body">
                <div class="dialog-head">
                    <h2>"Self-check"</h2>
                    <button class="button small" on:click=close>"Close"</button>
                </div>
                {move || checks.get().map(|checks| view! { <Checks checks/> })}
            </div>
        </dialog>
    }
}

#[component]
fn Checks(checks: Vec<Check>) -> impl IntoView {
    let count = |counts: fn(Verdict) -> bool| checks.iter().filter(|check| counts(check.verdict)).count();
    let met = count(Verdict::agrees);
    let errata = count(|verdict| matches!(verdict, Verdict::Erratum(_)));
    let missed = count(|verdict| verdict == Verdict::Differs);
    let summary = format!(
        "This build computes {met} published figures as they were printed; {missed} differ; {errata} more are known to \
         be wrong where they stand."
    );
    let rows = checks.iter().enumerate().map(|(index, check)| {
        let is_first = index == 0 || checks[index - 1].source != check.source;
        let source = is_first.then(|| view! { <tr><th colspan="5" scope="colgroup">{check.source}</th></tr> });
        let (class, verdict) = match check.verdict {
            Verdict::Rounded => ("verdict good", "same".to_string()),
            Verdict::Truncated => ("verdict good", "same, cut off".to_string()),
            Verdict::Erratum(reason) => ("verdict warn", format!("erratum: {reason}")),
            Verdict::Differs => ("verdict bad", "differs".to_string()),
        };
        let unit = check.unit.name();
        view! {
            {source}
            <tr>
                <td>{check.subject.clone()}</td>
                <td>{check.quantity}</td>
                <td>{format!("{} {unit}", check.published)}</td>
                <td>{format!("{} {unit}", check.computed_text())}</td>
                <td><span class=class>{verdict}</span></td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <p data-testid="selfcheck-summary" data-met=met.to_string() data-missed=missed.to_string()>{summary}</p>
        <div class="selfcheck">
            <Table label="Every figure" header=vec!["what", "figure", "published", "computed", "verdict"]>
                {rows}
            </Table>
        </div>
    }
}
