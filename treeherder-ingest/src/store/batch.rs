//! Rows in batches that one statement can take.

/// Most rows per statement: with 20 columns a third of what SQLite can bind.
const MAX_ROWS: usize = 500;
/// Most bytes of text per statement, unless a single row has more.
const MAX_BYTES: usize = 8 << 20;

/// Cuts `rows` into batches, bounded in rows and in the bytes that `bytes_of` counts.
pub(super) fn batches<T>(rows: &[T], bytes_of: impl Fn(&T) -> usize) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut bytes = 0;
        let fitting = rest.iter().take(MAX_ROWS).take_while(|row| {
            bytes += bytes_of(row);
            bytes <= MAX_BYTES
        });
        let (batch, remaining) = rest.split_at(fitting.count().max(1));
        rest = remaining;
        Some(batch)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(rows: &[usize]) -> Vec<usize> {
        batches(rows, |bytes| *bytes).map(<[usize]>::len).collect()
    }

    #[test]
    fn batches_are_bounded_in_rows_and_bytes() {
        assert_eq!(sizes(&[]), [0; 0]);
        assert_eq!(sizes(&[1; 1001]), [500, 500, 1]);
        assert_eq!(sizes(&[MAX_BYTES / 2; 5]), [2, 2, 1]);
        assert_eq!(sizes(&[1, MAX_BYTES * 2, 1, 1]), [1, 1, 2], "a huge row has a statement of its own");
    }
}
