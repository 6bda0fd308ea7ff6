//! A log as a stream to read from.

use std::io::{self, Read};

use super::generator::Generator;
use super::spec::{LogSpec, Truth};

/// How much is generated ahead of the reader.
const BLOCK: usize = 64 * 1024;

/// Reads a log that is made while it is read: a log of any length in the memory of one block.
#[derive(Debug)]
pub struct LogReader {
    generator: Generator,
    block: Vec<u8>,
    at: usize,
}

impl LogReader {
    /// Opens the log that `spec` describes.
    pub fn new(spec: &LogSpec) -> Self {
        Self { generator: Generator::new(spec), block: Vec::new(), at: 0 }
    }

    /// Returns what was in the part of the log that has been generated so far, at the end the whole log.
    pub fn into_truth(self) -> Truth {
        self.generator.into_truth()
    }
}

impl Read for LogReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.block.len() {
            self.block.clear();
            self.at = 0;
            while self.block.len() < BLOCK && self.generator.step(&mut self.block) {}
        }
        let n = buffer.len().min(self.block.len() - self.at);
        buffer[..n].copy_from_slice(&self.block[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}
