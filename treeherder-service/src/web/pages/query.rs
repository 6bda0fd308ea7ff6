//! The parameters of a page's URL: read, changed and written back.

use url::form_urlencoded;

/// The parameters of a URL in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Takes the decoded pairs; the old prefix `filter-` is taken off their names.
    pub(super) fn new(pairs: Vec<(String, String)>) -> Self {
        let plain = |(name, value): (String, String)| match name.strip_prefix("filter-") {
            Some(rest) => (rest.to_owned(), value),
            None => (name, value),
        };
        Self(pairs.into_iter().map(plain).collect())
    }

    /// Returns the last value of a parameter, if it is not blank.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let values = self.0.iter().rev().filter(|(known, _)| known == name);
        values.map(|(_, value)| value.trim()).find(|value| !value.is_empty())
    }

    /// Returns all values of a parameter, in lower case: repeated, or with commas or blanks between them.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let values = self.0.iter().filter(|(known, _)| known == name);
        let parts = values.flat_map(|(_, value)| value.split([',', ' ']));
        parts.filter(|part| !part.is_empty()).map(str::to_lowercase).collect()
    }

    /// Returns the parameters with one of them replaced, in the form of a URL from its question mark on.
    pub(super) fn with(&self, name: &str, value: &str) -> String {
        let mut pairs = self.clone();
        pairs.0.retain(|(known, _)| known != name);
        pairs.0.push((name.to_owned(), value.to_owned()));
        pairs.text()
    }

    /// Returns the parameters with one of them under another name, and with another value.
    pub(super) fn renamed(&self, name: &str, new: &str, value: &str) -> String {
        let mut pairs = self.clone();
        pairs.0.retain(|(known, _)| known != name);
        pairs.with(new, value)
    }

    /// Returns the parameters without some of them, in the form of a URL from its question mark on.
    pub(super) fn without(&self, names: &[&str]) -> String {
        let mut pairs = self.clone();
        pairs.0.retain(|(known, _)| !names.contains(&known.as_str()));
        pairs.text()
    }

    /// Returns the parameters in the form of a URL, from its question mark on.
    pub(super) fn text(&self) -> String {
        let pairs = self.0.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        format!("?{}", pairs.collect::<Vec<_>>().join("&"))
    }

    /// Returns the pairs.
    pub(super) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }
}

/// Encodes a text as a part of a URL; commas stay, for the sake of lists in URLs that people read.
pub(super) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace("%2C", ",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> Query {
        Query::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn lists_have_all_the_forms_that_old_links_have() {
        let query = query(&[
            ("filter-tier", "1,2"),
            ("tier", "3"),
            ("resultStatus", "Busted  success"),
            ("repo", ""),
        ]);
        assert_eq!(query.list("tier"), ["1", "2", "3"]);
        assert_eq!(query.list("resultStatus"), ["busted", "success"]);
        assert_eq!(query.get("tier"), Some("3"));
        assert_eq!(query.get("repo"), None);
    }

    #[test]
    fn changes_keep_the_other_parameters_and_encode_values() {
        let query = query(&[("repo", "try"), ("searchStr", "a b&c")]);
        assert_eq!(query.with("repo", "autoland"), "?searchStr=a+b%26c&repo=autoland");
        assert_eq!(query.without(&["searchStr"]), "?repo=try");
    }
}
