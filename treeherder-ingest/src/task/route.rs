//! The route that tells Treeherder where a task belongs (`spec/ingest.md` §4.3).

/// First word of the routes that are for Treeherder.
pub const ROUTE_PREFIX: &str = "tc-treeherder";

/// Lists the routes whose first word is exactly `prefix`.
pub fn candidates<'routes>(
    routes: &'routes [String],
    prefix: &'routes str,
) -> impl Iterator<Item = &'routes str> {
    routes.iter().map(String::as_str).filter(move |route| route.split('.').next() == Some(prefix))
}

/// Where a task belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Repository as Treeherder knows it.
    pub project: String,
    /// Commit id.
    pub revision: String,
    /// Push log id or pull request number, 0 when the route has none.
    pub id: i64,
}

/// Says why a route for Treeherder cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// Project or revision is missing.
    #[error("route {route:?} has {words} words, at least prefix.version.project.revision are needed")]
    TooShort {
        /// The route.
        route: String,
        /// How many words it has.
        words: usize,
    },
    /// The fifth word is no number.
    #[error("route {route:?}: {id:?} is not a push log id or pull request number")]
    BadId {
        /// The route.
        route: String,
        /// The fifth word.
        id: String,
    },
}

impl Route {
    /// Parses `<prefix>.<version>.[<owner>/]<project>.<revision>[.<id>]`.
    ///
    /// With more than five words the rest is ignored, the id included.
    ///
    /// # Errors
    /// [`RouteError`] when words are missing or the id is no number.
    pub fn parse(route: &str) -> Result<Self, RouteError> {
        let words: Vec<&str> = route.split('.').collect();
        let [_prefix, _version, project, revision, rest @ ..] = words.as_slice() else {
            return Err(RouteError::TooShort { route: route.to_owned(), words: words.len() });
        };
        // With more than one slash the word is not owner and project, but used whole.
        let project = match project.split_once('/') {
            Some((_owner, name)) if !name.contains('/') => name,
            _ => project,
        };
        let id = match rest {
            [id] => id
                .trim()
                .parse()
                .map_err(|_| RouteError::BadId { route: route.to_owned(), id: (*id).to_owned() })?,
            _ => 0,
        };
        Ok(Self { project: project.to_owned(), revision: (*revision).to_owned(), id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_read_as_specified() {
        let table = [
            ("tc-treeherder.v2.autoland.abc", ("autoland", "abc", 0)),
            ("tc-treeherder.v2.autoland.abc.96861", ("autoland", "abc", 96_861)),
            ("tc-treeherder.v9.try.abc.1", ("try", "abc", 1)),
            ("tc-treeherder.v2.mozilla-mobile/fenix.abc.12", ("fenix", "abc", 12)),
            ("tc-treeherder.v2._/fenix.abc", ("fenix", "abc", 0)),
            ("tc-treeherder.v2.a/b/c.abc", ("a/b/c", "abc", 0)),
            ("tc-treeherder.v2.try.abc.1.2", ("try", "abc", 0)),
            ("tc-treeherder.v2.try.abc.x.y", ("try", "abc", 0)),
            ("tc-treeherder.v2.try.abc.-3", ("try", "abc", -3)),
        ];
        for (text, (project, revision, id)) in table {
            let expected = Route { project: project.to_owned(), revision: revision.to_owned(), id };
            assert_eq!(Route::parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn bad_routes_are_named() {
        let short = Route::parse("tc-treeherder.v2.try").unwrap_err();
        assert!(short.to_string().contains("\"tc-treeherder.v2.try\" has 3 words"), "{short}");
        for id in ["abc", "", "12ab", "99999999999999999999"] {
            let route = format!("tc-treeherder.v2.try.abc.{id}");
            let error = Route::parse(&route).unwrap_err();
            assert_eq!(error, RouteError::BadId { route, id: id.to_owned() });
        }
    }

    #[test]
    fn only_the_exact_prefix_is_a_candidate() {
        let routes =
            ["tc-treeherder-stage.v2.a.b", "tc-treeherder", "index.tc-treeherder.v2", "tc-treeherder.v2.a.b"];
        let routes = routes.map(str::to_owned);
        let found: Vec<&str> = candidates(&routes, ROUTE_PREFIX).collect();
        assert_eq!(found, ["tc-treeherder", "tc-treeherder.v2.a.b"]);
    }
}
