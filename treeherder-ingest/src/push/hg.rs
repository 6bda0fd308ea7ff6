//! Pushlogs of hg.mozilla.org: fetch and transformation (§3.7).

use std::fmt;

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};

use super::error::PushError;
use super::loaded::{LoadedPush, Revision};
use super::message::HgPush;
use super::upstream::Upstream;
use crate::http::{HttpError, HttpErrorKind, Response, redact_url};

/// Changesets kept of one push: the last ones.
const MAX_CHANGESETS: usize = 200;

/// Longest pushlog that is read; a merge of a release branch lists every file of thousands of changesets.
const MAX_PUSHLOG: u64 = 256 * 1024 * 1024;

const PLACE: &str = "pushlog";

/// An answer of `json-pushes?version=2`.
#[derive(Debug, Deserialize)]
pub(super) struct Pushlog {
    /// Id of the newest push of the repository.
    #[serde(default)]
    pub(super) lastpushid: Option<i64>,
    /// Pushes by id, in document order.
    pub(super) pushes: Pushes,
}

/// As much of a short pushlog (without `full=1`) as is used.
#[derive(Debug, Deserialize)]
struct ShortPushlog {
    lastpushid: i64,
}

/// The pushes of an answer, in document order; an empty list stands for none.
#[derive(Debug, Default)]
pub(super) struct Pushes(pub(super) IndexMap<String, PushlogPush>);

/// One push of a pushlog.
#[derive(Debug, Deserialize)]
pub(super) struct PushlogPush {
    #[serde(default)]
    pub(super) changesets: Vec<Changeset>,
    #[serde(default)]
    date: Option<f64>,
    #[serde(default)]
    user: Option<String>,
}

/// One changeset of a push. Its fields may be missing as far as reading is concerned: only a push that is to be
/// stored needs them.
#[derive(Debug, Deserialize)]
pub(super) struct Changeset {
    #[serde(default)]
    pub(super) node: Option<String>,
    #[serde(default)]
    author: Option<String>,
    #[serde(default)]
    desc: Option<String>,
}

impl<'de> Deserialize<'de> for Pushes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PushesVisitor;

        impl<'de> Visitor<'de> for PushesVisitor {
            type Value = Pushes;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of pushes by id")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pushes, A::Error> {
                let mut pushes = IndexMap::new();
                while let Some((id, push)) = map.next_entry()? {
                    pushes.insert(id, push);
                }
                Ok(Pushes(pushes))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Pushes, A::Error> {
                match list.next_element::<serde::de::IgnoredAny>()? {
                    None => Ok(Pushes::default()),
                    Some(_) => Err(serde::de::Error::invalid_type(serde::de::Unexpected::Seq, &self)),
                }
            }
        }

        deserializer.deserialize_any(PushesVisitor)
    }
}

impl Upstream {
    /// Fetches a pushlog; a body that is none counts as a failed fetch (§3.7).
    pub(super) async fn pushlog(&self, url: &str) -> Result<Pushlog, PushError> {
        self.pushlog_document(url).await
    }

    /// Asks for the id of the newest push of the repository at `url`.
    pub(super) async fn newest_push_id(&self, url: &str) -> Result<i64, PushError> {
        let url = format!("{}/json-pushes/?version=2", url.trim_end_matches('/'));
        self.pushlog_document(&url).await.map(|pushlog: ShortPushlog| pushlog.lastpushid)
    }

    async fn pushlog_document<T: DeserializeOwned>(&self, url: &str) -> Result<T, PushError> {
        let request = self.client.get(&self.hg_url(url)).max_body(MAX_PUSHLOG);
        let response = request.response().await.map_err(PushError::HgPushFetch)?;
        read_object(&response).map_err(PushError::HgPushFetch)
    }

    /// Fetches the pushes a message announces, all of them (Q-09), in the order of the message.
    pub(super) async fn announced_pushes(&self, message: &HgPush) -> Result<Vec<LoadedPush>, PushError> {
        let mut loaded: Vec<LoadedPush> = Vec::new();
        for url in &message.pushlog_urls {
            let pushes = self.pushlog(url).await?.pushes.0;
            if pushes.is_empty() {
                return Err(PushError::EmptyPushlog { url: redact_url(url) });
            }
            for (id, push) in &pushes {
                // A push whose changesets became obsolete has nothing to show.
                if push.changesets.is_empty() {
                    tracing::info!(push_id = id, "passing over a push without changesets");
                    continue;
                }
                let push = push.load(id)?;
                if !loaded.iter().any(|known| known.revision == push.revision) {
                    loaded.push(push);
                }
            }
        }
        if loaded.is_empty() {
            return Err(PushError::NoCommits(format!("the announced push to {}", message.repo_url)));
        }
        Ok(loaded)
    }
}

/// Reads a JSON object; a list would also do as a struct for the JSON library, but is no pushlog.
fn read_object<T: DeserializeOwned>(response: &Response) -> Result<T, HttpError> {
    if response.body.trim_ascii_start().first() != Some(&b'{') {
        let fault = HttpErrorKind::Json("the body is not an object".into());
        return Err(HttpError::new(response.url.as_str(), fault));
    }
    response.json()
}

impl PushlogPush {
    /// Transforms the push: the last 200 changesets, the last one is the head.
    pub(super) fn load(&self, id: &str) -> Result<LoadedPush, PushError> {
        let start = self.changesets.len().saturating_sub(MAX_CHANGESETS);
        let kept = self.changesets.get(start..).unwrap_or_default();
        let revisions = kept.iter().map(|changeset| changeset.load(id)).collect::<Result<Vec<_>, _>>()?;
        let Some(head) = revisions.last() else {
            return Err(PushError::NoCommits(format!("push {id} of the pushlog")));
        };
        let missing = |field: &str| PushError::missing(PLACE, &format!("pushes.{id}.{field}"));
        Ok(LoadedPush {
            revision: head.revision.clone(),
            push_timestamp: self.date.ok_or_else(|| missing("date"))?,
            author: self.user.clone().ok_or_else(|| missing("user"))?,
            revisions,
            branch: None,
        })
    }
}

impl Changeset {
    fn load(&self, push_id: &str) -> Result<Revision, PushError> {
        let text = |value: &Option<String>, field: &str| {
            value
                .clone()
                .ok_or_else(|| PushError::missing(PLACE, &format!("pushes.{push_id}.changesets.{field}")))
        };
        Ok(Revision {
            revision: text(&self.node, "node")?,
            author: text(&self.author, "author")?,
            comment: text(&self.desc, "desc")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn push(changesets: usize) -> PushlogPush {
        let changesets: Vec<_> = (0..changesets)
            .map(|number| json!({"node": format!("n{number}"), "author": "A <a@b>", "desc": "d"}))
            .collect();
        serde_json::from_value(json!({"date": 5, "user": "u", "changesets": changesets})).unwrap()
    }

    #[test]
    fn keeps_the_last_200_changesets() {
        let loaded = push(250).load("1").unwrap();
        assert_eq!(loaded.revisions.len(), 200);
        assert_eq!(loaded.revisions[0].revision, "n50");
        assert_eq!(loaded.revision, "n249");
        assert_eq!(push(1).load("1").unwrap().revisions.len(), 1);
    }

    #[test]
    fn empty_and_incomplete_pushes_are_permanent_errors() {
        let error = push(0).load("7").unwrap_err();
        assert_eq!(error.to_string(), "push 7 of the pushlog has no commits");
        assert!(error.is_permanent());
        let incomplete: PushlogPush =
            serde_json::from_value(json!({"date": 5, "user": "u", "changesets": [{"node": "n"}]})).unwrap();
        let error = incomplete.load("7").unwrap_err();
        assert_eq!(error.to_string(), "field pushes.7.changesets.author of the pushlog is missing");
        assert!(error.is_permanent());
    }

    #[test]
    fn pushes_are_an_object_or_an_empty_list() {
        let pushes = |text: &str| serde_json::from_str::<Pushlog>(text).map(|pushlog| pushlog.pushes.0.len());
        assert_eq!(pushes(r#"{"lastpushid": 1, "pushes": []}"#).unwrap(), 0);
        assert_eq!(pushes(r#"{"lastpushid": 1, "pushes": {}}"#).unwrap(), 0);
        assert_eq!(pushes(r#"{"pushes": {"9": {}, "10": {"changesets": []}}}"#).unwrap(), 2);
        for text in [r#"{"lastpushid": 1}"#, r#"{"pushes": [1]}"#, r#"{"pushes": "x"}"#, "7"] {
            assert!(pushes(text).is_err(), "{text}");
        }
    }
}
