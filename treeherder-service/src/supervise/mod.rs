//! Runs and restarts a set of processes from one file, in supervisord's place (`spec/bridge-l10n-platform.md` §4).

mod child;
mod procfile;

use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(crate) use self::procfile::{Entry, parse};

/// Name of the entry that runs once, before all others.
const RELEASE: &str = "release";

/// Runs an entry `release` to its end and then all others until `stop` is cancelled.
///
/// # Errors
/// When the release fails: then nothing else is started.
pub(crate) async fn run(
    entries: Vec<Entry>,
    stop: &CancellationToken,
    stop_time: Duration,
) -> anyhow::Result<()> {
    let (first, others): (Vec<Entry>, Vec<Entry>) =
        entries.into_iter().partition(|entry| entry.name == RELEASE);
    for entry in first {
        child::run_once(&entry, stop, stop_time).await?;
    }
    let mut processes = JoinSet::new();
    for entry in others {
        processes.spawn(child::keep_running(entry, stop.clone(), stop_time));
    }
    while let Some(ended) = processes.join_next().await {
        ended?;
    }
    Ok(())
}

/// Takes the entries of these names, each as often as `scale` says; all of them once where no name is given.
///
/// # Errors
/// Names the one that is not in the file.
pub(crate) fn chosen(
    entries: &[Entry],
    names: &[String],
    scale: &[(String, u16)],
) -> anyhow::Result<Vec<Entry>> {
    let known = |name: &str| entries.iter().any(|entry| entry.name == name);
    let unknown = names.iter().chain(scale.iter().map(|(name, _)| name)).find(|name| !known(name));
    if let Some(name) = unknown {
        let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        anyhow::bail!("there is no process {name:?} in the file; there are {}", names.join(", "));
    }
    let mut all = Vec::new();
    for entry in entries.iter().filter(|entry| names.is_empty() || names.contains(&entry.name)) {
        let number =
            scale.iter().rev().find(|(name, _)| *name == entry.name).map_or(1, |(_, number)| *number);
        for _ in 0..number {
            all.push(entry.clone());
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_are_chosen_and_some_run_several_times() {
        let entries = parse("release: r\nweb: w\nworker: x").unwrap();
        let names = |names: &[&str], scale: &[(&str, u16)]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let scale: Vec<(String, u16)> = scale.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
            let chosen = chosen(&entries, &names, &scale).map_err(|error| error.to_string())?;
            Ok::<_, String>(chosen.into_iter().map(|entry| entry.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&[], &[]).unwrap(), ["release", "web", "worker"]);
        assert_eq!(names(&["worker", "web"], &[("worker", 2)]).unwrap(), ["web", "worker", "worker"]);
        assert_eq!(names(&[], &[("worker", 0), ("release", 0)]).unwrap(), ["web"]);
        let error = names(&["we"], &[]).unwrap_err();
        assert!(error.contains("\"we\"") && error.contains("release, web, worker"), "{error}");
    }
}
