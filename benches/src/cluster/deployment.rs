//! Processes of the `treeherder` program that share settings.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

/// How often to look whether a process has ended.
const LOOK: Duration = Duration::from_millis(20);
/// Lines of a log that an error shows.
const SHOWN: usize = 15;

/// The settings that processes share.
#[derive(Clone, Debug)]
pub struct Deployment {
    program: PathBuf,
    folder: PathBuf,
    variables: Vec<(String, String)>,
}

/// A running process, which is killed when dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    args: Vec<String>,
    log: PathBuf,
    child: Child,
    starts: u32,
}

impl Deployment {
    /// Makes a deployment without settings whose data folder and log files are in `folder`.
    #[must_use]
    pub fn new(program: &Path, folder: &Path) -> Self {
        Self { program: program.to_owned(), folder: folder.to_owned(), variables: Vec::new() }
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Returns the folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The program without settings of the surroundings.
    fn command(&self, args: &[String]) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().args(args).env("TREEHERDER_DATA_DIR", self.folder.join("data"));
        command.env("LOGGING_LEVEL", "warning");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null());
        command
    }

    /// Runs a command to its end and returns what it printed; blocks.
    ///
    /// # Errors
    /// When it fails, with what it said, or has not ended in this time.
    pub fn run(&self, args: &[&str], limit: Duration) -> Result<String> {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let (printed, said) = (self.folder.join("printed"), self.folder.join("said"));
        let mut command = self.command(&args);
        command.stdout(File::create(&printed)?).stderr(File::create(&said)?);
        let mut child = command.spawn().with_context(|| self.program.display().to_string())?;
        let status = ended_within(&mut child, limit)?;
        let said = || tail(&said);
        let Some(status) = status else {
            child.kill()?;
            child.wait()?;
            bail!("`treeherder {}` takes longer than {limit:?}\n{}", args.join(" "), said());
        };
        ensure!(status.success(), "`treeherder {}`: {status}\n{}", args.join(" "), said());
        Ok(std::fs::read_to_string(printed)?)
    }

    /// Starts a process; its log goes to a file of its name, which has to be its alone.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn start(&self, name: &str, args: &[&str]) -> Result<Process> {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let log = self.folder.join(format!("{name}.log"));
        let child = self.spawn(&args, &log)?;
        Ok(Process { name: name.to_owned(), args, log, child, starts: 1 })
    }

    fn spawn(&self, args: &[String], log: &Path) -> Result<Child> {
        let log = OpenOptions::new().create(true).append(true).open(log)?;
        let mut command = self.command(args);
        command.stdout(log.try_clone()?).stderr(log);
        command.spawn().with_context(|| self.program.display().to_string())
    }
}

impl Process {
    /// Returns the name it was started with.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its number at the system.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns how often it was started.
    #[must_use]
    pub fn starts(&self) -> u32 {
        self.starts
    }

    /// Kills it as nothing can be caught, and starts it again.
    ///
    /// # Errors
    /// When it had ended before, or the program cannot be started.
    pub fn kill_and_restart(&mut self, deployment: &Deployment) -> Result<()> {
        self.check()?;
        self.child.kill()?;
        self.child.wait()?;
        self.child = deployment.spawn(&self.args, &self.log)?;
        self.starts += 1;
        Ok(())
    }

    /// Checks that it still runs.
    ///
    /// # Errors
    /// When it has ended, with the end of its log.
    pub fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended by itself: {status}\n{}", self.name, tail(&self.log)),
        }
    }

    /// Ends it in order; blocks.
    ///
    /// # Errors
    /// When it does not end within this time, or ends with a failure.
    pub fn stop(mut self, limit: Duration) -> Result<()> {
        self.check()?;
        let status = Command::new("kill").arg("-TERM").arg(self.id().to_string()).status()?;
        ensure!(status.success(), "kill -TERM of {}: {status}", self.name);
        let Some(status) = ended_within(&mut self.child, limit)? else {
            bail!("{} does not stop within {limit:?}\n{}", self.name, tail(&self.log));
        };
        ensure!(status.success(), "{} stopped: {status}\n{}", self.name, tail(&self.log));
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for the end of a process; nothing when it does not come.
fn ended_within(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let start = Instant::now();
    while start.elapsed() < limit {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(LOOK);
    }
    Ok(None)
}

/// Returns the last lines of a file.
fn tail(file: &Path) -> String {
    let text = std::fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let text = text.unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(SHOWN)..].join("\n")
}
