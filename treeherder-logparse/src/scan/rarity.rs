//! How often a short text is to be expected in CI logs: an estimate that only speed depends on.

/// Words that are on almost every line of some log: windows inside them are poor.
const COMMON: &[u8] = b"TEST-PASS | TEST-START TEST-INFO  INFO -  [task 20 WARNING DEBUG ERROR -  error Error: test/ \
    warning failed .cpp .html .js http:// https:// /builds/ source/ obj-firefox/ checking for Compiling passed \
    took ms assert gmake: make[ line file  true false null Finished running running";

/// How much more often a window inside a common word turns up than its bytes suggest.
const COMMON_FACTOR: f64 = 200.0;

/// Estimated share of a byte among all bytes of logs, in units of 1/10,000.
const fn weight(byte: u8) -> u32 {
    match byte {
        b' ' => 1100,
        b'e' | b't' => 500,
        b's' | b'i' | b'o' | b'r' | b'n' | b'a' => 380,
        b'c' | b'l' | b'd' | b'm' | b'p' | b'u' => 200,
        b'0'..=b'3' => 230,
        b'4'..=b'9' => 150,
        b'/' | b'-' | b'.' => 220,
        b':' | b'_' => 150,
        b'h' | b'b' | b'f' | b'g' | b'w' | b'v' | b'k' | b'x' => 100,
        b'y' | b'j' | b'z' | b'q' => 40,
        b'T' | b'S' | b'I' | b'N' | b'O' | b'F' | b'E' | b'A' | b'P' => 60,
        b'A'..=b'Z' => 25,
        b'|' | b'[' | b']' | b'"' | b',' | b'=' => 60,
        b'(' | b')' | b'\'' | b'<' | b'>' => 30,
        b'!' | b'#' | b'$' | b'%' | b'&' | b'*' | b'+' | b';' | b'?' | b'@' | b'\\' | b'^' | b'`' | b'{'
        | b'}' | b'~' => 8,
        b'\t' => 10,
        _ => 3,
    }
}

/// Returns the estimated share of `byte` among the bytes of logs.
pub(super) fn byte_share(byte: u8) -> f64 {
    f64::from(weight(byte)) / 10_000.0
}

/// Returns the estimated share of positions at which `window` stands.
pub(crate) fn rarity(window: &[u8]) -> f64 {
    let product: f64 = window.iter().map(|byte| byte_share(*byte)).product();
    let common = COMMON.windows(window.len()).any(|common| common == window);
    if common { product * COMMON_FACTOR } else { product }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefers_what_is_rare_in_logs() {
        assert!(rarity(b"NEX") < rarity(b"TES"));
        assert!(rarity(b"***") < rarity(b"mak"));
        assert!(rarity(b"H M") < rarity(b"tas"));
    }
}
