//! Which jobs are shown (§11.4); the page's script filters by the same rules (`static/jobs/filter.js`).

use std::collections::HashSet;

use super::layout::Job;
use super::status::{Status, is_classified};
use crate::web::pages::query::Query;

/// Statuses that are shown without a filter. Superseded and unscheduled jobs are not.
const SHOWN: [Status; 8] = [
    Status::TestFailed,
    Status::Busted,
    Status::Exception,
    Status::Success,
    Status::Retry,
    Status::UserCancel,
    Status::Running,
    Status::Pending,
];

/// What a job must be to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    statuses: Vec<Status>,
    classified: bool,
    unclassified: bool,
    tiers: Vec<String>,
    words: Vec<String>,
    /// Any of the values must occur in the field.
    contained: Vec<(Field, Vec<String>)>,
    /// The field must be one of the values.
    equal: Vec<(Field, Vec<String>)>,
    /// Jobs that have run other tests than those that are asked for.
    elsewhere: HashSet<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    TypeName,
    GroupName,
    Platform,
    TypeSymbol,
    GroupSymbol,
    Classification,
}

impl Filter {
    /// Reads the filter of a URL.
    pub(super) fn of(query: &Query) -> Self {
        let named = query.list("resultStatus");
        let statuses = if named.is_empty() {
            SHOWN.to_vec()
        } else {
            Status::ALL.into_iter().filter(|status| named.iter().any(|name| name == status.name())).collect()
        };
        let states = query.list("classifiedState");
        let state = |name: &str| states.is_empty() || states.iter().any(|state| state == name);
        let tiers = query.list("tier");
        let fields = |names: &[(&str, Field)]| {
            let lists = names.iter().map(|(name, field)| (*field, query.list(name)));
            lists.filter(|(_, values)| !values.is_empty()).collect()
        };
        Self {
            statuses,
            classified: state("classified"),
            unclassified: state("unclassified"),
            tiers: if tiers.is_empty() { vec!["1".to_owned(), "2".to_owned()] } else { tiers },
            words: query.list("searchStr"),
            contained: fields(&[
                ("job_type_name", Field::TypeName),
                ("job_group_name", Field::GroupName),
                ("platform", Field::Platform),
            ]),
            equal: fields(&[
                ("job_type_symbol", Field::TypeSymbol),
                ("job_group_symbol", Field::GroupSymbol),
                ("failure_classification_id", Field::Classification),
            ]),
            elsewhere: HashSet::new(),
        }
    }

    /// Leaves out jobs that have run other tests.
    pub(super) fn leaving_out(mut self, elsewhere: HashSet<i64>) -> Self {
        self.elsewhere = elsewhere;
        self
    }

    /// Returns the jobs that have run other tests.
    pub(super) fn elsewhere(&self) -> &HashSet<i64> {
        &self.elsewhere
    }

    /// Tells whether a status is shown.
    pub(super) fn shows(&self, status: Status) -> bool {
        self.statuses.contains(&status)
    }

    /// Tells whether a tier is shown.
    pub(super) fn shows_tier(&self, tier: i32) -> bool {
        self.tiers.iter().any(|shown| shown.parse() == Ok(tier))
    }

    /// Tells whether only unclassified failures are shown.
    pub(super) fn unclassified_only(&self) -> bool {
        !self.classified
    }

    /// Tells whether a job is shown.
    pub(super) fn matches(&self, job: &Job<'_>) -> bool {
        let state = if is_classified(job.classification) { self.classified } else { self.unclassified };
        state
            && self.shows(job.status)
            && self.shows_tier(job.tier)
            && !self.elsewhere.contains(&job.id)
            && self.has_words(job)
            && self.contained.iter().all(|(field, wanted)| {
                let value = field.of(job);
                wanted.iter().any(|wanted| value.contains(wanted.as_str()))
            })
            && self.equal.iter().all(|(field, wanted)| wanted.contains(&field.of(job)))
    }

    fn has_words(&self, job: &Job<'_>) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let text = search_text(job);
        self.words.iter().all(|word| text.contains(word.as_str()))
    }
}

impl Field {
    fn of(self, job: &Job<'_>) -> String {
        match self {
            Self::TypeName => job.kind.name.to_lowercase(),
            Self::GroupName => job.group.name.to_lowercase(),
            Self::Platform => format!("{} {}", job.platform, job.option).to_lowercase(),
            Self::TypeSymbol => job.kind.symbol.to_lowercase(),
            Self::GroupSymbol => job.group.symbol.to_lowercase(),
            Self::Classification => job.classification.to_string(),
        }
    }
}

/// The text in which words are searched: platform, option, group, type without its chunk, symbol.
fn search_text(job: &Job<'_>) -> String {
    let group = if job.group.name == "unknown" { "" } else { &job.group.name };
    let name = without_chunk(&job.kind.name);
    format!("{} {} {group} {name} {}", job.title, job.option, job.kind.symbol).to_lowercase()
}

fn without_chunk(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((stem, chunk)) if !chunk.is_empty() && chunk.bytes().all(|byte| byte.is_ascii_digit()) => stem,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use treeherder_ingest::store::BoardName;

    use super::*;

    fn matches(pairs: &[(&str, &str)], status: Status, classification: i32, tier: i32) -> bool {
        let kind = BoardName { symbol: "bc12".to_owned(), name: "test-linux/opt-mochitest-12".to_owned() };
        let group = BoardName { symbol: "M".to_owned(), name: "Mochitests".to_owned() };
        let job = Job {
            id: 1,
            status,
            classification,
            tier,
            minutes: 1,
            kind: &kind,
            group: &group,
            platform: "linux1804-64-qr",
            title: "Linux 18.04",
            option: "opt",
            order: 0,
        };
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Filter::of(&Query::new(pairs)).matches(&job)
    }

    #[test]
    fn without_parameters_superseded_unscheduled_and_tier_3_are_hidden() {
        assert!(matches(&[], Status::Success, 1, 1));
        assert!(matches(&[], Status::Running, 1, 2));
        assert!(!matches(&[], Status::Superseded, 1, 1));
        assert!(!matches(&[], Status::Unscheduled, 1, 1));
        assert!(!matches(&[], Status::Success, 1, 3));
    }

    #[test]
    fn all_words_and_any_value_of_a_field() {
        let shown = |pairs: &[(&str, &str)]| matches(pairs, Status::TestFailed, 1, 1);
        assert!(shown(&[("searchStr", "18.04 mochitests BC12")]));
        assert!(!shown(&[("searchStr", "18.04 xpcshell")]));
        assert!(!shown(&[("searchStr", "mochitest-12")]), "the chunk is no part of the text");
        assert!(shown(&[("job_type_symbol", "x,bc12")]) && !shown(&[("job_type_symbol", "bc1")]));
        assert!(shown(&[("filter-platform", "windows,linux1804")]));
        assert!(!shown(&[("job_group_name", "reftest")]));
        assert!(!shown(&[("classifiedState", "classified")]));
        assert!(matches(&[("classifiedState", "classified")], Status::Busted, 4, 1));
        assert!(!matches(&[("classifiedState", "classified")], Status::Busted, 8, 1));
        assert!(!shown(&[("resultStatus", "busted,success")]));
    }
}
