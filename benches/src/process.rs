//! Whole processes: CPU time, wall time, peak memory and the number of lines they print.
//!
//! The system tells the peak memory of children only as the maximum over all of them, and a child starts with the
//! memory of its parent counted. So each command runs below a fresh, small copy of the measuring program, which
//! prints what its only child took.

use std::{
    env,
    ffi::OsStr,
    io::Read as _,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use wait4::Wait4 as _;

/// First argument that makes the program the copy that runs a command: see [`run_as_keeper`].
const KEEPER: &str = "__run";

/// What a command took.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Wall time.
    pub wall: Duration,
    /// CPU time in user and system, children of the command included.
    pub cpu: Duration,
    /// Peak memory (resident set), in bytes.
    pub peak_memory: u64,
    /// Lines printed.
    pub lines: u64,
}

/// Runs a command to its end.
///
/// # Errors
/// When it cannot be run, or ends with a status above 1 (1 says for `logparse` that failures were found).
pub fn run<S: AsRef<OsStr>>(command: &[S]) -> Result<Usage> {
    let output = Command::new(env::current_exe()?).arg(KEEPER).args(command).stdin(Stdio::null()).output()?;
    let named = || command.iter().map(|part| part.as_ref().to_string_lossy()).collect::<Vec<_>>().join(" ");
    ensure!(output.status.success(), "`{}`: {}", named(), String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    let numbers =
        text.split_whitespace().map(str::parse).collect::<Result<Vec<u64>, _>>().with_context(named)?;
    let [wall, cpu, peak_memory, lines] = numbers[..] else { bail!("`{}`: unexpected {text:?}", named()) };
    Ok(Usage { wall: Duration::from_micros(wall), cpu: Duration::from_micros(cpu), peak_memory, lines })
}

/// Does the work of the copy if that is what this process is; returns whether it is.
///
/// To be called first in `main`, before anything takes memory.
///
/// # Errors
/// When the command cannot be run.
pub fn run_as_keeper() -> Result<bool> {
    let mut args = env::args_os().skip(1);
    if args.next().is_none_or(|first| first != KEEPER) {
        return Ok(false);
    }
    let program = args.next().context("no command")?;
    let start = Instant::now();
    let mut child = Command::new(program).args(args).stdout(Stdio::piped()).spawn()?;
    let mut lines = 0;
    if let Some(mut output) = child.stdout.take() {
        let mut buffer = vec![0; 64 << 10];
        loop {
            let len = output.read(&mut buffer)?;
            if len == 0 {
                break;
            }
            lines += memchr::memchr_iter(b'\n', &buffer[..len]).count();
        }
    }
    let ended = child.wait4()?;
    let wall = start.elapsed();
    ensure!(ended.status.code().is_some_and(|code| code <= 1), "ended with {}", ended.status);
    let cpu = ended.rusage.utime + ended.rusage.stime;
    println!("{} {} {} {lines}", wall.as_micros(), cpu.as_micros(), ended.rusage.maxrss);
    Ok(true)
}
