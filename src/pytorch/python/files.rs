//! Several files of one project in one text: each has names of its own, and imports find them.

use super::super::problem::{Problem, ProblemKind, Severity};
use super::file::{File, PACKAGE};
use super::host::Host;
use super::interpreter::Frame;
use super::tree::Name;
use super::{Id, Interpreter, Run, Stop, Value};

impl<H: Host> Interpreter<H> {
    /// `from module import names`, of a file of the text's own; `false`: there is none of this name.
    pub(crate) fn import_from_file(&mut self, level: u32, module: &str, names: &[(Name, Option<Name>)]) -> Run<bool> {
        if self.files.is_empty() || (level == 0 && H::is_known_root(module)) {
            return Ok(false);
        }
        let package = self.file(level, module);
        let mut found = package.is_some();
        for (name, alias) in names {
            if &**name == "*" {
                if let Some(package) = package {
                    let scope = self.run_file(package)?;
                    for (name, value) in self.exported(scope)? {
                        self.set_variable(&name, value)?;
                    }
                }
                continue;
            }
            let value = match package {
                Some(package) => {
                    let scope = self.run_file(package)?;
                    self.heap.scopes[scope].variables.get(name).cloned()
                }
                None => None,
            };
            let part = if module.is_empty() { name.to_string() } else { format!("{module}.{name}") };
            let value = match value {
                Some(value) => value,
                None => match self.file(level, &part) {
                    Some(file) => Value::Library(self.files[file].module.as_str().into()),
                    None if package.is_some() => Value::unknown(&part),
                    None => continue,
                },
            };
            found = true;
            self.set_variable(alias.as_ref().unwrap_or(name), value)?;
        }
        if !found && (level > 0 || self.is_own_folder(module)) {
            let module = format!("{}{module}", ".".repeat(level as usize));
            let message = format!("No file of the text is the module {module}: what is imported from it is not known.");
            self.note(Problem::new(Severity::Note, ProblemKind::NotUnderstood, message));
        }
        Ok(found)
    }

    /// Whether a module lies in a folder that files of the text lie in.
    fn is_own_folder(&self, module: &str) -> bool {
        let root = module.split('.').next().unwrap_or_default();
        self.files.iter().any(|file| file.module.split_once('.').is_some_and(|(folder, _)| folder == root))
    }

    /// `module.name` of a file of the text's own.
    pub(crate) fn file_member(&mut self, module: &str, name: &str) -> Run<Option<Value<H>>> {
        if self.files.is_empty() || H::is_known_root(module) {
            return Ok(None);
        }
        if let Some(file) = self.file(0, module) {
            let scope = self.run_file(file)?;
            if let Some(value) = self.heap.scopes[scope].variables.get(name) {
                return Ok(Some(value.clone()));
            }
        }
        let part = format!("{module}.{name}");
        Ok(self.file(0, &part).map(|file| Value::Library(self.files[file].module.as_str().into())))
    }

    /// The file that an import names in the one that runs.
    fn file(&self, level: u32, module: &str) -> Option<usize> {
        let here = self.running_module();
        let mut folder: Vec<&str> = here.split('.').collect();
        folder.truncate(folder.len().saturating_sub(level.max(1) as usize));
        let is = |file: &File, wanted: &str| file.module == wanted || file.module.strip_suffix(PACKAGE) == Some(wanted);
        let at = |wanted: &str| self.files.iter().position(|file| is(file, wanted));
        let folder = folder.join(".");
        let beside = match (folder.as_str(), module) {
            ("", module) => module.to_string(),
            (folder, "") => folder.to_string(),
            (folder, module) => format!("{folder}.{module}"),
        };
        if let Some(found) = at(&beside).or_else(|| at(module)) {
            return Some(found);
        }
        if module.is_empty() {
            return None;
        }
        // Files may be given without the folders that they stand in, or below others.
        let ends = |file: &File| {
            let own = file.module.strip_suffix(PACKAGE).unwrap_or(&file.module);
            own.strip_suffix(module).is_some_and(|before| before.ends_with('.'))
                || (!own.contains('.') && module.strip_suffix(own).is_some_and(|before| before.ends_with('.')))
        };
        let shared = |file: &File| here.split('.').zip(file.module.split('.')).take_while(|(a, b)| a == b).count();
        let found = self.files.iter().enumerate().filter(|(_, file)| ends(file) && file.module != here);
        found.max_by_key(|(index, file)| (shared(file), usize::MAX - index)).map(|(index, _)| index)
    }

    /// What the names of the file stand in whose code runs.
    pub(crate) fn file_scope(&self) -> Id {
        let mut scope = self.scope();
        while let Some(parent) = self.heap.scopes[scope].parent {
            scope = parent;
        }
        scope
    }

    /// The module of the file whose code runs.
    fn running_module(&self) -> &str {
        let scope = self.file_scope();
        let file = self.files.iter().find(|file| file.scope == Some(scope));
        file.map_or("", |file| file.module.as_str())
    }

    /// The first file's names are those of the text.
    pub(crate) fn begin_files(&mut self) {
        let globals = self.globals;
        if let Some(first) = self.files.first_mut() {
            first.scope = Some(globals);
        }
    }

    /// Runs the files that nothing was imported from.
    pub(crate) fn run_files(&mut self) {
        for file in 0..self.files.len() {
            if let Err(Stop::Spent(spent)) = self.run_file(file) {
                self.unwind();
                self.note(Problem { severity: Severity::Warning, ..spent.problem() });
            }
            self.line = 0;
        }
    }

    /// Whether something is a variable of a file besides the first.
    pub(crate) fn is_of_other_file(&self, wanted: impl Fn(&Value<H>) -> bool) -> bool {
        let others = self.files.iter().skip(1).filter_map(|file| file.scope);
        others.into_iter().any(|scope| self.heap.scopes[scope].variables.values().any(&wanted))
    }

    /// Runs a file, once, each of its statements by itself: what one raises ends that statement only.
    fn run_file(&mut self, file: usize) -> Run<Id> {
        if let Some(scope) = self.files[file].scope {
            return Ok(scope);
        }
        let scope = self.new_scope(None)?;
        self.files[file].scope = Some(scope);
        let module = Value::text(&self.files[file].module);
        self.heap.scopes[scope].variables.insert("__name__".into(), module);
        let (body, own) = (self.files[file].body.clone(), self.files[file].own.clone());
        let (line, minding, constructing, frames) = (self.line, self.minding, self.constructing, self.frames.len());
        let catching = std::mem::take(&mut self.catching);
        let (doubts, call_site) = (self.doubts, self.call_site.take());
        (self.minding, self.constructing) = (0, 0);
        let mut result = Ok(scope);
        for statement in &body[own] {
            (self.doubts, self.call_site) = (0, None);
            self.frames.push(Frame { scope, class: None, receiver: None, yielded: None });
            let ran = self.with_whole_budget(|machine| machine.statement(statement));
            self.frames.truncate(frames);
            self.catching.clear();
            if let Err(stop @ Stop::Spent(_)) = ran {
                result = Err(stop);
                break;
            }
        }
        (self.line, self.minding, self.constructing, self.catching) = (line, minding, constructing, catching);
        (self.doubts, self.call_site) = (doubts, call_site);
        result
    }

    /// What `import *` brings: the names in `__all__`, or those that do not begin with `_`.
    fn exported(&mut self, scope: Id) -> Run<Vec<(Name, Value<H>)>> {
        let all = match self.heap.scopes[scope].variables.get("__all__").cloned() {
            Some(list) => Some(self.items(&list)?),
            None => None,
        };
        let variables = &self.heap.scopes[scope].variables;
        let is_listed = |name: &str| match &all {
            Some(all) => all.iter().any(|value| matches!(value, Value::Text(text) if &**text == name)),
            None => !name.starts_with('_'),
        };
        let mut found: Vec<(Name, Value<H>)> = variables
            .iter()
            .filter(|(name, _)| is_listed(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(found)
    }
}
