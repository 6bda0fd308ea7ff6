//! The table of environment variables, made of the commands' own definitions.

use std::collections::{BTreeMap, BTreeSet};

use clap::CommandFactory as _;

use crate::cli::Cli;
use crate::roles::{Duty, ProcessType};

#[derive(Default)]
struct Variable {
    flag: String,
    default: String,
    help: String,
    commands: Vec<String>,
}

/// Makes the table, in Markdown, of every variable that a flag of any command reads.
pub(crate) fn table() -> String {
    let mut variables = BTreeMap::new();
    let command = Cli::command();
    let everywhere: Vec<&clap::Arg> = command.get_arguments().filter(|arg| arg.is_global_set()).collect();
    collect(&command, "", &mut variables);
    for name in everywhere.iter().filter_map(|arg| arg.get_env()).filter_map(|name| name.to_str()) {
        if let Some(variable) = variables.get_mut(name) {
            let variable: &mut Variable = variable;
            variable.commands = vec!["all".to_owned()];
        }
    }
    let mut table = "| variable | flag | default | commands | meaning |\n|---|---|---|---|---|\n".to_owned();
    for (name, variable) in variables {
        let Variable { flag, default, help, commands } = variable;
        let default = if default.is_empty() { "–".to_owned() } else { format!("`{default}`") };
        let help = help.replace('|', "\\|").replace('\n', " ");
        table += &format!("| `{name}` | `--{flag}` | {default} | {} | {help} |\n", commands.join(", "));
    }
    table
}

/// Lists the names of all variables in it.
pub(crate) fn names() -> BTreeSet<String> {
    let mut variables = BTreeMap::new();
    collect(&Cli::command(), "", &mut variables);
    variables.into_keys().collect()
}

fn collect(command: &clap::Command, path: &str, variables: &mut BTreeMap<String, Variable>) {
    for arg in command.get_arguments() {
        let Some(name) = arg.get_env().and_then(|name| name.to_str()) else { continue };
        let variable = variables.entry(name.to_owned()).or_default();
        // Commands that need only a part of it say so in their own words; the first one tells the whole.
        if variable.flag.is_empty() {
            variable.flag = arg.get_long().unwrap_or_default().to_owned();
            variable.help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            let defaults: Vec<_> =
                arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
            variable.default = defaults.join(",");
        }
        let command = group(path.split(' ').next().unwrap_or_default()).to_owned();
        if !variable.commands.contains(&command) {
            variable.commands.push(command);
        }
    }
    for child in command.get_subcommands() {
        let path = if path.is_empty() { child.get_name().to_owned() } else { path.to_owned() };
        collect(child, &path, variables);
    }
}

/// Names the process types of one duty together: they have the same settings.
fn group(command: &str) -> &str {
    match ProcessType::all().find(|process| process.name == command).map(|process| process.duty) {
        Some(Duty::Listener(_)) => "listeners",
        Some(Duty::Worker) => "workers",
        Some(Duty::Command) | None if command == "worker" => "workers",
        Some(Duty::Command) | None => command,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readmes_have_this_table() {
        let table = table();
        for (name, readme) in [
            ("treeherder-service/README.md", include_str!("../README.md")),
            ("README.md", include_str!("../../README.md")),
        ] {
            assert!(
                readme.contains(&table),
                "the table of {name} is out of date; `treeherder environment` prints this one:\n{table}"
            );
        }
    }

    #[test]
    fn secrets_have_no_visible_value() {
        for command in Cli::command().get_subcommands() {
            for arg in command.get_arguments() {
                let Some(name) = arg.get_env().and_then(|name| name.to_str()) else { continue };
                let holds_password = ["DATABASE_URL", "BROKER_URL", "PULSE_URL"].contains(&name);
                if holds_password
                    || ["_TOKEN", "_PASSWORD", "_SOURCES", "_WEBHOOK", "_KEY"]
                        .iter()
                        .any(|end| name.ends_with(end))
                {
                    assert!(arg.is_hide_env_values_set(), "{name} would be shown by --help");
                }
            }
        }
    }
}
