//! The filters of lists of pushes (`spec/api.md` §3.6).

use chrono::{DateTime, Utc};
use sea_orm::DbBackend;
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _, Func, LikeExpr, Query, SelectStatement};

use super::job_filter::Comparison;
use crate::store::pushes::filter_revision;

/// One thing that a push must fulfil.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushCondition {
    /// The push's time compares so.
    Time(Comparison, DateTime<Utc>),
    /// The push's id compares so.
    Id(Comparison, i64),
    /// The push's id is one of these.
    Ids(Vec<i64>),
    /// The head commit, or its beginning if it is shorter than 40 characters.
    Revision(String),
    /// A commit of the push, in full.
    CommitRevision(String),
    /// The author, whatever the case of the letters.
    Author(String),
    /// Not this author, whatever the case of the letters.
    NotAuthor(String),
    /// The author contains this, whatever the case of the letters.
    AuthorContains(String),
    /// A commit has these words (English word forms count as one), or author or head commit contain the text.
    Search(String),
}

impl PushCondition {
    pub(super) fn restrict(&self, select: &mut SelectStatement, backend: DbBackend) {
        let author = || Expr::expr(Func::lower(Expr::col(("push", "author"))));
        match self {
            Self::Time(comparison, time) => select.and_where(compared("time", *comparison, (*time).into())),
            Self::Id(comparison, id) => select.and_where(compared("id", *comparison, (*id).into())),
            Self::Ids(ids) => select.and_where(Expr::col(("push", "id")).is_in(ids.iter().copied())),
            Self::Revision(revision) => {
                filter_revision(select, backend, revision);
                select
            }
            Self::CommitRevision(revision) => {
                let commits = Query::select()
                    .column(("commit", "push_id"))
                    .from("commit")
                    .and_where(Expr::col(("commit", "revision")).eq(revision.as_str()))
                    .take();
                select.and_where(Expr::col(("push", "id")).in_subquery(commits))
            }
            Self::Author(name) => select.and_where(author().eq(name.to_lowercase())),
            Self::NotAuthor(name) => select.and_where(author().ne(name.to_lowercase())),
            Self::AuthorContains(part) => select.and_where(author().like(containing(part))),
            Self::Search(text) => select.cond_where(search(text, backend)),
        };
    }
}

fn compared(column: &'static str, comparison: Comparison, value: sea_orm::Value) -> Expr {
    let column = Expr::col(("push", column));
    match comparison {
        Comparison::Less => column.lt(value),
        Comparison::LessOrEqual => column.lte(value),
        Comparison::Greater => column.gt(value),
        Comparison::GreaterOrEqual => column.gte(value),
        Comparison::Exact | Comparison::In => column.eq(value),
    }
}

/// A pattern that finds the text anywhere in lower-case text.
fn containing(text: &str) -> LikeExpr {
    let mut pattern = String::from("%");
    for character in text.to_lowercase().chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape('\\')
}

fn search(text: &str, backend: DbBackend) -> Condition {
    let lower = |column| Expr::expr(Func::lower(Expr::col(("push", column))));
    let mut found = Condition::any()
        .add(lower("author").like(containing(text)))
        .add(lower("revision").like(containing(text)));
    let words = match backend {
        DbBackend::Postgres => Some(text.to_owned()),
        _ => full_text_query(text),
    };
    if let Some(words) = words {
        let matched = match backend {
            DbBackend::Postgres => {
                Expr::cust_with_values("search_vector @@ plainto_tsquery('english', $1)", [words])
            }
            _ => Expr::cust_with_values(
                "id IN (SELECT rowid FROM commit_search WHERE commit_search MATCH ?)",
                [words],
            ),
        };
        let commits = Query::select().column("push_id").from("commit").and_where(matched).take();
        found = found.add(Expr::col(("push", "id")).in_subquery(commits));
    }
    found
}

/// Writes the words of a text as SQLite's full-text search takes them: all of them, without those that
/// English search passes over; nothing when no word is left.
fn full_text_query(text: &str) -> Option<String> {
    let words = text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    let words: Vec<String> = words
        .filter(|word| !STOP_WORDS.contains(&word.to_lowercase().as_str()))
        .map(|word| format!("\"{word}\""))
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// The words that PostgreSQL's English configuration passes over.
#[rustfmt::skip]
const STOP_WORDS: [&str; 127] = [
    "i", "me", "my", "myself", "we", "our", "ours", "ourselves", "you", "your", "yours", "yourself", "yourselves", "he",
    "him", "his", "himself", "she", "her", "hers", "herself", "it", "its", "itself", "they", "them", "their", "theirs",
    "themselves", "what", "which", "who", "whom", "this", "that", "these", "those", "am", "is", "are", "was", "were",
    "be", "been", "being", "have", "has", "had", "having", "do", "does", "did", "doing", "a", "an", "the", "and", "but",
    "if", "or", "because", "as", "until", "while", "of", "at", "by", "for", "with", "about", "against", "between",
    "into", "through", "during", "before", "after", "above", "below", "to", "from", "up", "down", "in", "out", "on",
    "off", "over", "under", "again", "further", "then", "once", "here", "there", "when", "where", "why", "how", "all",
    "any", "both", "each", "few", "more", "most", "other", "some", "such", "no", "nor", "not", "only", "own", "same",
    "so", "than", "too", "very", "s", "t", "can", "will", "just", "don", "should", "now",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_are_words_without_syntax() {
        for (text, query) in [
            ("Bug 1 - fix the crash", Some(r#""Bug" "1" "fix" "crash""#)),
            (r#"a"b NEAR( c*"#, Some(r#""b" "NEAR" "c""#)),
            ("the", None),
            ("-- ", None),
        ] {
            assert_eq!(full_text_query(text).as_deref(), query, "{text}");
        }
    }
}
