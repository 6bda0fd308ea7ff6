//! The `Link` header of paged answers (RFC 8288).

/// Finds the target of `rel="next"` in the value of a `Link` header.
#[must_use]
pub fn next_page(link: &str) -> Option<&str> {
    let mut rest = link;
    while let Some(start) = rest.find('<') {
        let after = &rest[start + 1..];
        let end = after.find('>')?;
        let target = &after[..end];
        let parameters = &after[end + 1..];
        // The parameters end where the next target begins; a comma inside a quoted value does no harm to that.
        let parameters_end =
            parameters.find(",<").or_else(|| parameters.find(", <")).unwrap_or(parameters.len());
        if parameters[..parameters_end].split(';').any(is_next) {
            return Some(target);
        }
        rest = &parameters[parameters_end..];
    }
    None
}

fn is_next(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let value = value.trim().trim_matches('"');
    name.trim().eq_ignore_ascii_case("rel")
        && value.split_ascii_whitespace().any(|relation| relation.eq_ignore_ascii_case("next"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_next_page() {
        let table = [
            (
                r#"<https://a/?page=2>; rel="next", <https://a/?page=9>; rel="last""#,
                Some("https://a/?page=2"),
            ),
            (r#"<https://a/?page=1>; rel="prev",<https://a/?page=3>; rel=next"#, Some("https://a/?page=3")),
            (r#"<https://a/?x=1,2>; title="a, b"; rel="last next""#, Some("https://a/?x=1,2")),
            (r#"<https://a/?page=1>; rel="first", <https://a/?page=1>; rel="prev""#, None),
            ("<https://a", None),
            ("", None),
        ];
        for (header, expected) in table {
            assert_eq!(next_page(header), expected, "{header}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_header_is_survived(header in "[<>;,= \"a-zé]{0,40}", tail in "(rel=next)?") {
            let header = format!("{header}{tail}");
            if let Some(target) = next_page(&header) {
                let bracketed = format!("<{target}>");
                proptest::prop_assert!(header.contains(&bracketed));
            }
        }
    }
}
