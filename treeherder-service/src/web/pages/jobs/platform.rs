//! Names and order of platforms for people: `windows11-64-24h2` is `Windows 11 24H2` (§11.3).
//!
//! The names are put together from their parts rather than listed, so that a new version of a system needs no change here.

/// A platform as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::web::pages) struct Platform {
    /// Name for people; the raw one when nothing is known about it.
    pub(in crate::web::pages) title: String,
    /// Place among the others; unknown platforms come first.
    pub(in crate::web::pages) order: i32,
    /// Whether the option (`opt`, `debug`) says nothing here.
    pub(in crate::web::pages) without_option: bool,
}

/// Platforms that are no systems, in the order in which they come after those.
const OTHERS: [(&str, &str); 12] = [
    ("gecko-decision", "Gecko Decision Task"),
    ("lint", "Linting"),
    ("doc", "Documentation"),
    ("diff", "Differences"),
    ("taskcluster-images", "Docker Images"),
    ("packages", "Packages"),
    ("toolchains", "Toolchains"),
    ("firefox-release", "Firefox Release"),
    ("devedition-release", "DevEdition Release"),
    ("fennec-beta", "Fennec Beta"),
    ("fennec-release", "Fennec Release"),
    ("thunderbird-release", "Thunderbird Release"),
];

/// Systems by the letters that their platforms begin with.
const SYSTEMS: [(&str, &str); 8] = [
    ("linux", "Linux"),
    ("osx", "macOS"),
    ("macosx", "macOS"),
    ("windows", "Windows"),
    ("win", "Windows"),
    ("android", "Android"),
    ("ios", "iOS"),
    ("b2g", "B2G"),
];

/// Options in their order; another one comes after them.
const OPTIONS: [&str; 9] =
    ["opt", "pgo", "asan", "tsan", "debug", "cc", "addon", "all", "debug-isolated-process"];

/// Room for the platforms of one system.
const SYSTEM_SPAN: i32 = 100_000;

/// Describes a platform.
pub(in crate::web::pages) fn describe(platform: &str) -> Platform {
    if let Some(place) = OTHERS.iter().position(|(name, _)| *name == platform) {
        let order = SYSTEM_SPAN * (SYSTEMS.len() + 1) as i32 + place as i32;
        return Platform { title: OTHERS[place].1.to_owned(), order, without_option: true };
    }
    system(platform).unwrap_or_else(|| Platform {
        title: platform.to_owned(),
        order: -1,
        without_option: false,
    })
}

/// Returns the place of a row: that of the platform, then that of the option.
pub(in crate::web::pages) fn row_order(platform: &Platform, option: &str) -> i32 {
    let place = OPTIONS.iter().position(|known| *known == option).unwrap_or(OPTIONS.len());
    platform.order * 100 + 1 + place as i32
}

fn system(platform: &str) -> Option<Platform> {
    let mut parts = platform.split('-');
    let first = parts.next()?;
    let letters = first.find(|c: char| c.is_ascii_digit()).unwrap_or(first.len());
    let (letters, digits) = first.split_at(letters);
    let place = SYSTEMS.iter().position(|(name, _)| *name == letters)?;
    let system = SYSTEMS[place].1;
    let mut title = vec![system.to_owned()];
    let mut rank = 0;
    if !digits.is_empty() {
        // `linux64` is a width, `linux1804` a version.
        if digits == "64" || digits == "32" {
            title.push(width(digits).to_owned());
        } else {
            let (version, value) = version(system, digits);
            title.push(version);
            rank = value;
        }
    }
    let rest: Vec<&str> = parts.collect();
    let mut next = 0;
    while let Some(part) = rest.get(next) {
        next += 1;
        // `android-hw-p6-13-0-…`: two numbers are a version.
        if let (true, Some(minor)) = (is_number(part), rest.get(next).filter(|minor| is_number(minor)))
            && system == "Android"
        {
            title.insert(1, format!("{part}.{minor}"));
            rank = part.parse::<i32>().unwrap_or_default().min(99) * 10;
            next += 1;
        } else if let Some(word) = word(part, !digits.is_empty() && digits != "64") {
            title.push(word);
        }
    }
    let others = rest.len().min(9) as i32;
    let order = place as i32 * SYSTEM_SPAN + rank.clamp(0, 9_999) * 10 + others;
    Some(Platform { title: title.join(" "), order, without_option: false })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() < 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn width(digits: &str) -> &'static str {
    if digits == "32" { "x86" } else { "x64" }
}

/// Reads the digits after a system: `1804` is 18.04, `1015` is 10.15, `1500` is 15, `11` is 11.
fn version(system: &str, digits: &str) -> (String, i32) {
    let value = digits.parse::<i32>().unwrap_or_default();
    let text = match (system, digits.len()) {
        ("Linux", 4) => format!("{}.{}", &digits[..2], &digits[2..]),
        ("macOS", 4) => {
            let minor = digits[2..].trim_start_matches('0');
            if minor.is_empty() { digits[..2].to_owned() } else { format!("{}.{minor}", &digits[..2]) }
        }
        _ => digits.to_owned(),
    };
    (text, value)
}

/// Writes one further part of a platform's name; nothing for what goes without saying.
fn word(part: &str, versioned: bool) -> Option<String> {
    let word = match part {
        // With a version, 64 bits and WebRender are what is meant.
        "64" if versioned => return None,
        "qr" | "hw" | "em" => return None,
        "64" | "32" => width(part),
        "aarch64" => "AArch64",
        "x86_64" => "x86-64",
        "shippable" => "Shippable",
        "asan" => "ASan",
        "tsan" => "TSan",
        "ccov" => "CCov",
        "cross" => "Cross Compiled",
        "mingw32" => "MinGW",
        "noopt" => "NoOpt",
        "devedition" => "DevEdition",
        "nightlyasrelease" => "Nightly as Release",
        "wayland" => "Wayland",
        "snap" => "Snap",
        "rusttests" => "Rust Tests",
        other if other.as_bytes().first().is_some_and(u8::is_ascii_digit) => {
            return Some(other.to_ascii_uppercase());
        }
        other => {
            let mut letters = other.chars();
            let first = letters.next()?;
            return Some(first.to_uppercase().chain(letters).collect());
        }
    };
    Some(word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_have_names_for_people() {
        for (platform, title) in [
            ("linux1804-64-qr", "Linux 18.04"),
            ("linux2404-64-shippable", "Linux 24.04 Shippable"),
            ("linux64", "Linux x64"),
            ("linux32-shippable", "Linux x86 Shippable"),
            ("windows11-64-24h2", "Windows 11 24H2"),
            ("windows11-32-24h2-shippable", "Windows 11 x86 24H2 Shippable"),
            ("windows2012-64", "Windows 2012"),
            ("macosx1015-64-qr", "macOS 10.15"),
            ("macosx1500-aarch64", "macOS 15 AArch64"),
            ("osx-cross", "macOS Cross Compiled"),
            ("android-hw-p6-13-0-aarch64", "Android 13.0 P6 AArch64"),
            ("android-em-7-0-x86_64-lite", "Android 7.0 x86-64 Lite"),
            ("lint", "Linting"),
            ("something-else", "something-else"),
        ] {
            assert_eq!(describe(platform).title, title, "{platform}");
        }
    }

    #[test]
    fn rows_are_ordered_by_system_then_version_then_option() {
        let order = |platform: &str, option: &str| row_order(&describe(platform), option);
        let rows = [
            order("unheard-of", "opt"),
            order("linux64", "opt"),
            order("linux1804-64-qr", "opt"),
            order("linux2404-64", "opt"),
            order("linux2404-64", "debug"),
            order("linux2404-64", "fuzzing"),
            order("osx-cross", "opt"),
            order("macosx1500-aarch64", "debug"),
            order("windows11-64-24h2", "opt"),
            order("android-5-0-aarch64", "opt"),
            order("gecko-decision", "opt"),
            order("lint", "opt"),
        ];
        assert!(rows.is_sorted_by(|a, b| a < b), "{rows:?}");
    }
}
