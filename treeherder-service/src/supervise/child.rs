//! One supervised process: started, started again when it ends, stopped with the others.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::procfile::Entry;

/// Pause before the first new start, doubled after each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Longest pause before a new start.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A process that lived so long was well: the next pause is the first one again.
const WELL: Duration = Duration::from_secs(60);

/// A running process, with the thread that waits for its end.
struct Running {
    /// Id of the process and of its group.
    id: u32,
    ended: JoinHandle<io::Result<ExitStatus>>,
}

/// Runs a process until `stop` is cancelled, and starts it again whenever it ends by itself.
pub(super) async fn keep_running(entry: Entry, stop: CancellationToken, stop_time: Duration) {
    let mut pause = FIRST_PAUSE;
    loop {
        let started = Instant::now();
        match start(&entry) {
            Ok(mut running) => {
                tracing::info!(process = entry.name, pid = running.id, "started");
                let Some(ended) = stop.run_until_cancelled(&mut running.ended).await else {
                    end(&entry, running, stop_time).await;
                    return;
                };
                tracing::warn!(
                    process = entry.name,
                    status = told(ended),
                    "a process ended, starting it again"
                );
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(process = entry.name, error, "a process cannot be started, trying again");
            }
        }
        if started.elapsed() >= WELL {
            pause = FIRST_PAUSE;
        }
        if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return;
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Runs a process to its end; an error unless that is a success.
pub(super) async fn run_once(
    entry: &Entry,
    stop: &CancellationToken,
    stop_time: Duration,
) -> anyhow::Result<()> {
    let mut running = start(entry)?;
    tracing::info!(process = entry.name, pid = running.id, "started");
    let Some(ended) = stop.run_until_cancelled(&mut running.ended).await else {
        end(entry, running, stop_time).await;
        anyhow::bail!("{} was stopped before its end", entry.name);
    };
    let status = ended?.with_context(|| format!("cannot wait for {}", entry.name))?;
    anyhow::ensure!(status.success(), "{} failed ({status}); nothing else was started", entry.name);
    Ok(())
}

/// Starts a shell with the command, as a group of its own, so that signals reach what the shell starts.
fn start(entry: &Entry) -> anyhow::Result<Running> {
    let mut child = Command::new("/bin/sh")
        .args(["-c", &in_place_of_shell(&entry.command)])
        .env("PATH", path()?)
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start {}", entry.name))?;
    Ok(Running { id: child.id(), ended: tokio::task::spawn_blocking(move || child.wait()) })
}

/// Lets this program take the shell's place, so that nothing of it is left when that process is killed.
///
/// Whatever else a shell can run may be a word of its own, which nothing can take the place of.
fn in_place_of_shell(command: &str) -> String {
    let is_one = !command.contains(['|', ';', '&', '<', '>', '(', ')', '`', '\n']);
    let is_own = command.split_whitespace().next() == Some("treeherder");
    if is_one && is_own { format!("exec {command}") } else { command.to_owned() }
}

/// Returns the search path, this program's folder first: a Procfile's `treeherder` is this very program.
fn path() -> anyhow::Result<std::ffi::OsString> {
    let program = std::env::current_exe().context("cannot find this program")?;
    let own = program.parent().map(std::path::Path::to_owned);
    let others = std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    std::env::join_paths(own.into_iter().chain(std::env::split_paths(&others))).context("PATH cannot be set")
}

/// Asks a process to end, and insists when it has not after `stop_time`.
async fn end(entry: &Entry, mut running: Running, stop_time: Duration) {
    signal(running.id, "TERM");
    match tokio::time::timeout(stop_time, &mut running.ended).await {
        Ok(ended) => tracing::info!(process = entry.name, status = told(ended), "stopped"),
        Err(_elapsed) => {
            tracing::warn!(
                process = entry.name,
                "a process does not stop, killing it; unfinished work is still queued"
            );
            signal(running.id, "KILL");
            // It cannot refuse.
            let _ = running.ended.await;
        }
    }
}

/// Sends a signal to a group of processes; the shell's own `kill` is there wherever a shell is.
fn signal(group: u32, name: &str) {
    let command = format!("kill -{name} -{group} 2>/dev/null");
    let sent = Command::new("/bin/sh").args(["-c", &command]).stdin(Stdio::null()).status();
    if let Err(error) = sent {
        tracing::error!(%error, signal = name, "a signal cannot be sent");
    }
}

fn told(ended: Result<io::Result<ExitStatus>, tokio::task::JoinError>) -> String {
    match ended {
        Ok(Ok(status)) => status.to_string(),
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_takes_the_shells_place() {
        for (command, run) in [
            ("treeherder web --listen \"${A:-1}\"", "exec treeherder web --listen \"${A:-1}\""),
            ("A=1 treeherder web", "A=1 treeherder web"),
            ("treeherder web; b", "treeherder web; b"),
            ("exit 3", "exit 3"),
        ] {
            assert_eq!(in_place_of_shell(command), run);
        }
    }
}
