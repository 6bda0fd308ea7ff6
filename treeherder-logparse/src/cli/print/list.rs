//! A list of JSON that is written after something else: small ones in memory, large ones in a file that nobody else sees.

use std::io::{self, Seek, SeekFrom, Write};

use serde::Serialize;
use tempfile::SpooledTempFile;

/// Longer lists go to a file: what the program takes of memory must not depend on the log.
const IN_MEMORY: usize = 256 << 10;

/// Serialised values, with commas between them.
pub(in crate::cli) struct List {
    file: SpooledTempFile,
    is_empty: bool,
}

impl List {
    pub(in crate::cli) fn new() -> Self {
        Self { file: SpooledTempFile::new(IN_MEMORY), is_empty: true }
    }

    /// Adds a value.
    pub(in crate::cli) fn push(&mut self, value: &impl Serialize) -> io::Result<()> {
        let comma = if self.is_empty { "" } else { "," };
        self.is_empty = false;
        // In one piece: each write to a file is a call of the system.
        let mut text = comma.as_bytes().to_vec();
        serde_json::to_writer(&mut text, value)?;
        self.file.write_all(&text)
    }

    /// Writes all of it.
    pub(in crate::cli) fn write_to(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        io::copy(&mut self.file, out)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_whole_in_memory_and_in_a_file() {
        for count in [0, 1, 7, 100_000] {
            let mut list = List::new();
            for number in 0..count {
                list.push(&format!("{number:09}")).unwrap();
            }
            assert_eq!(list.file.is_rolled(), count == 100_000);
            let mut out = b"[".to_vec();
            list.write_to(&mut out).unwrap();
            out.push(b']');
            let read: Vec<String> = serde_json::from_slice(&out).unwrap();
            assert_eq!(read.len(), count);
            assert!(read.iter().enumerate().all(|(number, text)| *text == format!("{number:09}")));
        }
    }
}
