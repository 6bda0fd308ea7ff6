//! What the fuzz targets share: the entry point for both ways of running them, and chunking.
//!
//! Built with `--cfg fuzzing` (as `cargo fuzz` does) a target is run by libFuzzer. Built plainly it is a program that
//! replays the files it is given, and with `-runs=N` that many mutations of them: no fuzzer, but any toolchain.

mod found;
mod replay;

pub use found::{Found, chunks, parse, parse_raw};
pub use replay::replay;

#[cfg(fuzzing)]
pub use libfuzzer_sys;

/// Makes a program of a function that checks one input.
#[macro_export]
macro_rules! target {
    (|$data:ident| $check:block) => {
        fn check($data: &[u8]) $check

        #[cfg(fuzzing)]
        $crate::libfuzzer_sys::fuzz_target!(|data: &[u8]| check(data));

        #[cfg(not(fuzzing))]
        fn main() -> std::process::ExitCode {
            $crate::replay(check)
        }
    };
}
