//! Identifiers of jobs: guid, slug, UUID and the option collection hash (`spec/ingest.md` §4.6, §4.8, §4.9.3).

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha1::{Digest, Sha1};
use uuid::Uuid;

/// Slugs carry no padding; spare bits of the last character are ignored as Taskcluster's own decoders do.
const SLUG: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// Says that a task id is not the slug of a UUID.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("task id {0:?} is not a slug: 22 characters of URL-safe base64")]
pub struct BadSlug(pub String);

/// Decodes a slug (22 characters of URL-safe base64 without padding) to its UUID.
///
/// # Errors
/// [`BadSlug`] when the text is not base64 of exactly 16 bytes.
pub fn slug_to_uuid(slug: &str) -> Result<Uuid, BadSlug> {
    let mut bytes = [0; 18]; // the decoder's estimate for 22 characters, rounded up to whole groups
    match SLUG.decode_slice(slug, &mut bytes) {
        Ok(16) => Uuid::from_slice(&bytes[..16]).map_err(|_| BadSlug(slug.to_owned())),
        _ => Err(BadSlug(slug.to_owned())),
    }
}

/// Encodes a UUID as slug.
pub fn uuid_to_slug(uuid: Uuid) -> String {
    SLUG.encode(uuid.as_bytes())
}

/// Builds the guid of a job, `<uuid>/<run id>`, from the slug of its task.
///
/// # Errors
/// [`BadSlug`] when the task id is no slug.
pub fn job_guid(task_id: &str, run_id: u32) -> Result<String, BadSlug> {
    Ok(format!("{}/{run_id}", slug_to_uuid(task_id)?.hyphenated()))
}

/// Splits a guid of the form `<uuid>/<run id>` into the task's slug and the run id.
///
/// Guids of other forms, which only jobs of other build systems have, give `None`.
pub fn task_of_guid(guid: &str) -> Option<(String, i64)> {
    let (uuid, run_id) = guid.split_once('/')?;
    let uuid = Uuid::parse_str(uuid).ok()?;
    Some((uuid_to_slug(uuid), run_id.parse().ok()?))
}

/// Computes the hash that names a set of options: SHA-1 of the sorted names without separator (§4.9.3).
pub fn option_collection_hash<'names>(names: impl IntoIterator<Item = &'names str>) -> String {
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_unstable();
    let mut hasher = Sha1::new();
    for name in names {
        hasher.update(name);
    }
    format!("{:x}", hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_and_uuids_convert_both_ways() {
        for (slug, uuid) in [
            ("A35mWTRuQmyj88yMnIF0fA", "037e6659-346e-426c-a3f3-cc8c9c81747c"),
            ("5UMTRzgESFG3Bn8kCBwxxQ", "e5431347-3804-4851-b706-7f24081c31c5"),
            ("AI3Nrr3gSDSpZ9E9aBA3rg", "008dcdae-bde0-4834-a967-d13d681037ae"),
        ] {
            let decoded = slug_to_uuid(slug).unwrap();
            assert_eq!(decoded.to_string(), uuid);
            assert_eq!(uuid_to_slug(decoded), slug);
        }
    }

    #[test]
    fn what_is_no_slug_is_refused_by_name() {
        for bad in [
            "",
            "A35mWTRuQmyj88yMnIF0f",
            "A35mWTRuQmyj88yMnIF0fAA",
            "A35mWTRuQmyj88yMnIF0f/",
            "A35mWTRuQmyj88yMnIF0fA==",
        ] {
            assert_eq!(slug_to_uuid(bad), Err(BadSlug(bad.to_owned())));
        }
        assert!(slug_to_uuid(&"A".repeat(1000)).is_err());
    }

    #[test]
    fn guids_carry_task_and_run() {
        let guid = job_guid("A35mWTRuQmyj88yMnIF0fA", 3).unwrap();
        assert_eq!(guid, "037e6659-346e-426c-a3f3-cc8c9c81747c/3");
        assert_eq!(task_of_guid(&guid), Some(("A35mWTRuQmyj88yMnIF0fA".to_owned(), 3)));
        for other in [
            "",
            "abc",
            "abc/0",
            "037e6659-346e-426c-a3f3-cc8c9c81747c",
            "037e6659-346e-426c-a3f3-cc8c9c81747c/x",
        ] {
            assert_eq!(task_of_guid(other), None, "{other}");
        }
    }

    #[test]
    fn option_hash_is_that_of_the_sorted_names() {
        assert_eq!(option_collection_hash(["debug"]), "32faaecac742100f7753f0c1d0aa0add01b4046b");
        assert_eq!(option_collection_hash(["opt", "asan"]), option_collection_hash(["asan", "opt"]));
        assert_eq!(option_collection_hash(["asan", "opt"]), option_collection_hash(["asanopt"]));
    }

    proptest::proptest! {
        #[test]
        fn every_uuid_survives_the_way_through_its_slug(bytes: [u8; 16]) {
            let uuid = Uuid::from_bytes(bytes);
            let slug = uuid_to_slug(uuid);
            proptest::prop_assert_eq!(slug.len(), 22);
            proptest::prop_assert_eq!(slug_to_uuid(&slug), Ok(uuid));
            let guid = job_guid(&slug, 7).unwrap();
            proptest::prop_assert_eq!(task_of_guid(&guid), Some((slug, 7)));
        }

        #[test]
        fn no_text_breaks_the_decoder(text: String) {
            if let Ok(uuid) = slug_to_uuid(&text) {
                proptest::prop_assert_eq!(uuid_to_slug(uuid).len(), text.len());
            }
        }
    }
}
