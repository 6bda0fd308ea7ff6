//! Texts that many rows have.

use std::sync::Arc;

/// Most different texts that are looked through; what comes after them is kept for itself.
const MOST: usize = 32;

/// The texts of a column in which few different ones occur (states, results, hashes of options): each is in memory once, whatever the number of rows.
#[derive(Debug, Default)]
pub(in crate::store) struct Texts(Vec<Arc<str>>);

impl Texts {
    /// The same text, shared with the rows before that have it.
    pub(super) fn shared(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.iter().find(|known| ***known == *text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        if self.0.len() < MOST {
            self.0.push(Arc::clone(&new));
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_is_the_same_memory() {
        let mut texts = Texts::default();
        let (first, other, again) =
            (texts.shared("success"), texts.shared("busted"), texts.shared("success"));
        assert!(Arc::ptr_eq(&first, &again));
        assert_eq!((&*first, &*other), ("success", "busted"));
    }

    #[test]
    fn a_column_of_many_texts_is_read_all_the_same() {
        let mut texts = Texts::default();
        for round in 0..2 {
            for number in 0..3 * MOST {
                let text = number.to_string();
                assert_eq!(*texts.shared(&text), text, "round {round}");
            }
        }
        assert_eq!(texts.0.len(), MOST);
    }
}
