//! What a reader wants to hear of (§4.3).

use std::collections::{BTreeMap, BTreeSet};

use super::Published;

/// Most subscriptions that one reader may have; more than that is a mistake or an attack.
const MOST: usize = 500;
/// Longest word of a subscription.
const WORD_LENGTH: usize = 100;
/// Stands for every branch or every event.
const ANY: &str = "*";

/// One subscription: `BRANCH` or `BRANCH.EVENT`, either of which may be `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interest {
    branch: String,
    event: String,
}

/// A text that is no subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed subscription")]
pub struct MalformedSubscription;

impl Interest {
    /// Reads a subscription.
    ///
    /// # Errors
    /// When it is not one or two words with a dot between them.
    pub fn read(text: &str) -> Result<Self, MalformedSubscription> {
        let words: Vec<&str> = text.split('.').collect();
        let (branch, event) = match words[..] {
            [branch] => (branch, ANY),
            [branch, event] => (branch, event),
            _ => return Err(MalformedSubscription),
        };
        if [branch, event].iter().any(|word| word.is_empty() || word.len() > WORD_LENGTH) {
            return Err(MalformedSubscription);
        }
        Ok(Self { branch: branch.to_owned(), event: event.to_owned() })
    }
}

/// All subscriptions of one reader. Without any it hears nothing.
///
/// ```
/// use treeherder_ingest::events::{Interest, Interests};
///
/// let mut interests = Interests::default();
/// interests.add(Interest::read("try.job")?)?;
/// assert!(interests.wants("try", "job") && !interests.wants("try", "resultset"));
/// interests.add(Interest::read("*.resultset")?)?;
/// assert!(interests.wants("autoland", "resultset"));
/// # Ok::<(), treeherder_ingest::events::MalformedSubscription>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interests(BTreeMap<String, BTreeSet<String>>);

impl Interests {
    /// Reads subscriptions with commas between them.
    ///
    /// # Errors
    /// When one of them is malformed, or there are too many.
    pub fn read(text: &str) -> Result<Self, MalformedSubscription> {
        let mut interests = Self::default();
        for subscription in text.split(',').map(str::trim).filter(|subscription| !subscription.is_empty()) {
            interests.add(Interest::read(subscription)?)?;
        }
        Ok(interests)
    }

    /// Adds a subscription to those there are.
    ///
    /// # Errors
    /// When there are too many already.
    pub fn add(&mut self, interest: Interest) -> Result<(), MalformedSubscription> {
        if self.0.values().map(BTreeSet::len).sum::<usize>() >= MOST {
            return Err(MalformedSubscription);
        }
        self.0.entry(interest.branch).or_default().insert(interest.event);
        Ok(())
    }

    /// Removes what a text names: everything without one, a branch with its events, or one event of a branch.
    ///
    /// What was never subscribed to is not missed; a branch's `*` stays when one of its events is removed.
    ///
    /// # Errors
    /// When the text is malformed.
    pub fn remove(&mut self, text: Option<&str>) -> Result<(), MalformedSubscription> {
        let Some(text) = text else {
            self.0.clear();
            return Ok(());
        };
        let Interest { branch, event } = Interest::read(text)?;
        if !text.contains('.') {
            self.0.remove(&branch);
        } else if let Some(events) = self.0.get_mut(&branch) {
            events.remove(&event);
        }
        Ok(())
    }

    /// Tells whether there is no subscription.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.values().all(BTreeSet::is_empty)
    }

    /// Tells whether one of the subscriptions fits.
    #[must_use]
    pub fn wants(&self, branch: &str, event: &str) -> bool {
        [branch, ANY]
            .iter()
            .filter_map(|branch| self.0.get(*branch))
            .any(|events| events.contains(ANY) || events.contains(event))
    }

    /// Tells whether one of the subscriptions fits the event.
    #[must_use]
    pub fn want(&self, event: &Published) -> bool {
        self.wants(event.branch(), event.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscriptions_add_up_until_they_are_taken_back() {
        let mut interests = Interests::read("try.job, autoland,,*.resultset").unwrap();
        let wanted = |interests: &Interests| {
            [
                ("try", "job"),
                ("try", "job_failure"),
                ("autoland", "job"),
                ("beta", "resultset"),
                ("beta", "job"),
            ]
            .map(|(branch, event)| interests.wants(branch, event))
        };
        assert_eq!(wanted(&interests), [true, false, true, true, false]);
        interests.add(Interest::read("*").unwrap()).unwrap();
        assert_eq!(wanted(&interests), [true; 5]);
        interests.remove(Some("*")).unwrap();
        assert_eq!(wanted(&interests), [true, false, true, false, false]);
        interests.remove(Some("autoland.job")).unwrap();
        assert!(interests.wants("autoland", "job"), "the branch's * stays");
        interests.remove(Some("never.job")).unwrap();
        interests.remove(Some("autoland")).unwrap();
        assert_eq!(wanted(&interests), [true, false, false, false, false]);
        interests.remove(Some("try.job")).unwrap();
        assert!(interests.is_empty());
        interests.add(Interest::read("try").unwrap()).unwrap();
        interests.remove(None).unwrap();
        assert!(interests.is_empty() && !interests.wants("try", "job"));
    }

    #[test]
    fn malformed_subscriptions_are_refused() {
        for text in ["", ".", "a.", ".a", "a.b.c", &"x".repeat(101)] {
            assert_eq!(Interest::read(text), Err(MalformedSubscription), "{text}");
        }
        assert_eq!(Interests::default().remove(Some("a.b.c")), Err(MalformedSubscription));
        let many = (0..501).map(|number| format!("b{number}")).collect::<Vec<_>>().join(",");
        assert_eq!(Interests::read(&many), Err(MalformedSubscription));
    }
}
