//! Running a target without a fuzzing engine: files as they are, then mutations of them.

use std::{env, fs, path::PathBuf, process::ExitCode};

/// Runs `check` on each file named by the arguments (folders: on all files in them), and with `-runs=N` on that many
/// inputs made from them, the same ones each time.
///
/// A check that fails panics, and the input is written to `failed-input` first.
pub fn replay(check: fn(&[u8])) -> ExitCode {
    let mut runs = 0;
    let mut inputs: Vec<Vec<u8>> = Vec::new();
    for argument in env::args_os().skip(1) {
        let text = argument.to_string_lossy();
        if let Some(number) = text.strip_prefix("-runs=") {
            let Ok(number) = number.parse() else {
                eprintln!("`-runs=` takes a number, not `{number}`");
                return ExitCode::FAILURE;
            };
            runs = number;
        } else if !text.starts_with('-') {
            match read(argument.into()) {
                Ok(files) => inputs.extend(files),
                Err(error) => {
                    eprintln!("{error}");
                    return ExitCode::FAILURE;
                }
            }
        }
    }
    for input in &inputs {
        run(check, input);
    }
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for _ in 0..runs {
        run(check, &mutated(&inputs, &mut random));
    }
    eprintln!("{} files and {runs} mutations of them, no failure", inputs.len());
    ExitCode::SUCCESS
}

fn read(path: PathBuf) -> std::io::Result<Vec<Vec<u8>>> {
    if !path.is_dir() {
        return Ok(vec![fs::read(path)?]);
    }
    let mut paths =
        fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.retain(|path| path.is_file());
    paths.sort();
    paths.into_iter().map(fs::read).collect()
}

fn run(check: fn(&[u8]), input: &[u8]) {
    if let Err(panic) = std::panic::catch_unwind(|| check(input)) {
        match fs::write("failed-input", input) {
            Ok(()) => eprintln!("the input is in `failed-input`"),
            Err(error) => eprintln!("cannot write `failed-input`: {error}"),
        }
        std::panic::resume_unwind(panic);
    }
}

/// Xorshift: enough to mutate with, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % bound.max(1) as u64) as usize
    }
}

/// Makes an input: one of those given, with some bytes changed, cut, repeated, or taken from another one.
fn mutated(inputs: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = if inputs.is_empty() { Vec::new() } else { inputs[random.below(inputs.len())].clone() };
    for _ in 0..=random.below(6) {
        let at = random.below(input.len() + 1);
        let end = at + random.below(input.len() - at + 1);
        match random.below(6) {
            0 if at < input.len() => input[at] ^= 1 << random.below(8),
            1 => input.insert(at, b"\n\r {}[]\"\\\x1f\x8b\xff\xc3\x00:0"[random.below(16)]),
            2 => drop(input.drain(at..end)),
            3 => input.truncate(at),
            4 if input.len() < 1 << 16 => {
                let piece = input[at..end].to_vec();
                input.splice(at..at, piece);
            }
            _ if !inputs.is_empty() => {
                let other = &inputs[random.below(inputs.len())];
                let from = random.below(other.len() + 1);
                let piece = &other[from..from + random.below(other.len() - from + 1)];
                input.splice(at..at, piece.iter().copied());
            }
            _ => {}
        }
    }
    input
}
