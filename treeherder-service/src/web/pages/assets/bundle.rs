//! The modules of a page in one file: a browser asks for it once, where it would ask for each module by itself.
//!
//! A page has a folder with a module `main.js`; those that need no module of their own have `page.js`. What that imports, directly or
//! not, comes before it in the same file, in one scope: so no two of them may declare the same name, which a test sees to. Modules of
//! the folder that are loaded later take what they import from that file, for a module must not run twice.

use std::collections::{BTreeMap, BTreeSet};

/// Modules by their names.
pub(super) type Modules = BTreeMap<String, String>;

/// Name of the module of a page that imports the others.
const MAIN: &str = "main.js";

/// The module of pages without one of their own.
const PLAIN: &str = "page.js";

/// Puts the modules of each page into one, which takes the place of its main module.
///
/// Our modules import and export by statements of one line, under the names that things were declared with; their comments are left out
/// already.
pub(super) fn bundled(modules: &Modules) -> Modules {
    let mut made = modules.clone();
    for main in modules.keys().filter(|name| is_main(name)) {
        let members = members(main, modules);
        let mut exported = BTreeSet::new();
        for (name, source) in modules.iter().filter(|(name, _)| is_later(name, main, &members)) {
            made.insert(name.clone(), from_main(source, name, &members, &mut exported));
        }
        let mut text = String::new();
        for source in members.iter().filter_map(|member| modules.get(member)) {
            add(&mut text, source);
        }
        if !exported.is_empty() {
            let names: Vec<String> = exported.into_iter().collect();
            text += &format!("export {{ {} }};\n", names.join(", "));
        }
        made.insert(main.clone(), text);
    }
    made
}

fn is_main(name: &str) -> bool {
    name == PLAIN || name.strip_suffix(MAIN).is_some_and(|folder| folder.ends_with('/'))
}

/// Whether a module is of the folder of a main module, which does not import it.
fn is_later(name: &str, main: &str, members: &[String]) -> bool {
    let folder = main.strip_suffix(MAIN).filter(|folder| !folder.is_empty());
    folder.is_some_and(|folder| name.starts_with(folder)) && !members.iter().any(|member| member == name)
}

/// Lists a module and what it imports, each after what it needs itself.
fn members(main: &str, modules: &Modules) -> Vec<String> {
    fn visit(name: &str, modules: &Modules, seen: &mut BTreeSet<String>, ordered: &mut Vec<String>) {
        let Some(source) = modules.get(name) else { return };
        if !seen.insert(name.to_owned()) {
            return;
        }
        for (_, imported) in imports(source, name) {
            visit(&imported, modules, seen, ordered);
        }
        ordered.push(name.to_owned());
    }
    let mut ordered = Vec::new();
    visit(main, modules, &mut BTreeSet::new(), &mut ordered);
    ordered
}

/// Finds the statements with which a module imports by a relative path, with the names of those modules.
fn imports<'s>(source: &'s str, module: &str) -> Vec<(&'s str, String)> {
    let folder = module.rsplit_once('/').map_or("", |(folder, _)| folder);
    let statements = source.lines().filter(|line| line.starts_with("import ") && line.ends_with(';'));
    statements.filter_map(|line| Some((line, resolved(folder, path(line)?)?))).collect()
}

/// Returns what stands between the quotation marks of a statement.
fn path(statement: &str) -> Option<&str> {
    statement.split(['\'', '"']).nth(1)
}

fn resolved(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    if !path.starts_with('.') {
        return None;
    }
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Makes a module that is loaded later import from the main module what is in there, and notes which names.
fn from_main(source: &str, name: &str, members: &[String], exported: &mut BTreeSet<String>) -> String {
    let mut text = source.to_owned();
    for (statement, imported) in imports(source, name) {
        if !members.contains(&imported) {
            continue;
        }
        let names = statement.split(['{', '}']).nth(1).unwrap_or_default().split(',');
        let names = names.map(str::trim);
        exported.extend(names.filter(|name| !name.is_empty()).map(str::to_owned));
        let Some(path) = path(statement) else { continue };
        text = text.replace(statement, &statement.replace(path, &format!("./{MAIN}")));
    }
    text
}

/// Adds what a module declares and does.
fn add(text: &mut String, source: &str) {
    for line in source.lines() {
        if line.starts_with("import ") || line.starts_with("export {") {
            continue;
        }
        *text += line.strip_prefix("export ").unwrap_or(line);
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules(files: &[(&str, &str)]) -> Modules {
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_page_has_one_file_in_which_each_module_comes_after_what_it_needs() {
        let made = bundled(&modules(&[
            ("a/main.js", "import { x } from './x.js';\nimport '../y.js';\nx(y);\n"),
            ("a/x.js", "import { y } from '../y.js';\nexport function x(a) {\nreturn a + y;\n}\n"),
            ("y.js", "export const y = 1;\n"),
            ("z.js", "export const z = 1;\n"),
        ]));
        assert_eq!(made["a/main.js"], "const y = 1;\nfunction x(a) {\nreturn a + y;\n}\nx(y);\n");
        assert_eq!(made["z.js"], "export const z = 1;\n");
    }

    #[test]
    fn what_is_loaded_later_takes_from_that_file_what_is_in_it() {
        let made = bundled(&modules(&[
            ("a/main.js", "import { y } from '../y.js';\nimport('./later.js');\n"),
            (
                "a/later.js",
                "import { y } from '../y.js';\nimport { z } from '../z.js';\nexport const l = y + z;\n",
            ),
            ("y.js", "export const y = 1;\nexport const other = 2;\n"),
            ("z.js", "export const z = 1;\n"),
        ]));
        assert_eq!(
            made["a/main.js"],
            "const y = 1;\nconst other = 2;\nimport('./later.js');\nexport { y };\n"
        );
        assert_eq!(
            made["a/later.js"],
            "import { y } from './main.js';\nimport { z } from '../z.js';\nexport const l = y + z;\n"
        );
    }

    #[test]
    fn no_two_modules_of_a_page_declare_the_same_name() {
        let sources = super::super::FILES.iter().filter(|(name, _)| name.ends_with(".js"));
        let sources: Modules = sources
            .map(|(name, content)| ((*name).to_owned(), String::from_utf8_lossy(content).into_owned()))
            .collect();
        let mains: Vec<&String> = sources.keys().filter(|name| is_main(name)).collect();
        assert!(mains.len() >= 6, "{mains:?}");
        for main in mains {
            let mut seen = BTreeSet::new();
            // What is declared inside something else is indented.
            for line in members(main, &sources).iter().flat_map(|member| sources[member].lines()) {
                let line = line.strip_prefix("export ").unwrap_or(line);
                let line = line.strip_prefix("async ").unwrap_or(line);
                let mut words = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
                if matches!(words.next(), Some("const" | "let" | "class" | "function")) {
                    let name = words.find(|word| !word.is_empty()).unwrap_or_default();
                    assert!(seen.insert(name), "{main}: {name}");
                }
            }
        }
    }

    #[test]
    fn imports_and_exports_are_statements_of_one_line() {
        for (name, content) in super::super::FILES.iter().filter(|(name, _)| name.ends_with(".js")) {
            for line in String::from_utf8_lossy(content).lines() {
                let whole =
                    !line.starts_with("import ") && !line.starts_with("export {") || line.ends_with(';');
                // What is declared has its name in the same line, and is exported under it.
                let named = !["export default", "export *"].iter().any(|other| line.starts_with(other));
                // In the one file there is no other name for it.
                let renamed = line.starts_with("import ") && line.contains(" as ");
                assert!(whole && named && !renamed, "{name}: {line}");
            }
        }
    }
}
