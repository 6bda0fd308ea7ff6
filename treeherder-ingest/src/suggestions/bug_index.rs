//! The summaries of all known bugs, to be searched in memory (§6.5.6).
//!
//! All summaries lie one after the other in one piece of memory, lower-cased, so that a search is one pass with vector
//! instructions; only hits are looked at and compared by their pieces.

use memchr::memmem::Finder;

use super::trigram::{similarity, trigrams};

/// Most hits that are looked at further, the most similar ones.
const MOST_HITS: usize = 50;

/// Between two summaries; no summary and no term has one.
const SEPARATOR: char = '\n';

/// What of a bug is searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedBug {
    /// Id of the bug's row.
    pub id: i64,
    /// Summary.
    pub summary: String,
    /// Whether the bug has no resolution.
    pub is_open: bool,
}

/// Bugs that a search found, the most similar first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundBugs {
    /// Ids of those without a resolution.
    pub open: Vec<i64>,
    /// Ids of the others.
    pub others: Vec<i64>,
}

impl FoundBugs {
    /// Tells whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.is_empty() && self.others.is_empty()
    }

    /// Adds what another search found, each bug once.
    pub(super) fn merge(&mut self, other: &Self) {
        for (own, more) in [(&mut self.open, &other.open), (&mut self.others, &other.others)] {
            for id in more {
                if !own.contains(id) {
                    own.push(*id);
                }
            }
        }
    }
}

/// Bugs by their summaries.
///
/// ```
/// # use treeherder_ingest::suggestions::{BugIndex, IndexedBug};
/// let summary = "Intermittent dom/foo.html | boom".to_owned();
/// let index = BugIndex::new([IndexedBug { id: 7, summary, is_open: true }]);
/// assert_eq!(index.search("Foo.html").open, [7]);
/// assert!(index.search("oo.html").is_empty()); // no word begins there
/// ```
#[derive(Debug, Default)]
pub struct BugIndex {
    text: String,
    bugs: Vec<Place>,
    pieces: Vec<u32>,
}

#[derive(Debug)]
struct Place {
    id: i64,
    is_open: bool,
    /// Where the summary ends in the text; the separator follows.
    text_end: usize,
    /// Where the summary's pieces end among all pieces.
    pieces_end: usize,
}

impl BugIndex {
    /// Puts the bugs together.
    #[must_use]
    pub fn new(bugs: impl IntoIterator<Item = IndexedBug>) -> Self {
        let mut index = Self::default();
        let mut pieces = Vec::new();
        for bug in bugs {
            let start = index.text.len();
            let lower = bug.summary.to_lowercase();
            index.text.extend(lower.chars().map(|letter| if letter == SEPARATOR { ' ' } else { letter }));
            trigrams(&index.text[start..], &mut pieces);
            index.pieces.extend_from_slice(&pieces);
            let (text_end, pieces_end) = (index.text.len(), index.pieces.len());
            index.bugs.push(Place { id: bug.id, is_open: bug.is_open, text_end, pieces_end });
            index.text.push(SEPARATOR);
        }
        index
    }

    /// Returns the number of bugs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bugs.len()
    }

    /// Tells whether there are no bugs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bugs.is_empty()
    }

    /// Returns the bytes that it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.len() + self.pieces.len() * size_of::<u32>() + self.bugs.len() * size_of::<Place>()
    }

    /// Searches for a term, whatever its case.
    ///
    /// Of the summaries that have it the 50 most similar ones are kept; of these only those count in which it is the
    /// beginning or stands behind a slash, a backslash, a blank or a comma.
    #[must_use]
    pub fn search(&self, term: &str) -> FoundBugs {
        let term = term.to_lowercase();
        if term.trim().is_empty() || term.contains(SEPARATOR) {
            return FoundBugs::default();
        }
        let mut term_pieces = Vec::new();
        trigrams(&term, &mut term_pieces);
        let mut hits: Vec<(f32, usize)> = self
            .places_of(&term)
            .map(|place| (similarity(&term_pieces, self.pieces_of(place)), place))
            .collect();
        // The most similar first; of equally similar ones those that came later.
        hits.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then(other.1.cmp(&one.1)));
        hits.truncate(MOST_HITS);
        let mut found = FoundBugs::default();
        for (_, place) in hits {
            if begins_a_word(self.text_of(place), &term) {
                let bug = &self.bugs[place];
                if bug.is_open { found.open.push(bug.id) } else { found.others.push(bug.id) }
            }
        }
        found
    }

    /// The places of the bugs whose summaries have the term, each once.
    fn places_of<'index>(&'index self, term: &'index str) -> impl Iterator<Item = usize> + 'index {
        let finder = Finder::new(term.as_bytes());
        let (mut from, mut next) = (0, 0);
        std::iter::from_fn(move || {
            let at = from + finder.find(&self.text.as_bytes()[from..])?;
            let place = next + self.bugs[next..].partition_point(|bug| bug.text_end <= at);
            next = place + 1;
            // The rest of this summary cannot add anything.
            from = self.bugs[place].text_end + 1;
            Some(place)
        })
    }

    fn text_of(&self, place: usize) -> &str {
        let start = place.checked_sub(1).map_or(0, |former| self.bugs[former].text_end + 1);
        &self.text[start..self.bugs[place].text_end]
    }

    fn pieces_of(&self, place: usize) -> &[u32] {
        let start = place.checked_sub(1).map_or(0, |former| self.bugs[former].pieces_end);
        &self.pieces[start..self.bugs[place].pieces_end]
    }
}

/// Tells whether the summary begins with the term or has it behind one of four characters.
fn begins_a_word(summary: &str, term: &str) -> bool {
    summary.starts_with(term)
        || ["/", " ", "\\", ","].iter().any(|before| summary.contains(&format!("{before}{term}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(summaries: &[&str]) -> BugIndex {
        BugIndex::new(summaries.iter().enumerate().map(|(id, summary)| IndexedBug {
            id: id as i64,
            summary: (*summary).to_owned(),
            is_open: id % 2 == 0,
        }))
    }

    #[test]
    fn only_beginnings_of_words_count() {
        let index = index(&[
            "foo.js fails",
            "Intermittent dom/FOO.JS | x",
            r"a\foo.js",
            "barfoo.js",
            "a,foo.js",
            "xfoo.js and foo.js",
            "nothing",
        ]);
        let found = index.search("foo.js");
        assert_eq!(found.open.len() + found.others.len(), 5);
        assert!(!found.open.contains(&3) && !found.others.contains(&3));
        assert!(found.open.iter().all(|id| id % 2 == 0) && found.others.iter().all(|id| id % 2 == 1));
        for nothing in ["", "  ", "absent", "fails\nintermittent"] {
            assert!(index.search(nothing).is_empty(), "{nothing:?}");
        }
        assert!(BugIndex::default().search("foo").is_empty());
    }

    #[test]
    fn special_characters_are_ordinary() {
        let index = index(&["100% sure_thing", "100 sure thing", "ÜBER alles"]);
        assert_eq!(index.search("100%").open, [0]);
        assert_eq!(index.search("sure_").open, [0]);
        assert_eq!(index.search("über").open, [2]);
    }

    #[test]
    fn the_most_similar_of_many_look_alikes_is_found() {
        let mut summaries: Vec<String> = (0..200)
            .map(|number| {
                format!("Intermittent dom/deep/folder/test_browser_{number}.js.ini | many other words")
            })
            .collect();
        summaries.insert(100, "Intermittent test_browser_7.js".to_owned());
        let texts: Vec<&str> = summaries.iter().map(String::as_str).collect();
        let found = index(&texts).search("test_browser_7.js");
        assert_eq!(found.open[0], 100, "{found:?}");
        let all = index(&texts).search("test_browser_");
        assert_eq!(all.open.len() + all.others.len(), 50);
    }

    #[test]
    fn a_bug_that_has_the_term_twice_is_found_once() {
        let index = index(&["foo foo foo", "foo"]);
        let found = index.search("foo");
        assert_eq!((found.open, found.others), (vec![0], vec![1]));
        assert!(begins_a_word("xaa aa", "aa") && begins_a_word("aaa", "aa") && !begins_a_word("xaa", "aa"));
    }
}
